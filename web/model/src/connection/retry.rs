//! Exponential back-off with jitter for reconnecting.

use fastrand::Rng;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    pub initial_delay_ms: u32,
    pub max_delay_ms: u32,
    pub max_attempts: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { initial_delay_ms: 500, max_delay_ms: 30_000, max_attempts: 20 }
    }
}

/// Counts the attempts since a connection was last stable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackOff {
    attempts: u32,
}

/// A scheduled attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Counted from 1.
    pub attempt: u32,
    pub delay_ms: u32,
}

impl BackOff {
    /// The next attempt, `None` after the last. The delay doubles with each; between half of it and the whole is chosen
    /// at random, so that many pages which lost the same server do not return at once.
    pub fn next(&mut self, policy: RetryPolicy, random: &mut Rng) -> Option<Retry> {
        if self.attempts >= policy.max_attempts {
            return None;
        }
        let doubled = policy.initial_delay_ms.saturating_mul(1_u32.checked_shl(self.attempts).unwrap_or(u32::MAX));
        let longest = doubled.min(policy.max_delay_ms);
        self.attempts += 1;
        Some(Retry { attempt: self.attempts, delay_ms: random.u32(longest / 2..=longest) })
    }

    pub fn attempts(self) -> u32 {
        self.attempts
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest_and_ends_after_the_last_try() {
        let policy = RetryPolicy { initial_delay_ms: 100, max_delay_ms: 1000, max_attempts: 6 };
        let mut back_off = BackOff::default();
        for (attempt, most) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (6, 1000)] {
            let next = back_off.next(policy, &mut Rng::with_seed(7)).unwrap();
            assert_eq!(next.attempt, attempt);
            assert!((most / 2..=most).contains(&next.delay_ms), "{} of {most}", next.delay_ms);
        }
        assert_eq!(back_off.next(policy, &mut Rng::with_seed(7)), None);
        assert_eq!(back_off.attempts(), 6);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_longest(first: u32, longest: u32, tries in 0u32..100, seed: u64) {
            let (mut back_off, mut random) = (BackOff::default(), Rng::with_seed(seed));
            let policy = RetryPolicy { initial_delay_ms: first, max_delay_ms: longest, max_attempts: tries };
            let mut made = 0;
            while let Some(next) = back_off.next(policy, &mut random) {
                prop_assert!(next.delay_ms <= longest);
                made += 1;
            }
            prop_assert_eq!(made, tries);
        }
    }
}
