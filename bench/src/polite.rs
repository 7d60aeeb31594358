//! Well-behaved peers, timed while others flood the server: one echoes small messages one at a time, another asks `/healthz` on a new
//! connection each time.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;
use testkit::{
    frame::{FIN, TEXT, frame},
    handshake::{self, Compression},
};

use crate::{
    client::Client,
    decoder::{Event, Piece},
};

/// How long an answer may take before it counts as a failure.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time from one message of the polite peer to the next.
pub const ECHO_INTERVAL: Duration = Duration::from_millis(10);
/// Time from one request for `/healthz` to the next.
pub const HEALTH_INTERVAL: Duration = Duration::from_millis(20);

/// The message of the polite peer.
const MESSAGE: &[u8; 20] = b"a polite little text";

/// Latencies of the answers that a peer received.
#[derive(Debug)]
pub struct Timed {
    /// In microseconds.
    pub latencies: Histogram<u64>,
    /// Requests without an answer or with a wrong one.
    pub failures: u64,
    /// The first failure.
    pub first_failure: Option<String>,
}

impl Timed {
    fn new() -> Result<Self> {
        let most = 10 * PATIENCE.as_micros() as u64;
        Ok(Self { latencies: Histogram::new_with_max(most, 3)?, failures: 0, first_failure: None })
    }

    /// Sends requests at an interval until the time is over. Requests that a late answer has delayed count as late, too
    /// (`record_correct`): otherwise one answer after 5 s would be one slow sample beside hundreds of quick ones.
    pub fn repeat(interval: Duration, until: Instant, mut ask: impl FnMut() -> Result<()>) -> Result<Self> {
        let mut timed = Self::new()?;
        let mut due = Instant::now();
        while due < until {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            let asked = Instant::now();
            let outcome = ask();
            let took = asked.elapsed();
            let (micros, interval_micros) = (took.as_micros().max(1) as u64, interval.as_micros() as u64);
            timed.latencies.record_correct(micros.min(timed.latencies.high()), interval_micros)?;
            if let Err(error) = outcome {
                timed.failures += 1;
                timed.first_failure.get_or_insert_with(|| format!("{error:#}"));
            }
            due = (due + interval).max(Instant::now());
        }
        Ok(timed)
    }

    /// The latency quantile in milliseconds.
    pub fn milliseconds(&self, quantile: f64) -> f64 {
        self.latencies.value_at_quantile(quantile) as f64 / 1000.0
    }
}

/// Sends 20 bytes and waits for their echo, 100 times a second at the most.
pub fn time_echo(address: SocketAddr, until: Instant) -> Result<Timed> {
    let mut peer = Some(Peer::connect(address)?);
    Timed::repeat(ECHO_INTERVAL, until, || {
        let mut open = match peer.take() {
            Some(open) => open,
            None => Peer::connect(address)?,
        };
        open.echo()?;
        peer = Some(open);
        Ok(())
    })
}

/// Asks `/healthz` on a connection of its own each time, 50 times a second at the most.
pub fn time_health(address: SocketAddr, until: Instant) -> Result<Timed> {
    Timed::repeat(HEALTH_INTERVAL, until, || {
        let head = get(address, "/healthz")?;
        ensure!(head.starts_with("HTTP/1.1 200 "), "/healthz: {:?}", head.lines().next().unwrap_or_default());
        Ok(())
    })
}

/// What the server answers to a request for a path, head and body.
pub fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = connect(address)?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).with_context(|| format!("no answer to {path}"))?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// An open WebSocket that echoes.
struct Peer {
    stream: TcpStream,
    client: Client,
}

impl Peer {
    fn connect(address: SocketAddr) -> Result<Self> {
        let mut stream = connect(address)?;
        stream.write_all(handshake::request(&address.to_string(), "/echo", Compression::Off).as_bytes())?;
        let mut head = Vec::new();
        while handshake::head_length(&head).is_none() {
            let mut byte = [0];
            ensure!(stream.read(&mut byte)? == 1, "the server hung up during the handshake");
            head.extend(byte);
        }
        handshake::agreed(&head)?;
        Ok(Self { stream, client: Client::default() })
    }

    fn echo(&mut self) -> Result<()> {
        self.stream.write_all(&frame(FIN | TEXT, MESSAGE))?;
        let mut echoed = Vec::new();
        let mut buffer = [0; 256];
        loop {
            let count = self.stream.read(&mut buffer).context("no echo")?;
            ensure!(count > 0, "the server hung up");
            let mut input = &buffer[..count];
            while let Some(event) = self.client.next_while_open(&mut input)? {
                let Event::Data(Piece { bytes, end, .. }) = event else { continue };
                echoed.extend(bytes);
                if end {
                    ensure!(echoed == MESSAGE, "the echo is '{}'", echoed.escape_ascii());
                    return Ok(());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn one_long_wait_counts_for_all_that_was_not_asked_meanwhile() {
        let mut waits = [1, 1, 100].into_iter();
        let until = Instant::now() + Duration::from_millis(25);
        let timed = Timed::repeat(Duration::from_millis(10), until, || {
            thread::sleep(Duration::from_millis(waits.next().unwrap_or(1)));
            Ok(())
        })
        .unwrap();
        // 1, 1, and then 100, 90, … 10: half of all are 30 ms or more.
        assert!(timed.milliseconds(0.5) >= 30.0, "{}", timed.milliseconds(0.5));
        assert_eq!(timed.failures, 0);
    }

    #[test]
    fn the_first_failure_is_kept_and_all_are_counted() {
        let mut count = 0;
        let until = Instant::now() + Duration::from_millis(25);
        let timed = Timed::repeat(Duration::from_millis(10), until, || {
            count += 1;
            bail!("failure {count}")
        })
        .unwrap();
        assert_eq!((timed.failures, timed.first_failure.as_deref()), (count, Some("failure 1")));
    }
}
