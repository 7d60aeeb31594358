//! Measures what a server sends to many, or by itself: a room of `/broadcast`, and `/stream`. Each message carries its
//! number, so that one that is lost, doubled or out of order ends the measurement with an error.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use bench::{client::Client, decoder::Event, handshake::Handshake, stream::Stream, target::Target};
use clap::Parser;
use hdrhistogram::Histogram;
use testkit::{
    frame::{FIN, TEXT},
    handshake::Compression,
};

/// Threads that read, each of them a share of the members.
const READERS: usize = 2;
/// Measures a room of /broadcast, or /stream.
#[derive(Debug, Parser)]
enum Arguments {
    /// Sends to a room, and checks that every member gets everything in order
    Room {
        /// The room, such as ws://127.0.0.1:12345/broadcast/bench; only of this machine
        target: Target,
        /// How many members read; one more never does
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=9_000))]
        members: u32,
        /// Messages a second that the members get together
        #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
        rate: u32,
        /// Bytes of a message
        #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(20..=65_536))]
        size: u32,
        /// Duration in seconds
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
    },
    /// Reads a stream to its end, and compares when its messages came with when they were due
    Stream {
        /// The server, such as ws://127.0.0.1:12345; only of this machine
        target: Target,
        /// Messages a second
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
        rate: u32,
        /// Duration in seconds
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=600))]
        seconds: u32,
    },
}

fn main() -> Result<()> {
    match Arguments::parse() {
        Arguments::Room { target, members, rate, size, seconds } => {
            rlimit::increase_nofile_limit(u64::from(members) + 50)?;
            let count = (u64::from(rate) * u64::from(seconds)).div_ceil(u64::from(members));
            let period = Duration::from_secs(seconds.into()).div_f64(count as f64);
            room(&target, members as usize, &Plan { count, period, size: size as usize })
        }
        Arguments::Stream { mut target, rate, seconds } => {
            let count = u64::from(rate) * u64::from(seconds);
            target.path = format!("/stream?rate={rate}&count={count}");
            stream(&target, &Plan { count, period: Duration::from_secs(1) / rate, size: 64 })
        }
    }
}

/// So many messages, one in each period.
struct Plan {
    count: u64,
    period: Duration,
    size: usize,
}

impl Plan {
    /// When a message is due, from the first.
    fn due(&self, number: u64) -> Duration {
        self.period.mul_f64(number as f64)
    }
}

fn room(target: &Target, members: usize, plan: &Plan) -> Result<()> {
    let _never_reads = Member::join(target)?;
    let readers = (0..members).map(|_| Member::join(target)).collect::<Result<Vec<_>>>()?;
    let mut sender = Member::join(target)?;
    let start = Instant::now();
    let mut readers = readers.into_iter();
    let share = members.div_ceil(READERS);
    let late = thread::scope(|scope| {
        let shares: Vec<Vec<Member>> = (0..READERS).map(|_| readers.by_ref().take(share).collect()).collect();
        let reading: Vec<_> =
            shares.into_iter().map(|members| scope.spawn(move || read_all(members, plan, start))).collect();
        for number in 0..plan.count {
            thread::sleep((start + plan.due(number)).saturating_duration_since(Instant::now()));
            sender.send(&message(number, plan.size))?;
            // It gets its own messages as well.
            sender.expect(number)?;
        }
        let mut all = histogram()?;
        for reader in reading {
            all.add(reader.join().map_err(|_| anyhow::anyhow!("a reader panicked"))??)?;
        }
        anyhow::Ok(all)
    })?;
    let took = start.elapsed();
    let delivered = plan.count * members as u64;
    println!(
        "{members} members got {} messages each: {delivered} in {:.2} s, {:.0} a second, none lost; after they were due: \
         {}; beside one that never reads",
        plan.count,
        took.as_secs_f64(),
        delivered as f64 / took.as_secs_f64(),
        percentiles(&late),
    );
    Ok(())
}

/// Reads each message from each member in turn: none gets far ahead of another.
fn read_all(mut members: Vec<Member>, plan: &Plan, start: Instant) -> Result<Histogram<u64>> {
    let mut late = histogram()?;
    for number in 0..plan.count {
        for member in &mut members {
            member.expect(number)?;
            late.record(micros(start.elapsed().saturating_sub(plan.due(number))))?;
        }
    }
    Ok(late)
}

fn stream(target: &Target, plan: &Plan) -> Result<()> {
    let mut member = Member::join(target)?;
    let mut late = histogram()?;
    let mut start = None;
    let mut last = Duration::ZERO;
    for number in 0..plan.count {
        member.expect_json(number + 1)?;
        let start = *start.get_or_insert_with(Instant::now);
        last = start.elapsed().saturating_sub(plan.due(number));
        late.record(micros(last))?;
    }
    println!(
        "{} messages in order, none lost; after they were due: {}, the last one {:.2} ms",
        plan.count,
        percentiles(&late),
        last.as_secs_f64() * 1e3
    );
    Ok(())
}

fn message(number: u64, size: usize) -> Vec<u8> {
    format!("{number:0size$}").into_bytes()
}

fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new(3)?)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// In milliseconds.
fn percentiles(late: &Histogram<u64>) -> String {
    let at = |quantile| late.value_at_quantile(quantile) as f64 / 1e3;
    format!("p50 {:.2} ms, p99 {:.2} ms, the latest {:.2} ms", at(0.5), at(0.99), late.max() as f64 / 1e3)
}

/// One WebSocket.
struct Member {
    stream: Stream<TcpStream>,
    client: Client,
    /// What was read and not looked at, from `start` on.
    input: Vec<u8>,
    start: usize,
}

impl Member {
    fn join(target: &Target) -> Result<Self> {
        let (stream, input) = Handshake::begin(target, Compression::Off)?.complete()?;
        Ok(Self { stream, client: Client::default(), input, start: 0 })
    }

    fn send(&mut self, payload: &[u8]) -> Result<()> {
        self.client.queue(FIN | TEXT, payload);
        self.answer()
    }

    /// Writes what is queued: messages, and pongs to the server's pings.
    fn answer(&mut self) -> Result<()> {
        self.stream.write_all(&self.client.output)?;
        self.client.output.clear();
        Ok(())
    }

    /// Waits for the message with that number in a room.
    fn expect(&mut self, number: u64) -> Result<()> {
        let payload = self.next()?;
        let text = str::from_utf8(&payload)?;
        let got: u64 = text.parse().with_context(|| format!("'{text}' is no number"))?;
        ensure!(got == number, "message {got} came where {number} was expected");
        Ok(())
    }

    /// Waits for the message with that number of a stream.
    fn expect_json(&mut self, number: u64) -> Result<()> {
        let payload = self.next()?;
        let expected = format!("{{\"n\":{number},");
        ensure!(payload.starts_with(expected.as_bytes()), "'{}' is not {expected}…", payload.escape_ascii());
        Ok(())
    }

    /// The next message.
    fn next(&mut self) -> Result<Vec<u8>> {
        let mut message = Vec::new();
        loop {
            let mut rest = &self.input[self.start..];
            while let Some(event) = self.client.next_while_open(&mut rest)? {
                let Event::Data(piece) = event else { continue };
                message.extend(piece.bytes);
                if piece.end {
                    self.start = self.input.len() - rest.len();
                    return Ok(message);
                }
            }
            self.answer()?;
            self.input.resize(64 << 10, 0);
            let count = self.stream.read(&mut self.input).context("nothing came")?;
            ensure!(count > 0, "the server hung up");
            self.input.truncate(count);
            self.start = 0;
        }
    }
}
