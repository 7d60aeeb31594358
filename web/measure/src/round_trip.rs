//! Round-trip times as an [HDR histogram](https://docs.rs/hdrhistogram): every recorded value is kept to three significant
//! digits, in memory that does not grow with their number.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Three digits: a percentile is at most 0.1 % off.
const DIGITS: u8 = 3;
/// Bars of the chart for each power of ten.
const BARS_PER_DECADE: f64 = 12.0;

/// Microseconds.
pub type Micros = u64;

pub struct RoundTrips {
    histogram: Histogram<u64>,
    last: Micros,
}

/// Microseconds, from exact to 0.1 % off; all zero where nothing was recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Percentiles {
    pub count: u64,
    /// The one that was recorded last.
    pub last: Micros,
    pub min: Micros,
    pub p50: Micros,
    pub p90: Micros,
    pub p99: Micros,
    pub p99_9: Micros,
    pub max: Micros,
}

/// One bar of the chart: how many round trips took between two times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    pub from: Micros,
    /// Where the next bar begins.
    pub to: Micros,
    pub count: u64,
}

impl Default for RoundTrips {
    fn default() -> Self {
        Self { histogram: Histogram::new(DIGITS).expect("the crate allows 0 to 5 digits"), last: 0 }
    }
}

impl RoundTrips {
    /// In milliseconds, as browsers give times.
    pub fn record(&mut self, milliseconds: f64) {
        let micros = (milliseconds.max(0.0) * 1000.0).round() as Micros;
        // It grows by itself, so no value is too large.
        let _ = self.histogram.record(micros);
        self.last = micros;
    }

    pub fn clear(&mut self) {
        self.histogram.reset();
        self.last = 0;
    }

    pub fn percentiles(&self) -> Percentiles {
        let at = |quantile| self.histogram.value_at_quantile(quantile);
        Percentiles {
            count: self.histogram.len(),
            last: self.last,
            min: self.histogram.min(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p99_9: at(0.999),
            // Not above it, as the upper end of the highest value's step can be.
            max: self.histogram.max(),
        }
    }

    /// From the fastest to the slowest, on a logarithmic scale, empty ones included.
    pub fn bars(&self) -> Vec<Bar> {
        let Some(first) = self.histogram.iter_recorded().next() else { return Vec::new() };
        let bar_of = |micros: Micros| (micros.max(1) as f64).log10() * BARS_PER_DECADE;
        let first = bar_of(first.value_iterated_to()).floor() as i32;
        let begin = |index: i32| 10_f64.powf(f64::from(first + index) / BARS_PER_DECADE).round() as Micros;
        let mut bars: Vec<Bar> = Vec::new();
        for recorded in self.histogram.iter_recorded() {
            let index = (bar_of(recorded.value_iterated_to()).floor() as i32 - first).max(0);
            while bars.len() as i32 <= index {
                let next = bars.len() as i32;
                bars.push(Bar { from: begin(next), to: begin(next + 1), count: 0 });
            }
            if let Some(bar) = bars.get_mut(index.unsigned_abs() as usize) {
                bar.count += recorded.count_since_last_iteration();
            }
        }
        bars
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The smallest recorded value that at least this share of all do not exceed.
    fn reference(sorted: &[u64], quantile: f64) -> u64 {
        let rank = (quantile * sorted.len() as f64).ceil() as usize;
        sorted[rank.clamp(1, sorted.len()) - 1]
    }

    fn recorded(micros: &[u64]) -> RoundTrips {
        let mut round_trips = RoundTrips::default();
        micros.iter().for_each(|&micros| round_trips.record(micros as f64 / 1000.0));
        round_trips
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_values(mut micros in prop::collection::vec(0_u64..100_000_000, 1..400)) {
            let found = recorded(&micros).percentiles();
            prop_assert_eq!(Some(&found.last), micros.last());
            micros.sort_unstable();
            prop_assert_eq!(found.count, micros.len() as u64);
            for (quantile, value) in [(0.5, found.p50), (0.9, found.p90), (0.99, found.p99), (0.999, found.p99_9)] {
                let exact = reference(&micros, quantile);
                prop_assert!(value >= exact && value <= exact + exact / 1000 + 1, "{} {} {}", quantile, value, exact);
            }
            for (value, exact) in [(found.min, micros[0]), (found.max, micros[micros.len() - 1])] {
                prop_assert!(value.abs_diff(exact) <= exact / 1000 + 1, "{} {}", value, exact);
            }
        }

        #[test]
        fn bars_hold_every_value_and_follow_each_other(micros in prop::collection::vec(0_u64..10_000_000, 1..200)) {
            let bars = recorded(&micros).bars();
            prop_assert_eq!(bars.iter().map(|bar| bar.count).sum::<u64>(), micros.len() as u64);
            prop_assert!(bars.windows(2).all(|pair| pair[0].to == pair[1].from), "{:?}", bars);
            prop_assert!(bars.len() <= 8 * BARS_PER_DECADE as usize, "{}", bars.len());
        }
    }

    #[test]
    fn nothing_recorded_is_zero_and_has_no_bars() {
        assert_eq!(RoundTrips::default().percentiles(), Percentiles::default());
        assert_eq!(RoundTrips::default().bars(), []);
    }

    #[test]
    fn a_clock_that_steps_back_counts_as_zero() {
        let mut round_trips = RoundTrips::default();
        round_trips.record(-0.1);
        assert_eq!(round_trips.percentiles(), Percentiles { count: 1, ..Percentiles::default() });
        round_trips.record(2.0);
        round_trips.clear();
        assert_eq!(round_trips.percentiles(), Percentiles::default());
    }
}
