//! `/metrics`: what the server does, in the text format of
//! [OpenMetrics](https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md), which Prometheus reads. It is
//! summed up when it is asked for.

use std::{collections::BTreeMap, fmt, fs, sync::atomic::Ordering};

use http_body_util::Full;
use hyper::{Response, header::HeaderValue};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet, text},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};

use super::answer::{AnswerBody, uncached};
use crate::{
    limit::Limit,
    protocol::Counters,
    shared::Shared,
    traffic::{Carried, Carrier, ControlSums, Sums},
};

pub(super) const PATH: &str = "/metrics";

/// The size of a page of memory on the systems that have `/proc`, in bytes.
const PAGE: i64 = 4096;

/// Everything at one moment.
#[derive(Debug)]
struct Snapshot {
    connections: i64,
    carried: [Carried; 2],
    sums: Sums,
    controls: ControlSums,
    limits: [(String, u64); Limit::ALL.len()],
    refusals: BTreeMap<(u16, &'static str), u64>,
    panics: u64,
    restarts: u64,
    failed_workers: i64,
    descriptors: Option<i64>,
    memory: Option<i64>,
}

pub(super) fn response(server: &Shared) -> Response<AnswerBody> {
    let (sums, carried) = server.traffic.sum();
    let snapshot = Snapshot {
        connections: i64::try_from(server.admission.total()).unwrap_or(i64::MAX),
        carried,
        sums,
        controls: server.traffic.controls(),
        limits: Limit::ALL.map(|limit| (limit.name().to_owned(), server.totals.limits.total(limit))),
        refusals: server.totals.refusals(),
        panics: server.totals.panics.total(),
        restarts: server.totals.restarts.total(),
        failed_workers: i64::try_from(server.failed_workers.load(Ordering::Relaxed)).unwrap_or(i64::MAX),
        descriptors: open_descriptors(),
        memory: resident_memory(),
    };
    let mut registry = Registry::default();
    registry.register_collector(Box::new(snapshot));
    let mut metrics = String::new();
    // Writing to a text does not fail.
    let _ = text::encode(&mut metrics, &registry);
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    uncached(HeaderValue::from_static(media_type), Full::from(metrics))
}

/// Known on Linux only.
fn open_descriptors() -> Option<i64> {
    i64::try_from(fs::read_dir("/proc/self/fd").ok()?.count()).ok()
}

/// Known on Linux only: the second number of this file, in pages.
fn resident_memory() -> Option<i64> {
    let sizes = fs::read_to_string("/proc/self/statm").ok()?;
    sizes.split(' ').nth(1)?.parse::<i64>().ok().map(|pages| pages * PAGE)
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut encoder = Metrics(&mut encoder);
        encoder.gauge("canyon_connections", "Connections, in HTTP and WebSocket", self.connections)?;
        let by_carrier = |value: fn(&Carried) -> u64| {
            Carrier::ALL.map(|carrier| (carrier.name().to_owned(), value(&self.carried[carrier as usize])))
        };
        encoder.gauges("canyon_websockets", "Open WebSockets", "engine", &by_carrier(|carried| carried.open))?;
        let opened = by_carrier(|carried| carried.opened);
        encoder.counters("canyon_websockets_opened", "WebSockets that were opened", "engine", &opened)?;
        encoder.refusals(&self.refusals)?;
        encoder.traffic(&self.sums, &self.controls)?;
        let help = "WebSockets and handshakes that a limit has ended, by its option";
        encoder.counters("canyon_limit_closes", help, "limit", &self.limits)?;
        encoder.counter("canyon_panics", "Connections that ended in a panic", self.panics)?;
        encoder.counter("canyon_restarts", "Threads that were started again", self.restarts)?;
        encoder.gauge("canyon_failed_workers", "Threads that have failed or are stuck", self.failed_workers)?;
        if let Some(descriptors) = self.descriptors {
            encoder.gauge("process_open_fds", "Open file descriptors", descriptors)?;
        }
        if let Some(memory) = self.memory {
            encoder.gauge("process_resident_memory_bytes", "Resident memory", memory)?;
        }
        Ok(())
    }
}

