//! How long to wait before the next try to connect: ever longer, never all at the same time. It never waits itself.

use fastrand::Rng;

/// How often and how patiently to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Before the first try, in milliseconds.
    pub first: u32,
    /// Before any try, in milliseconds.
    pub longest: u32,
    /// How many tries, before it is given up.
    pub tries: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: 500, longest: 30_000, tries: 20 }
    }
}

/// The tries made since a connection was last a good one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BackOff {
    /// How many there were.
    tries: u32,
}

/// One try to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    /// Counted from 1.
    pub attempt: u32,
    /// Until it begins, in milliseconds.
    pub wait: u32,
}

impl BackOff {
    /// The next try: its wait is between half of what has doubled with each try and the whole of it, at random, so that
    /// many pages that lost the same server do not come back at once. `None` where enough tries were made.
    pub fn next(&mut self, patience: Patience, random: &mut Rng) -> Option<Try> {
        if self.tries >= patience.tries {
            return None;
        }
        let doubled = patience.first.saturating_mul(1_u32.checked_shl(self.tries).unwrap_or(u32::MAX));
        let wait = doubled.min(patience.longest);
        self.tries += 1;
        Some(Try { attempt: self.tries, wait: random.u32(wait / 2..=wait) })
    }

    /// How many tries were made.
    pub fn tries(self) -> u32 {
        self.tries
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_wait_doubles_up_to_the_longest_and_ends_after_the_last_try() {
        let patience = Patience { first: 100, longest: 1000, tries: 6 };
        let mut back_off = BackOff::default();
        for (attempt, most) in [(1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (6, 1000)] {
            let next = back_off.next(patience, &mut Rng::with_seed(7)).unwrap();
            assert_eq!(next.attempt, attempt);
            assert!((most / 2..=most).contains(&next.wait), "{} of {most}", next.wait);
        }
        assert_eq!(back_off.next(patience, &mut Rng::with_seed(7)), None);
        assert_eq!(back_off.tries(), 6);
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_the_longest(first: u32, longest: u32, tries in 0u32..100, seed: u64) {
            let (mut back_off, mut random) = (BackOff::default(), Rng::with_seed(seed));
            let mut made = 0;
            while let Some(next) = back_off.next(Patience { first, longest, tries }, &mut random) {
                prop_assert!(next.wait <= longest);
                made += 1;
            }
            prop_assert_eq!(made, tries);
        }
    }
}
