//! Ends a poll when the first deadline is due.
//!
//! A poll can have a timeout, too; but then the system sets a timer and cancels it at each poll, which costs a lone
//! connection 2 to 3 % of a message. The timer here stays set.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::{
        io,
        os::fd::{AsRawFd, OwnedFd},
        time::{Duration, Instant},
    };

    use mio::{Interest, Registry, Token, unix::SourceFd};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };

    /// A timer that is polled with the sockets.
    #[derive(Debug)]
    pub(in crate::event_loop) struct Timer {
        timer: OwnedFd,
        /// When it expires next, or has expired last.
        at: Option<Instant>,
    }

    impl Timer {
        /// Adds it to what is polled.
        pub(in crate::event_loop) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
            Ok(Self { timer, at: None })
        }

        /// Ends a poll that starts now at `due` or before; returns the timeout that the poll itself needs, if any.
        pub(in crate::event_loop) fn set(&mut self, due: Instant, now: Instant) -> Option<Duration> {
            // It may expire too early, and is set again then.
            if self.at.is_some_and(|at| now < at && at <= due) {
                return None;
            }
            let wait = due.saturating_duration_since(now);
            let Ok(it_value) = Timespec::try_from(wait) else { return Some(wait) };
            let time = Itimerspec { it_interval: Timespec::default(), it_value };
            if timerfd_settime(&self.timer, TimerfdTimerFlags::empty(), &time).is_err() {
                return Some(wait);
            }
            self.at = Some(due);
            None
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod platform {
    use std::{
        io,
        time::{Duration, Instant},
    };

    use mio::{Registry, Token};

    /// Without a timer that can be polled, the poll itself has a timeout.
    #[derive(Debug)]
    pub(in crate::event_loop) struct Timer;

    impl Timer {
        pub(in crate::event_loop) fn new(_: &Registry, _: Token) -> io::Result<Self> {
            Ok(Self)
        }

        pub(in crate::event_loop) fn set(&mut self, due: Instant, now: Instant) -> Option<Duration> {
            Some(due.saturating_duration_since(now))
        }
    }
}

pub(super) use platform::Timer;

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use mio::{Events, Poll, Token};

    use super::*;

    const TOKEN: Token = Token(7);

    /// Waits until something ends the wait, and returns whether that was an event.
    fn wait(poll: &mut Poll, limit: Option<Duration>) -> bool {
        let mut events = Events::with_capacity(1);
        poll.poll(&mut events, limit).unwrap();
        !events.is_empty()
    }

    #[test]
    fn a_wait_ends_when_it_is_due_and_not_before() {
        let mut poll = Poll::new().unwrap();
        let mut timer = Timer::new(poll.registry(), TOKEN).unwrap();
        for ms in [30, 1, 20] {
            let now = Instant::now();
            let due = now + Duration::from_millis(ms);
            let limit = timer.set(due, now);
            wait(&mut poll, limit);
            assert!(Instant::now() >= due, "{ms} ms");
            assert!(!wait(&mut poll, Some(Duration::from_millis(20))), "it ends two waits");
        }
    }

    #[test]
    fn the_first_of_two_times_counts_and_the_other_is_set_when_it_has_passed() {
        let mut poll = Poll::new().unwrap();
        let mut timer = Timer::new(poll.registry(), TOKEN).unwrap();
        let now = Instant::now();
        let [first, second] = [20, 60].map(|ms| now + Duration::from_millis(ms));
        timer.set(second, now);
        let limit = timer.set(first, now);
        wait(&mut poll, limit);
        let now = Instant::now();
        assert!(now >= first);
        while Instant::now() < second {
            let limit = timer.set(second, Instant::now());
            wait(&mut poll, limit);
        }
    }
}