/// What went in one direction: how many of each opcode, and their bytes.
fn by_opcode(
    name: &'static str,
    direction: usize,
    Counters { text, binary, .. }: &Counters,
    ControlSums { pings, pongs, closes, .. }: &ControlSums,
) -> [([&'static str; 2], u64, u64); 5] {
    let close_frames = closes.by_code[direction].values().sum();
    [
        ([name, "text"], text.messages, text.bytes),
        ([name, "binary"], binary.messages, binary.bytes),
        ([name, "close"], close_frames, closes.bytes[direction]),
        ([name, "ping"], pings[direction].0, pings[direction].1),
        ([name, "pong"], pongs[direction].0, pongs[direction].1),
    ]
}

struct Metrics<'encoder, 'registry>(&'encoder mut DescriptorEncoder<'registry>);

impl Metrics<'_, '_> {
    fn gauge(&mut self, name: &str, help: &str, value: i64) -> fmt::Result {
        ConstGauge::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Gauge)?)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstCounter::new(value).encode(self.0.encode_descriptor(name, help, None, MetricType::Counter)?)
    }

    /// What crossed the wire.
    fn traffic(&mut self, Sums { received, sent }: &Sums, controls: &ControlSums) -> fmt::Result {
        let rows = [by_opcode("received", 0, received, controls), by_opcode("sent", 1, sent, controls)].concat();
        let counts = rows.iter().map(|(labels, count, _)| (*labels, *count)).collect();
        self.by_two("canyon_messages", "Messages and control frames", ["direction", "opcode"], counts)?;
        let help = "Bytes of their frames that have begun, headers included";
        let bytes = rows.iter().map(|(labels, _, bytes)| (*labels, *bytes)).collect();
        self.by_two("canyon_message_bytes", help, ["direction", "opcode"], bytes)?;
        for (name, help, received, sent) in [
            ("canyon_compressed_messages", "Compressed messages", received.compressed, sent.compressed),
            ("canyon_saved_bytes", "Bytes that compression kept off the wire", received.saved, sent.saved),
            ("canyon_frames", "Frames of all kinds", received.frames, sent.frames),
            ("canyon_wire_bytes", "Bytes that crossed the wire, headers included", received.bytes, sent.bytes),
        ] {
            let values = [("received".to_owned(), received), ("sent".to_owned(), sent)];
            self.counters(name, help, "direction", &values)?;
        }
        let closes = ["received", "sent"].into_iter().zip(&controls.closes.by_code);
        let closes =
            closes.flat_map(|(direction, codes)| codes.iter().map(move |(code, count)| ([direction, *code], *count)));
        self.by_two("canyon_close_frames", "Close frames by code", ["direction", "code"], closes.collect())?;
        self.round_trips(controls)
    }

    fn round_trips(&mut self, controls: &ControlSums) -> fmt::Result {
        let help = "Times from a ping of the server to the pong";
        let name = "canyon_ping_round_trip";
        let mut encoder = self.0.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        let count = controls.round_trips.iter().map(|(_, count)| count).sum();
        encoder.encode_histogram::<NoLabelSet>(controls.round_trip_time, count, &controls.round_trips, None)
    }

    /// A family of counters with two labels.
    fn by_two(
        &mut self,
        name: &str,
        help: &str,
        labels: [&str; 2],
        values: Vec<([&'static str; 2], u64)>,
    ) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.into_iter().try_for_each(|(of, value)| {
            let of = [(labels[0], of[0]), (labels[1], of[1])];
            ConstCounter::new(value).encode(family.encode_family(&of)?)
        })
    }

    fn refusals(&mut self, refusals: &BTreeMap<(u16, &'static str), u64>) -> fmt::Result {
        let help =
            "Requests that were refused; a reason that is an option of the command line is a limit that was reached";
        let mut family = self.0.encode_descriptor("canyon_refusals", help, None, MetricType::Counter)?;
        refusals.iter().try_for_each(|((code, reason), count)| {
            let labels = [("code", code.to_string()), ("reason", (*reason).to_owned())];
            ConstCounter::new(*count).encode(family.encode_family(&labels)?)
        })
    }

    fn gauges(&mut self, name: &str, help: &str, label: &str, values: &[(String, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        values.iter().try_for_each(|(of, value)| {
            let value = i64::try_from(*value).unwrap_or(i64::MAX);
            ConstGauge::new(value).encode(family.encode_family(&[(label, of.as_str())])?)
        })
    }

    fn counters(&mut self, name: &str, help: &str, label: &str, values: &[(String, u64)]) -> fmt::Result {
        let mut family = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        values.iter().try_for_each(|(of, value)| {
            ConstCounter::new(*value).encode(family.encode_family(&[(label, of.as_str())])?)
        })
    }
}
