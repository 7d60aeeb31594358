//! Measures what it costs a server to open and close a WebSocket without a message: connect, upgrade, close.

use std::{
    io::{Read as _, Write as _},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{client::Client, handshake::Handshake, process, target::Target};
use clap::Parser;
use testkit::{
    Usage,
    frame::{CLOSE, FIN},
    handshake::Compression,
};

/// Measures the processor time that handshakes cost an echo server of this machine.
#[derive(Debug, Parser)]
struct Arguments {
    /// The server, such as ws://127.0.0.1:12345/echo; only of this machine
    target: Target,

    /// The server's process [default: the one that listens there]
    #[arg(long, value_name = "ID")]
    pid: Option<u32>,

    /// How many handshakes count
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    count: u32,

    /// How many are under way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1000))]
    at_once: u32,

    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// One warm-up handshake for each this many measured ones.
const WARM_UP: u32 = 10;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let process = arguments.pid.map_or_else(|| process::listening_on(arguments.target.port), Ok)?;
    for _ in 0..arguments.count.div_ceil(WARM_UP * arguments.at_once) {
        come_and_go(&arguments)?;
    }
    let before = Usage::of(process)?.processor;
    let start = Instant::now();
    let rounds = arguments.count.div_ceil(arguments.at_once);
    for round in 0..rounds {
        come_and_go(&arguments).with_context(|| format!("after {} handshakes", round * arguments.at_once))?;
    }
    let time = start.elapsed();
    let processor = Usage::of(process)?.processor.saturating_sub(before);
    report(&arguments, rounds * arguments.at_once, time, processor);
    Ok(())
}

/// Opens and closes as many as may be under way at once, each step with all of them.
fn come_and_go(arguments: &Arguments) -> Result<()> {
    let begin = |_| Handshake::begin(&arguments.target, Compression::Off);
    let begun: Vec<Handshake> = (0..arguments.at_once).map(begin).collect::<Result<_>>()?;
    let mut open: Vec<_> = begun.into_iter().map(Handshake::complete).collect::<Result<_>>()?;
    let mut client = Client::default();
    client.queue_close();
    for (stream, _) in &mut open {
        stream.write_all(&client.output).context("cannot write a close frame")?;
    }
    for (mut stream, _) in open {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).context("the server does not hang up after a close frame")?;
        ensure!(answer.first() == Some(&(FIN | CLOSE)), "the close is answered with '{}'", answer.escape_ascii());
    }
    Ok(())
}

fn report(arguments: &Arguments, count: u32, time: Duration, processor: Duration) {
    let each = processor.as_secs_f64() * 1e6 / f64::from(count);
    let seconds = time.as_secs_f64();
    if arguments.json {
        println!("{{\"handshakes\": {count}, \"seconds\": {seconds}, \"server_us_per_handshake\": {each}}}");
    } else {
        println!("{count} handshakes in {seconds:.2} s, {} at once: server {each:.1} µs each", arguments.at_once);
    }
}
