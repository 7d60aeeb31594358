//! Measures what zlib-rs alone needs for the messages of `load --deflate`: it inflates and deflates each, as a server does,
//! either without pause or between the system calls of a server, which evict zlib's code from the cache. The time of those calls
//! is subtracted.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench::{
    deflate::{self, FLUSH},
    messages::{Kind, Messages},
};
use clap::Parser;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use testkit::{Usage, handshake};

/// Measures what zlib-rs alone needs for the messages of `load --deflate`.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many connections have a compressor and an inflater
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,

    /// Bytes of a message
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    size: u32,

    /// Window of the compressors, as the server has it
    #[arg(long, value_name = "BITS", default_value_t = 12, value_parser = clap::value_parser!(u8).range(9..=15))]
    window: u8,

    /// How long messages count
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,

    /// Have each message come and go through a socket; what that costs alone is measured, too, and taken off
    #[arg(long)]
    sockets: bool,
}

/// How many messages differ.
const MESSAGES: usize = 128;
/// Bytes that a socket has room for, whatever the system.
const MOST: usize = 64 << 10;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let size = arguments.size as usize;
    if arguments.sockets {
        ensure!(size <= MOST, "--sockets takes messages of {MOST} B at the most, for they wait in a socket whole");
        rlimit::increase_nofile_limit(2 * u64::from(arguments.connections) + 50)?;
    }
    let messages = Messages::prepare(Kind::Ascii, size, MESSAGES, handshake::Compression::Off)?;
    let inputs = (0..MESSAGES).map(|number| deflated(messages.payload(number as u64))).collect::<Result<_>>()?;
    let stream = |_| Stream::new(&arguments);
    let streams = (0..arguments.connections).map(stream).collect::<Result<_>>()?;
    let mut server = Server { size, inputs, streams, rooms: Default::default() };
    let time = Duration::from_secs(arguments.seconds);
    let zlib = if arguments.sockets {
        let (all, alone) = (server.measure(time, Work::All)?, server.measure(time, Work::Sockets)?);
        print!("{all:.2} µs each, of which the sockets {alone:.2}; ");
        all - alone
    } else {
        server.measure(time, Work::Zlib)?
    };
    println!("messages of {size} B: {zlib:.2} µs each");
    Ok(())
}

/// How a message is processed.
#[derive(Clone, Copy, PartialEq)]
enum Work {
    Zlib,
    Sockets,
    All,
}

/// All connections, and what they use in turn.
struct Server {
    size: usize,
    inputs: Vec<Vec<u8>>,
    streams: Vec<Stream>,
    /// For what came, the message in it, and what that is compressed to.
    rooms: [Vec<u8>; 3],
}

/// What a server keeps for a connection.
struct Stream {
    inflate: Decompress,
    deflate: Compress,
    /// The server's end, and the client's.
    sockets: Option<(TcpStream, TcpStream)>,
    /// Bytes of the last answer.
    answer: usize,
}

impl Server {
    /// Processor time of a message, in microseconds.
    fn measure(&mut self, time: Duration, work: Work) -> Result<f64> {
        // All memory is touched before it counts.
        self.turn_all(0, work)?;
        let (before, start, mut rounds) = (Usage::of(process::id())?.processor, Instant::now(), 0);
        while start.elapsed() < time {
            rounds += 1;
            self.turn_all(rounds, work)?;
        }
        let processor = Usage::of(process::id())?.processor.saturating_sub(before);
        Ok(processor.as_secs_f64() * 1e6 / (rounds * self.streams.len()) as f64)
    }

    /// A message on each connection: as under the load, each has another message each time, and not the same as its
    /// neighbours.
    fn turn_all(&mut self, round: usize, work: Work) -> Result<()> {
        let Self { size, inputs, streams, rooms: [came, message, output] } = self;
        let inputs = || inputs.iter().cycle().skip(round % MESSAGES);
        for (stream, input) in streams.iter_mut().zip(inputs()) {
            stream.ask(input, work)?;
        }
        for (stream, input) in streams.iter_mut().zip(inputs()) {
            came.resize(input.len(), 0);
            let input = stream.receive(input, came, work)?;
            let answer = if work == Work::Sockets { input } else { stream.turn(input, *size, message, output)? };
            stream.send(answer, work)?;
        }
        for stream in streams {
            came.resize(stream.answer, 0);
            stream.hear(came, work)?;
        }
        Ok(())
    }
}

impl Stream {
    fn new(arguments: &Arguments) -> Result<Self> {
        Ok(Self {
            inflate: Decompress::new(false),
            deflate: Compress::new_with_window_bits(Compression::fast(), false, arguments.window),
            sockets: arguments.sockets.then(pair).transpose()?,
            answer: 0,
        })
    }

    /// The sockets, if this work is done with them.
    fn sockets(&mut self, work: Work) -> Option<&mut (TcpStream, TcpStream)> {
        self.sockets.as_mut().filter(|_| work != Work::Zlib)
    }

    fn ask(&mut self, input: &[u8], work: Work) -> Result<()> {
        self.sockets(work).map_or(Ok(()), |(_, client)| Ok(client.write_all(input)?))
    }

    fn receive<'bytes>(&mut self, input: &'bytes [u8], room: &'bytes mut [u8], work: Work) -> Result<&'bytes [u8]> {
        let Some((server, _)) = self.sockets(work) else { return Ok(input) };
        server.read_exact(room)?;
        Ok(room)
    }

    /// Inflates a message, and deflates it again.
    fn turn<'output>(
        &mut self,
        input: &[u8],
        size: usize,
        message: &mut Vec<u8>,
        output: &'output mut Vec<u8>,
    ) -> Result<&'output [u8]> {
        for (room, needed) in [(&mut *message, size + 1), (&mut *output, size + size / 8 + 64)] {
            room.clear();
            room.reserve(needed);
        }
        self.inflate.decompress_vec(input, message, FlushDecompress::None)?;
        ensure!(message.len() == size, "{} bytes came of a message of {size}", message.len());
        self.deflate.compress_vec(message, output, FlushCompress::Sync)?;
        Ok(output)
    }

    fn send(&mut self, answer: &[u8], work: Work) -> Result<()> {
        self.answer = answer.len();
        self.sockets(work).map_or(Ok(()), |(server, _)| Ok(server.write_all(answer)?))
    }

    fn hear(&mut self, room: &mut [u8], work: Work) -> Result<()> {
        self.sockets(work).map_or(Ok(()), |(_, client)| Ok(client.read_exact(room)?))
    }
}

/// Two ends of a connection.
fn pair() -> Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let client = TcpStream::connect(listener.local_addr()?)?;
    let (server, _) = listener.accept()?;
    server.set_nodelay(true)?;
    client.set_nodelay(true)?;
    Ok((server, client))
}

/// A message as `load` compresses it, with the end that a server puts back.
fn deflated(message: &[u8]) -> Result<Vec<u8>> {
    let payload = deflate::compress(&mut Compress::new(Compression::default(), false), message)?;
    Ok([payload, FLUSH.to_vec()].concat())
}
