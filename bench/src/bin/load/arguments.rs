//! The command line, with bounds that one machine can hold.

use std::time::Duration;

use anyhow::{Result, ensure};
use bench::{
    answers::{Check, Expected},
    load::{Pace, Plan},
    messages::{Kind, Messages},
    process,
    target::Target,
};
use clap::Parser;
use testkit::handshake::Compression;

/// Loads an echo server of this machine, and measures what an echo costs it.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// The server, such as ws://127.0.0.1:12345/echo; only of this machine
    target: Target,

    /// The server's process, whose processor time and memory are measured; may be given more than once, as for a proxy and
    /// what is behind it [default: the one that listens there]
    #[arg(long, value_name = "ID")]
    pid: Vec<u32>,

    /// How many connections are opened
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    connections: u32,

    /// How many of a hundred connections send; the others stay idle
    #[arg(long, value_name = "PERCENT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100))]
    active: u32,

    /// Bytes of a message
    #[arg(long, value_name = "BYTES", default_value_t = 20, value_parser = clap::value_parser!(u32).range(..=16 << 20))]
    size: u32,

    /// What messages are made of
    #[arg(long, value_enum, default_value_t = Kind::Ascii)]
    pub(crate) kind: Kind,

    /// Most messages of a connection that wait for their answers
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=4096))]
    in_flight: u32,

    /// Messages a second on all connections together; each has its time, and its latency counts from then.
    /// Without it, a message is sent when an answer has come
    #[arg(long, value_name = "PER SECOND", value_parser = rate)]
    rate: Option<f64>,

    /// How long messages count
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,

    /// How long they are sent before they count
    #[arg(long, value_name = "SECONDS", default_value_t = 1, value_parser = clap::value_parser!(u64).range(..=60))]
    warm_up: u64,

    /// Most messages that count
    #[arg(long, value_name = "COUNT", default_value_t = u64::MAX, hide_default_value = true)]
    messages: u64,

    /// What every answer begins with, before the message itself
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    prefix: String,

    /// Compare every byte that comes back; all messages in flight differ
    #[arg(long)]
    verify: bool,

    /// Offer permessage-deflate, and send compressed messages
    #[arg(long)]
    deflate: bool,

    /// Print one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prepared bytes that are sent again and again where answers are not verified: they stay in the processor's cache.
const REPEATED: usize = 128 << 10;

/// Most bytes of prepared messages.
const PREPARED: usize = 256 << 20;

impl Arguments {
    pub(crate) fn plan(&self) -> Result<Plan> {
        let size = self.size as usize;
        let (connections, in_flight) = (self.connections as usize, self.in_flight as usize);
        let active = (connections * self.active as usize).div_ceil(100);
        let count = match self.check() {
            // Twice what is in flight, so that no message is sent again before its reply or right after it.
            Check::Bytes => 2 * connections * in_flight,
            Check::Lengths => (REPEATED / (size + 14)).clamp(1, 4096),
        };
        ensure!(
            count * size <= PREPARED,
            "{connections} connections × {in_flight} × {size} bytes are too much to verify: prepared twice, that is more than {} MiB",
            PREPARED >> 20
        );
        let compression = if self.deflate { Compression::Deflate } else { Compression::Off };
        let messages = Messages::prepare(self.kind, size, count, compression)?;
        Ok(Plan {
            target: self.target.clone(),
            processes: match &self.pid[..] {
                [] => vec![process::listening_on(self.target.port)?],
                given => given.to_vec(),
            },
            connections,
            active,
            in_flight: self.in_flight.into(),
            compression,
            pace: self.rate.map_or(Pace::Closed, Pace::Open),
            expected: Expected { messages, prefix: self.prefix.clone().into_bytes(), check: self.check() },
            warm_up: Duration::from_secs(self.warm_up),
            length: Duration::from_secs(self.seconds),
            most: self.messages,
        })
    }

    fn check(&self) -> Check {
        if self.verify { Check::Bytes } else { Check::Lengths }
    }
}

fn rate(word: &str) -> Result<f64, String> {
    let rate = word.parse::<f64>().map_err(|error| error.to_string())?;
    if (0.1..=10e6).contains(&rate) { Ok(rate) } else { Err("not from 0.1 to 10000000".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(words: &str) -> Result<Plan> {
        Arguments::try_parse_from(
            ["load", "--pid", "1", "ws://127.0.0.1:1/"].into_iter().chain(words.split_whitespace()),
        )?
        .plan()
    }

    #[test]
    fn one_connection_of_a_few_is_active_at_the_least() {
        assert_eq!(plan("--connections 20 --active 1").unwrap().active, 1);
        assert_eq!(plan("--connections 10000 --active 1").unwrap().active, 100);
    }

    #[test]
    fn messages_in_flight_all_differ_where_they_are_verified() {
        assert_eq!(plan("--connections 20 --in-flight 4 --verify").unwrap().expected.messages.count(), 160);
        assert_eq!(plan("--connections 20 --size 1048576").unwrap().expected.messages.count(), 1);
    }

    #[test]
    fn what_is_too_much_is_named() {
        let error = plan("--connections 1000 --size 1048576 --verify").unwrap_err().to_string();
        assert!(error.starts_with("1000 connections × 1 × 1048576 bytes are too much to verify"), "{error}");
        let error = plan("--rate 0").unwrap_err().to_string();
        assert!(error.contains("invalid value '0'") && error.contains("not from 0.1 to 10000000"), "{error}");
    }
}
