//! Load of one thread on one server: many connections, polled, and every reply's latency. A message is sent when a reply has
//! made room for it (closed loop) or when its time has come (open loop).

use std::{
    io,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use hdrhistogram::Histogram;
use mio::{Events, Interest, Poll, Token};
use testkit::{Usage, handshake::Compression};

use crate::{answers::Expected, connection::Connection, target::Target};

/// A load on a server.
#[derive(Debug)]
pub struct Plan {
    /// The server.
    pub target: Target,
    /// Its processes.
    pub processes: Vec<u32>,
    /// How many connections are opened.
    pub connections: usize,
    /// How many of them send; the others stay idle.
    pub active: usize,
    /// Most messages of a connection that wait for their answers.
    pub in_flight: u64,
    /// Whether compression is offered.
    pub compression: Compression,
    /// When messages are sent.
    pub pace: Pace,
    /// The messages, and the answers to expect.
    pub expected: Expected,
    /// Warm-up time.
    pub warm_up: Duration,
    /// Measured time, unless `most` messages end it earlier.
    pub length: Duration,
    /// Maximum number of measured messages.
    pub most: u64,
}

/// When messages are sent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// Each when an answer has made room for it.
    Closed,
    /// Messages per second on all connections together, each at its own time; its latency counts from then, even where it
    /// had to wait for the server before it could be sent.
    Open(f64),
}

/// The outcome of a [`Plan`].
#[derive(Debug)]
pub struct Outcome {
    /// Answers that count.
    pub messages: u64,
    /// The time in which they came.
    pub time: Duration,
    /// From each message's time to its answer, in nanoseconds.
    pub latency: Histogram<u64>,
    /// What the server used.
    pub server: ServerUsage,
}

/// What a server used.
#[derive(Debug)]
pub struct ServerUsage {
    /// Before it was connected to.
    pub idle: Usage,
    /// When counting began.
    pub before: Usage,
    /// When counting ended.
    pub after: Usage,
}

impl ServerUsage {
    /// Processor time while messages were counted.
    pub fn processor(&self) -> Duration {
        self.after.processor.saturating_sub(self.before.processor)
    }
}

/// How long nothing may come from a server that has messages to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest poll, so that a server that hangs is noticed.
const MAX_POLL: Duration = Duration::from_secs(1);

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// Three significant digits, from a microsecond to a minute.
fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1_000, 60_000_000_000, 3)?)
}

/// Carries out the plan.
pub fn run(plan: &Plan) -> Result<Outcome> {
    let usage = || plan.processes.iter().map(|process| Usage::of(*process)).sum::<Result<Usage>>();
    let idle = usage()?;
    let mut load = Load::open(plan)?;
    load.start()?;
    load.until(|load| load.start.elapsed() >= plan.warm_up)?;
    load.latency.reset();
    load.counted = 0;
    let before = usage()?;
    let begin = Instant::now();
    load.until(|load| load.counted >= plan.most || begin.elapsed() >= plan.length)?;
    let time = begin.elapsed();
    let after = usage()?;
    let messages = load.counted;
    let latency = load.latency.clone();
    load.finish()?;
    Ok(Outcome { messages, time, latency, server: ServerUsage { idle, before, after } })
}

struct Load<'a> {
    plan: &'a Plan,
    poll: Poll,
    connections: Vec<Connection>,
    /// When the first message may be sent.
    start: Instant,
    /// Messages whose time has come, in an open loop.
    due: u64,
    /// Messages that wait for their answers.
    waiting: u64,
    /// Answers that count.
    counted: u64,
    latency: Histogram<u64>,
    buffer: Vec<u8>,
}

impl<'a> Load<'a> {
    fn open(plan: &'a Plan) -> Result<Self> {
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(plan.connections);
        for index in 0..plan.connections {
            let offset = index as u64 * plan.in_flight;
            let opened = Connection::open(&plan.target, offset, plan.compression, &plan.expected);
            let mut connection = opened.with_context(|| format!("connection {index}"))?;
            // An event comes when something changes: a socket that can be written to all the time makes none.
            poll.registry().register(connection.socket(), Token(index), Interest::READABLE | Interest::WRITABLE)?;
            connections.push(connection);
        }
        Ok(Self {
            plan,
            poll,
            connections,
            start: Instant::now(),
            due: 0,
            waiting: 0,
            counted: 0,
            latency: latencies()?,
            buffer: vec![0; BUFFER],
        })
    }

