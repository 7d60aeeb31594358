//! How often `/status?first=` has refused. Bounded: of the names that are counted, the oldest is forgotten.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

/// The most names that are counted.
const MOST_NAMES: usize = 1024;

/// Refusals by name, the oldest name first.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<VecDeque<(String, u64)>>);

impl Attempts {
    /// Counts an attempt; whether it is one of the first of this name, so many as `first`.
    pub(crate) fn is_among_first(&self, name: &str, first: u64) -> bool {
        // Nothing panics while it holds the lock, so a poisoned count is still right.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = counts.iter_mut().find(|(counted, _)| counted == name) {
            *count += 1;
            return *count <= first;
        }
        if counts.len() >= MOST_NAMES {
            counts.pop_front();
        }
        counts.push_back((name.to_owned(), 1));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_attempts_of_a_name_are_among_the_first() {
        let attempts = Attempts::default();
        let two = |name| attempts.is_among_first(name, 2);
        assert_eq!(
            [two("a"), two("b"), two("a"), two("a"), two("b"), two("b")],
            [true, true, true, false, true, false]
        );
    }

    #[test]
    fn the_oldest_name_is_forgotten_when_there_are_too_many() {
        let attempts = Attempts::default();
        assert!(attempts.is_among_first("0", 1));
        assert!(!attempts.is_among_first("0", 1));
        for name in 1..=MOST_NAMES {
            assert!(attempts.is_among_first(&name.to_string(), 1));
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MOST_NAMES);
        assert!(attempts.is_among_first("0", 1));
    }
}
