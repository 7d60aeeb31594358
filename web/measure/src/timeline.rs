//! What happened when: a run in slots of the same width.

use serde::{Deserialize, Serialize};

use crate::round_trip::{Micros, RoundTrips};

/// Slots of a run, unless they would be shorter than [`SHORTEST`].
const SLOTS: f64 = 100.0;
/// In milliseconds.
const SHORTEST: f64 = 100.0;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    pub sent: u64,
    pub received: u64,
    pub sent_bytes: u64,
    pub received_bytes: u64,
    pub p50: Micros,
    pub p99: Micros,
    pub max: Micros,
}

pub struct Timeline {
    /// In milliseconds.
    width: f64,
    slots: Vec<Slot>,
    /// Of the last slot.
    round_trips: RoundTrips,
}

impl Timeline {
    /// For a run of that many milliseconds.
    pub fn new(duration: f64) -> Self {
        let width = (duration / SLOTS).max(SHORTEST);
        Self { width, slots: vec![Slot::default()], round_trips: RoundTrips::default() }
    }

    /// In milliseconds.
    pub fn width(&self) -> f64 {
        self.width
    }

    pub fn sent(&mut self, elapsed: f64, bytes: usize) {
        let slot = self.at(elapsed);
        slot.sent += 1;
        slot.sent_bytes += bytes as u64;
    }

    pub fn received(&mut self, elapsed: f64, bytes: usize, round_trip: Option<f64>) {
        let slot = self.at(elapsed);
        slot.received += 1;
        slot.received_bytes += bytes as u64;
        if let Some(milliseconds) = round_trip {
            self.round_trips.record(milliseconds);
        }
    }

    /// All slots so far; the last one is not complete.
    pub fn slots(&mut self) -> &[Slot] {
        self.close();
        &self.slots
    }

    /// The slot of that moment. Connections report their events one after the other, so a moment can be slightly before that
    /// of the event before: it belongs to the last slot then.
    fn at(&mut self, elapsed: f64) -> &mut Slot {
        let index = (elapsed.max(0.0) / self.width) as usize;
        if index >= self.slots.len() {
            self.close();
            self.round_trips.clear();
            self.slots.resize(index + 1, Slot::default());
        }
        self.slots.last_mut().expect("there is one from the beginning")
    }

    fn close(&mut self) {
        let found = self.round_trips.percentiles();
        if let Some(slot) = self.slots.last_mut() {
            (slot.p50, slot.p99, slot.max) = (found.p50, found.p99, found.max);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_in_the_slot_of_their_moment() {
        let mut timeline = Timeline::new(5000.0);
        timeline.sent(0.0, 10);
        timeline.sent(99.9, 10);
        timeline.received(150.0, 20, Some(50.0));
        timeline.received(149.0, 20, Some(30.0));
        timeline.received(350.0, 20, None);
        let found = timeline.slots();
        let counts: Vec<_> =
            found.iter().map(|slot| (slot.sent, slot.sent_bytes, slot.received, slot.received_bytes)).collect();
        assert_eq!(counts, [(2, 20, 0, 0), (0, 0, 2, 40), (0, 0, 0, 0), (0, 0, 1, 20)]);
        // The histogram keeps three digits.
        let times: Vec<_> = found.iter().map(|slot| (slot.p50 / 100, slot.max / 100)).collect();
        assert_eq!(times, [(0, 0), (300, 500), (0, 0), (0, 0)]);
    }

    #[test]
    fn long_runs_have_wider_slots() {
        assert_eq!(Timeline::new(1000.0).width(), 100.0);
        assert_eq!(Timeline::new(600_000.0).width(), 6000.0);
    }
}
