//! When the messages of a repetition are due.

use thiserror::Error;

use crate::composing::draft::Draft;
use crate::data::time::Time;

/// A repetition that is further behind than this, as after the computer slept, skips what it has missed.
const MAX_CATCH_UP_MS: f64 = 1000.0;

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Milliseconds.
    interval: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PaceError {
    #[error("an interval of {0} ms is out of range, which is 1 to 3600000")]
    Interval(u64),
    #[error("{0} messages per second are out of range, which is 1 to 10000")]
    Rate(u64),
}

impl Pace {
    /// 1 to 3 600 000 ms.
    pub fn every(ms: u64) -> Result<Self, PaceError> {
        match ms {
            1..=3_600_000 => Ok(Self { interval: ms as f64 }),
            _ => Err(PaceError::Interval(ms)),
        }
    }

    /// 1 to 10 000 messages a second.
    pub fn per_second(rate: u64) -> Result<Self, PaceError> {
        match rate {
            1..=10_000 => Ok(Self { interval: 1000.0 / rate as f64 }),
            _ => Err(PaceError::Rate(rate)),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Repeat {
    /// Its templates are substituted for each message.
    pub draft: Draft,
    pub pace: Pace,
    /// `None` repeats until stopped.
    pub count: Option<u64>,
}

/// A running [`Repeat`].
#[derive(Debug, Clone, PartialEq)]
pub struct Repetition {
    repeat: Repeat,
    /// When the first message since the last pause was due.
    start: Time,
    /// Messages since `start`.
    beats: u64,
    sent: u64,
}

impl Repetition {
    /// The first message is due at once.
    pub fn new(repeat: Repeat, now: Time) -> Self {
        Self { repeat, start: now, beats: 0, sent: 0 }
    }

    pub fn repeat(&self) -> &Repeat {
        &self.repeat
    }

    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// `None` where it repeats until stopped.
    pub fn left(&self) -> Option<u64> {
        self.repeat.count.map(|count| count.saturating_sub(self.sent))
    }

    /// `None` after the last message.
    pub fn next(&self) -> Option<Time> {
        (self.left() != Some(0)).then(|| self.start.after(self.beats as f64 * self.repeat.pace.interval))
    }

    /// Whether a message is due. It counts as sent then.
    pub fn take_due(&mut self, now: Time) -> bool {
        let Some(next) = self.next().filter(|&next| next <= now) else { return false };
        if now.0 - next.0 > MAX_CATCH_UP_MS {
            self.start = now;
            self.beats = 0;
        }
        self.beats += 1;
        self.sent += 1;
        true
    }

    /// The next message is due an interval from now.
    pub fn pause(&mut self, now: Time) {
        self.start = now.after(self.repeat.pace.interval);
        self.beats = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repetition(pace: Pace, count: Option<u64>) -> Repetition {
        Repetition::new(Repeat { draft: Draft::default(), pace, count }, Time(0.0))
    }

    fn beats(repetition: &mut Repetition, now: f64) -> usize {
        std::iter::from_fn(|| repetition.take_due(Time(now)).then_some(())).count()
    }

    #[test]
    fn messages_are_due_at_their_interval_from_the_beginning_on() {
        let mut repetition = repetition(Pace::every(100).unwrap(), Some(4));
        assert_eq!(beats(&mut repetition, 0.0), 1);
        assert_eq!(beats(&mut repetition, 99.0), 0);
        assert_eq!((repetition.next(), repetition.left()), (Some(Time(100.0)), Some(3)));
        assert_eq!(beats(&mut repetition, 250.0), 2, "what a coarse timer has missed is made up for");
        assert_eq!(beats(&mut repetition, 1000.0), 1);
        assert_eq!((repetition.next(), repetition.sent()), (None, 4));
    }

    #[test]
    fn a_page_that_has_slept_leaves_out_what_it_has_missed() {
        let mut repetition = repetition(Pace::per_second(1000).unwrap(), None);
        assert_eq!(beats(&mut repetition, 3_600_000.0), 1);
        assert_eq!(repetition.next(), Some(Time(3_600_001.0)));
    }

    #[test]
    fn a_pause_puts_the_next_message_off() {
        let mut repetition = repetition(Pace::every(100).unwrap(), None);
        repetition.pause(Time(950.0));
        assert_eq!((beats(&mut repetition, 1000.0), repetition.next()), (0, Some(Time(1050.0))));
    }

    #[test]
    fn a_pace_that_is_not_possible_is_named() {
        assert_eq!(
            Pace::every(0).unwrap_err().to_string(),
            "an interval of 0 ms is out of range, which is 1 to 3600000"
        );
        assert_eq!(
            Pace::per_second(10_001).unwrap_err().to_string(),
            "10001 messages per second are out of range, which is 1 to 10000"
        );
    }

    proptest! {
        #[test]
        fn whatever_the_timer_does_the_rate_is_kept(
            rate in 1u64..=10_000,
            delays in proptest::collection::vec(0.0f64..200.0, 1..50),
        ) {
            let mut repetition = repetition(Pace::per_second(rate).unwrap(), None);
            let mut now = 0.0;
            for delay in delays {
                now += delay;
                beats(&mut repetition, now);
                prop_assert!(repetition.next().is_some_and(|next| next > Time(now)));
            }
            let expected = now * rate as f64 / 1000.0 + 1.0;
            prop_assert!((repetition.sent() as f64 - expected).abs() <= 1.0, "{} of {expected}", repetition.sent());
        }
    }
}
