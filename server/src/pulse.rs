//! Whether a thread is alive: it is asked at each heartbeat, and answers when it gets to it.
//!
//! Heartbeats are counted, not timed: a process that was stopped for an hour has missed one.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// How many heartbeats a thread may miss before it counts as stuck: more than the longest work that it does in one piece.
const MOST_MISSED: u32 = 5;
/// For how many heartbeats after its last fault a thread counts as faulty.
const FAULTY: u32 = 10;

/// One thread's answers.
#[derive(Debug)]
pub(crate) struct Pulse {
    has_answered: AtomicBool,
    missed: AtomicU32,
    faulty: AtomicU32,
}

impl Pulse {
    /// A new thread's: alive until it misses heartbeats.
    pub(crate) fn new() -> Self {
        Self { has_answered: AtomicBool::new(true), missed: AtomicU32::new(0), faulty: AtomicU32::new(0) }
    }

    /// Of a thread that replaces one that failed: not alive until it answers. It must be asked once.
    pub(crate) fn doubt(&self) {
        self.has_answered.store(false, Ordering::Relaxed);
        self.missed.store(MOST_MISSED, Ordering::Relaxed);
    }

    /// The thread's answer.
    pub(crate) fn answer(&self) {
        self.has_answered.store(true, Ordering::Relaxed);
    }

    /// Something that must not fail failed in the thread, and it goes on.
    pub(crate) fn fault(&self) {
        self.faulty.store(FAULTY, Ordering::Relaxed);
    }

    /// One heartbeat: asks again if the last question was answered.
    pub(crate) fn beat(&self, ask: impl FnOnce()) {
        let _ = self.faulty.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |faulty| faulty.checked_sub(1));
        if self.has_answered.swap(false, Ordering::Relaxed) {
            self.missed.store(0, Ordering::Relaxed);
            ask();
        } else {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.missed.load(Ordering::Relaxed) < MOST_MISSED && self.faulty.load(Ordering::Relaxed) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_misses_five_heartbeats_is_stuck_until_it_answers() {
        let pulse = Pulse::new();
        let mut asked = 0;
        for alive in [true, true, true, true, true, false, false] {
            pulse.beat(|| asked += 1);
            assert_eq!(pulse.is_alive(), alive);
        }
        assert_eq!(asked, 1, "who does not answer is not asked again");
        pulse.answer();
        pulse.beat(|| asked += 1);
        assert!(pulse.is_alive());
        assert_eq!(asked, 2);
    }

    #[test]
    fn a_thread_that_replaces_a_failed_one_has_to_answer_first() {
        let pulse = Pulse::new();
        pulse.doubt();
        pulse.beat(|| {});
        assert!(!pulse.is_alive());
        pulse.answer();
        pulse.beat(|| {});
        assert!(pulse.is_alive());
    }

    #[test]
    fn a_fault_is_remembered_for_ten_heartbeats() {
        let pulse = Pulse::new();
        pulse.fault();
        for heartbeat in 1..=10 {
            assert!(!pulse.is_alive(), "heartbeat {heartbeat}");
            pulse.answer();
            pulse.beat(|| {});
        }
        assert!(pulse.is_alive());
    }
}
