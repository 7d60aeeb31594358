//! What goes over the WebSockets, for who reads it while they are open. Each connection stores its counters in memory of its own,
//! once for a batch of messages; they are added up by who asks. Only opening and closing a connection takes a lock.

mod controls;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use self::controls::ControlTotals;
pub(crate) use self::controls::{ControlSums, PingClock};
use crate::protocol::{Controls, Counters, Volume};

/// What carries a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    EventLoop,
    Session,
}

impl Carrier {
    pub(crate) const ALL: [Self; 2] = [Self::EventLoop, Self::Session];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EventLoop => "event_loop",
            Self::Session => "session",
        }
    }
}

/// The WebSockets of a server, those that are open and those that have ended.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    connections: Mutex<Connections>,
    controls: ControlTotals,
}

#[derive(Debug, Default)]
struct Connections {
    open: HashMap<u64, (Carrier, Arc<Meter>)>,
    next: u64,
    /// By carrier.
    opened: [u64; 2],
    /// Of those that have ended.
    ended: Sums,
}

/// The counters of one connection.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    received: Direction,
    sent: Direction,
}

#[derive(Debug, Default)]
struct Direction {
    bytes: AtomicU64,
    frames: AtomicU64,
    text: Messages,
    binary: Messages,
    compressed: AtomicU64,
    saved: AtomicU64,
}

#[derive(Debug, Default)]
struct Messages {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// An open WebSocket; it has ended when this is dropped.
#[derive(Debug)]
pub(crate) struct Metered {
    traffic: Arc<Traffic>,
    number: u64,
    meter: Arc<Meter>,
    ping: PingClock,
}

/// What was counted on all connections together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) received: Counters,
    pub(crate) sent: Counters,
}

/// How many WebSockets a carrier has, and has had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Carried {
    pub(crate) open: u64,
    pub(crate) opened: u64,
}

impl Traffic {
    pub(crate) fn open(self: &Arc<Self>, carrier: Carrier) -> Metered {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, meter) = (connections.next, Arc::<Meter>::default());
        connections.next += 1;
        connections.opened[carrier as usize] += 1;
        connections.open.insert(number, (carrier, Arc::clone(&meter)));
        Metered { traffic: Arc::clone(self), number, meter, ping: PingClock::default() }
    }

    /// Adds up all connections; `Carried` is in the order of [`Carrier::ALL`].
    pub(crate) fn sum(&self) -> (Sums, [Carried; 2]) {
        let connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let mut sums = connections.ended;
        let mut carried = connections.opened.map(|opened| Carried { open: 0, opened });
        for (carrier, meter) in connections.open.values() {
            sums.add(meter);
            carried[*carrier as usize].open += 1;
        }
        (sums, carried)
    }

    pub(crate) fn controls(&self) -> ControlSums {
        self.controls.sum()
    }
}

impl Metered {
    /// Stores what the connection has counted so far.
    pub(crate) fn store(&self, received: Counters, sent: Counters) {
        self.meter.received.store(received);
        self.meter.sent.store(sent);
    }

    /// Adds the control frames that came and that went just now.
    pub(crate) fn add_controls(&mut self, controls: &[Controls; 2]) {
        let round_trip = self.ping.follow(controls, Instant::now());
        self.traffic.controls.add(controls, round_trip);
    }
}

impl Drop for Metered {
    fn drop(&mut self) {
        let mut connections = self.traffic.connections.lock().unwrap_or_else(PoisonError::into_inner);
        if connections.open.remove(&self.number).is_some() {
            connections.ended.add(&self.meter);
        }
    }
}

impl Direction {
    fn store(&self, counters: Counters) {
        self.bytes.store(counters.bytes, Ordering::Relaxed);
        self.frames.store(counters.frames, Ordering::Relaxed);
        self.text.store(counters.text);
        self.binary.store(counters.binary);
        self.compressed.store(counters.compressed, Ordering::Relaxed);
        self.saved.store(counters.saved, Ordering::Relaxed);
    }

    fn add_to(&self, sum: &mut Counters) {
        sum.bytes += self.bytes.load(Ordering::Relaxed);
        sum.frames += self.frames.load(Ordering::Relaxed);
        self.text.add_to(&mut sum.text);
        self.binary.add_to(&mut sum.binary);
        sum.compressed += self.compressed.load(Ordering::Relaxed);
        sum.saved += self.saved.load(Ordering::Relaxed);
    }
}

impl Messages {
    fn store(&self, volume: Volume) {
        self.messages.store(volume.messages, Ordering::Relaxed);
        self.bytes.store(volume.bytes, Ordering::Relaxed);
    }

    fn add_to(&self, sum: &mut Volume) {
        sum.messages += self.messages.load(Ordering::Relaxed);
        sum.bytes += self.bytes.load(Ordering::Relaxed);
    }
}

impl Sums {
    fn add(&mut self, meter: &Meter) {
        meter.received.add_to(&mut self.received);
        meter.sent.add_to(&mut self.sent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_and_what_has_ended_is_added_up() {
        let traffic = Arc::new(Traffic::default());
        let counters = |count| {
            let (text, binary) = (Volume { messages: count, bytes: 3 * count }, Volume { messages: 0, bytes: count });
            Counters { bytes: 10 * count, frames: count, text, binary, compressed: count, saved: 5 * count }
        };
        let first = traffic.open(Carrier::EventLoop);
        let second = traffic.open(Carrier::Session);
        first.store(counters(1), counters(2));
        second.store(counters(10), counters(20));
        second.store(counters(100), counters(200));
        let sums = Sums { received: counters(101), sent: counters(202) };
        let carried = |open| [Carried { open, opened: 1 }, Carried { open: 1, opened: 1 }];
        assert_eq!(traffic.sum(), (sums, carried(1)));
        drop(first);
        assert_eq!(traffic.sum(), (sums, carried(0)));
    }
}
