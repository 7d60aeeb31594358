//! Measures the memory of idle connections: opened, and after one message. The server is started by the caller, so that
//! any server can be measured.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use anyhow::{Result, ensure};
use bench::{
    answers::{Answers, Check, Expected},
    client::Client,
    decoder::Event,
    handshake::Handshake,
    messages::{Kind, Messages},
    process,
    stream::Stream,
    target::Target,
};
use clap::Parser;
use testkit::{Usage, handshake::Compression};

/// Measures how much memory idle connections take in an echo server.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server, such as ws://127.0.0.1:12345/echo; only of this machine
    target: Target,

    /// The server's process [default: the one that listens there]
    #[arg(long, value_name = "ID")]
    pid: Option<u32>,

    /// How many connections are opened
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    connections: u32,

    /// Bytes of the message that each sends
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=1 << 20))]
    size: u32,

    /// Offer permessage-deflate, and send compressed messages
    #[arg(long)]
    deflate: bool,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Connections that are opened and used before measuring, so that one-time allocations of the server do not count.
const WARM_UP: u32 = 100;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    rlimit::increase_nofile_limit(u64::from(arguments.connections + WARM_UP) + 50)?;
    let compression = if arguments.deflate { Compression::Deflate } else { Compression::Off };
    let messages = Messages::prepare(Kind::Ascii, arguments.size as usize, 1, compression)?;
    let expected = Expected { messages, prefix: Vec::new(), check: Check::Lengths };
    let process = arguments.pid.map_or_else(|| process::listening_on(arguments.target.port), Ok)?;
    let resident = || Usage::of(process).map(|usage| usage.resident);
    let open = |count| (0..count).map(|_| Connection::open(&arguments.target, compression)).collect::<Result<Vec<_>>>();

    let mut warm = open(WARM_UP)?;
    warm.iter_mut().try_for_each(|connection| connection.echo(&expected))?;
    let before = resident()?;
    let mut connections = open(arguments.connections)?;
    let opened = resident()?;
    connections.iter_mut().try_for_each(|connection| connection.echo(&expected))?;
    let used = resident()?;

    let each = |resident: u64| resident.saturating_sub(before) * 1024 / u64::from(arguments.connections);
    let (opened, used) = (each(opened), each(used));
    if arguments.json {
        println!("{{\"connections\": {}, \"bytes_opened\": {opened}, \"bytes_used\": {used}}}", arguments.connections);
    } else {
        println!("{} connections: {opened} bytes resident each, {used} after a message", arguments.connections);
    }
    Ok(())
}

struct Connection {
    stream: Stream<TcpStream>,
    client: Client,
}

impl Connection {
    fn open(target: &Target, compression: Compression) -> Result<Self> {
        let (stream, early) = Handshake::begin(target, compression)?.complete()?;
        ensure!(early.is_empty(), "the server spoke before it was spoken to: '{}'", early.escape_ascii());
        Ok(Self { stream, client: Client::default() })
    }

    /// Sends the message and waits for its echo.
    fn echo(&mut self, expected: &Expected) -> Result<()> {
        self.stream.write_all(expected.messages.frames(0, 0))?;
        let mut answers = Answers::from(0, None);
        let mut buffer = [0; 4096];
        loop {
            let count = self.stream.read(&mut buffer)?;
            ensure!(count > 0, "the server hung up");
            let mut input = &buffer[..count];
            while let Some(event) = self.client.next_while_open(&mut input)? {
                if let Event::Data(piece) = event {
                    answers.take(expected, piece)?;
                    if piece.end {
                        return Ok(());
                    }
                }
            }
        }
    }
}