    /// Starts sending.
    fn start(&mut self) -> Result<()> {
        self.start = Instant::now();
        if self.plan.pace == Pace::Closed {
            for index in 0..self.plan.active {
                self.connections[index].want(u64::MAX);
                self.send(index)?;
            }
        }
        Ok(())
    }

    /// Sends and reads until the plan is fulfilled.
    fn until(&mut self, is_enough: impl Fn(&Self) -> bool) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut last = (self.counted, Instant::now());
        while !is_enough(self) {
            let pause = self.send_what_is_due()?;
            match self.poll.poll(&mut events, Some(pause)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                let Token(index) = event.token();
                if event.is_writable() {
                    self.connections[index].writable();
                }
                self.exchange(index).with_context(|| format!("connection {index}"))?;
            }
            if last.0 != self.counted || self.waiting == 0 {
                last = (self.counted, Instant::now());
            } else if last.1.elapsed() > PATIENCE {
                bail!("{} messages wait, and nothing has come for {} s", self.waiting, PATIENCE.as_secs());
            }
        }
        Ok(())
    }

    /// Reads what came on a connection, and sends what there is room for now.
    fn exchange(&mut self, index: usize) -> Result<()> {
        // The clock is read once for all replies of one read.
        let mut now = None;
        let (start, latency) = (self.start, &mut self.latency);
        let mut answers = 0;
        self.connections[index].read(&self.plan.expected, &mut self.buffer, |since| {
            let now = *now.get_or_insert_with(|| start.elapsed());
            latency.saturating_record(now.saturating_sub(since).as_nanos() as u64);
            answers += 1;
        })?;
        self.waiting -= answers;
        self.counted += answers;
        self.send(index)
    }

    /// Sends what a connection may send.
    fn send(&mut self, index: usize) -> Result<()> {
        let plan = self.plan;
        let connection = &mut self.connections[index];
        self.waiting += match plan.pace {
            Pace::Closed => {
                let now = self.start.elapsed();
                connection.queue(plan.in_flight, |_| now)
            }
            Pace::Open(rate) => {
                let time = |number: u64| time_of(number * plan.active as u64 + index as u64, rate);
                connection.queue(plan.in_flight, time)
            }
        };
        connection.write(&plan.expected)
    }

    /// Sends the messages of an open loop whose time has come; the result is for how long nothing else is due.
    fn send_what_is_due(&mut self) -> Result<Duration> {
        let Pace::Open(rate) = self.plan.pace else { return Ok(MAX_POLL) };
        while time_of(self.due, rate) <= self.start.elapsed() {
            let index = (self.due % self.plan.active as u64) as usize;
            self.due += 1;
            self.connections[index].want(1);
            self.send(index)?;
        }
        let pause = time_of(self.due, rate).saturating_sub(self.start.elapsed()).min(MAX_POLL);
        // The system sleeps for whole milliseconds, and too long rather than too short; below that, it polls.
        Ok(Duration::from_millis(pause.as_millis() as u64))
    }

    /// Takes the answers that are still to come, and closes.
    fn finish(mut self) -> Result<()> {
        for connection in &mut self.connections {
            connection.want_no_more();
        }
        let mut events = Events::with_capacity(1024);
        let begin = Instant::now();
        while self.waiting > 0 {
            self.poll.poll(&mut events, Some(MAX_POLL))?;
            for event in &events {
                let Token(index) = event.token();
                self.connections[index].writable();
                self.exchange(index).with_context(|| format!("connection {index}"))?;
            }
            if begin.elapsed() > PATIENCE {
                bail!("{} messages are not answered", self.waiting);
            }
        }
        self.connections.into_iter().try_for_each(|connection| connection.close(&self.plan.expected))
    }
}

/// When a message of an open loop is to be sent.
fn time_of(number: u64, rate: f64) -> Duration {
    Duration::from_secs_f64(number as f64 / rate)
}
