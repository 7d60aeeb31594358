//! The control frames of all WebSockets. They are rare, so their counters are shared: a connection adds what it has seen
//! once for all that it read or wrote at a time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::{
    counter::Counter,
    protocol::{Closed, Controls, Frames},
};

/// Upper bounds of the histogram of round trips, in microseconds: from one within a machine to one that a ping timeout ends.
const BOUNDS: [u64; 14] =
    [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 5_000_000, 20_000_000];

/// Both directions in the order of `[Controls; 2]`: received, sent.
#[derive(Debug, Default)]
pub(super) struct ControlTotals {
    pings: [FrameTotals; 2],
    pongs: [FrameTotals; 2],
    closes: Mutex<Closes>,
    round_trips: RoundTrips,
}

/// Close frames in each direction by code, and their bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Closes {
    pub(crate) by_code: [BTreeMap<&'static str, u64>; 2],
    pub(crate) bytes: [u64; 2],
}

#[derive(Debug, Default)]
struct FrameTotals {
    count: Counter,
    bytes: Counter,
}

/// How long the server's pings took to be answered.
#[derive(Debug, Default)]
struct RoundTrips {
    /// One for each of [`BOUNDS`], and one for those beyond.
    buckets: [Counter; BOUNDS.len() + 1],
    microseconds: Counter,
}

/// Everything at one moment.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ControlSums {
    /// Frames, and bytes.
    pub(crate) pings: [(u64, u64); 2],
    pub(crate) pongs: [(u64, u64); 2],
    pub(crate) closes: Closes,
    /// Upper bounds in seconds, the last one without end, and how many round trips are within each and above the one before.
    pub(crate) round_trips: Vec<(f64, u64)>,
    /// The sum of all round trips, in seconds.
    pub(crate) round_trip_time: f64,
}

impl ControlTotals {
    pub(super) fn add(&self, controls: &[Controls; 2], round_trip: Option<Duration>) {
        for (direction, Controls { pings, pongs, close }) in controls.iter().enumerate() {
            self.pings[direction].add(*pings);
            self.pongs[direction].add(*pongs);
            if let Some(Closed { code, bytes }) = close {
                let mut closes = self.closes.lock().unwrap_or_else(PoisonError::into_inner);
                *closes.by_code[direction].entry(code_label(*code)).or_default() += 1;
                closes.bytes[direction] += u64::from(*bytes);
            }
        }
        if let Some(round_trip) = round_trip {
            self.round_trips.add(round_trip);
        }
    }

    pub(super) fn sum(&self) -> ControlSums {
        let bounds = BOUNDS.iter().map(|&bound| bound as f64 / 1e6).chain([f64::INFINITY]);
        ControlSums {
            pings: self.pings.each_ref().map(FrameTotals::sum),
            pongs: self.pongs.each_ref().map(FrameTotals::sum),
            closes: self.closes.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            round_trips: bounds.zip(self.round_trips.buckets.iter().map(Counter::total)).collect(),
            round_trip_time: self.round_trips.microseconds.total() as f64 / 1e6,
        }
    }
}

impl FrameTotals {
    fn add(&self, frames: Frames) {
        if frames.count > 0 {
            self.count.add(u64::from(frames.count));
            self.bytes.add(u64::from(frames.bytes));
        }
    }

    fn sum(&self) -> (u64, u64) {
        (self.count.total(), self.bytes.total())
    }
}

impl RoundTrips {
    fn add(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|&bound| microseconds <= bound).unwrap_or(BOUNDS.len());
        self.buckets[bucket].add(1);
        self.microseconds.add(microseconds);
    }
}

/// The code as a label: those that RFC 6455 and its registry define have their own, the others one for each range
/// ([RFC 6455, 7.4.2](https://www.rfc-editor.org/rfc/rfc6455#section-7.4.2)), so that no peer can make up labels.
fn code_label(code: Option<u16>) -> &'static str {
    const DEFINED: [&str; 16] = [
        "1000", "1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010", "1011", "1012", "1013",
        "1014", "1015",
    ];
    match code {
        None => "none",
        Some(code @ 1000..=1015) => DEFINED[usize::from(code - 1000)],
        Some(3000..=3999) => "3000-3999",
        Some(4000..=4999) => "4000-4999",
        Some(_) => "other",
    }
}

/// The ping of one connection that waits for its pong.
#[derive(Debug, Default)]
pub(crate) struct PingClock(Option<Instant>);

impl PingClock {
    /// Follows the frames that crossed the wire until `now`; returns the time of a ping that was answered. A pong that
    /// nobody asked for is none's, and pings that are sent before the first is answered are not timed.
    pub(crate) fn follow(&mut self, [received, sent]: &[Controls; 2], now: Instant) -> Option<Duration> {
        let round_trip = self.0.take_if(|_| received.pongs.count > 0).map(|sent| now.duration_since(sent));
        if sent.pings.count > 0 {
            self.0.get_or_insert(now);
        }
        round_trip
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(count: u32) -> Frames {
        Frames { count, bytes: 2 * count }
    }

    #[test]
    fn control_frames_are_added_up_by_direction_and_closes_by_code() {
        let totals = ControlTotals::default();
        let close = |code| Some(Closed { code, bytes: 4 });
        totals.add(&[Controls { pings: frames(3), ..Controls::default() }, Controls::default()], None);
        totals.add(
            &[
                Controls { close: close(None), ..Controls::default() },
                Controls { pongs: frames(3), ..Controls::default() },
            ],
            None,
        );
        for code in [0, 999, 1000, 1015, 1016, 2999, 3000, 3001, 4999, 5000, u16::MAX] {
            totals.add(&[Controls::default(), Controls { close: close(Some(code)), ..Controls::default() }], None);
        }
        let sums = totals.sum();
        assert_eq!((sums.pings, sums.pongs), ([(3, 6), (0, 0)], [(0, 0), (3, 6)]));
        let sent = [("1000", 1), ("1015", 1), ("3000-3999", 2), ("4000-4999", 1), ("other", 6)];
        assert_eq!(sums.closes.by_code, [BTreeMap::from([("none", 1)]), BTreeMap::from(sent)]);
        assert_eq!(sums.closes.bytes, [4, 44]);
    }

    #[test]
    fn a_round_trip_is_in_the_first_bucket_whose_bound_it_does_not_exceed() {
        let totals = ControlTotals::default();
        for microseconds in [0, 100, 101, 20_000_000, 20_000_001] {
            totals.add(&Default::default(), Some(Duration::from_micros(microseconds)));
        }
        let sums = totals.sum();
        let filled: Vec<_> = sums.round_trips.iter().filter(|(_, count)| *count > 0).copied().collect();
        assert_eq!(filled, [(0.0001, 2), (0.00025, 1), (20.0, 1), (f64::INFINITY, 1)]);
        assert_eq!(sums.round_trip_time, 40.000_202);
    }

    #[test]
    fn a_ping_is_timed_until_the_first_pong_after_it() {
        let (mut clock, start) = (PingClock::default(), Instant::now());
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let ping = [Controls::default(), Controls { pings: frames(1), ..Controls::default() }];
        let pong = [Controls { pongs: frames(1), ..Controls::default() }, Controls::default()];
        assert_eq!(clock.follow(&pong, at(0)), None, "nobody asked for it");
        assert_eq!(clock.follow(&ping, at(10)), None);
        assert_eq!(clock.follow(&ping, at(20)), None);
        assert_eq!(clock.follow(&pong, at(35)), Some(Duration::from_millis(25)), "the first of two");
        assert_eq!(clock.follow(&pong, at(40)), None);
    }
}
