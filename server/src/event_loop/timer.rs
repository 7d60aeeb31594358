//! Ends a worker's wait for its sockets when the first of its registrations is due. Never asks what for.
//!
//! A set of sockets can be asked with a time to wait, too; but then the system sets a timer and takes it back each time
//! that it finds nothing, which costs a lone connection 2 to 3 % of a message. The timer here stays set.

#[cfg(any(target_os = "linux", target_os = "android"))]
mod platform {
    use std::{
        io,
        os::fd::{AsRawFd, OwnedFd},
        time::Duration,
    };

    use mio::{Interest, Registry, Token, unix::SourceFd};
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
    };
    use tokio::time::Instant;

    /// A timer that is one of the things that are waited for.
    #[derive(Debug)]
    pub(in crate::event_loop) struct Alarm {
        timer: OwnedFd,
        /// When it rings next, or has rung last.
        at: Option<Instant>,
    }

    impl Alarm {
        /// Has it watched with the sockets.
        pub(in crate::event_loop) fn new(registry: &Registry, token: Token) -> io::Result<Self> {
            let timer = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
            registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
            Ok(Self { timer, at: None })
        }

        /// Sees to it that a wait that begins now ends at `due`, or before; tells for how long the wait itself is to
        /// be, where it is not without end.
        pub(in crate::event_loop) fn set(&mut self, due: Instant, now: Instant) -> Option<Duration> {
            // It may ring too early, and is set again then.
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
    use std::{io, time::Duration};

    use mio::{Registry, Token};
    use tokio::time::Instant;

    /// Where there is no timer that can be waited for, the wait itself is limited.
    #[derive(Debug)]
    pub(in crate::event_loop) struct Alarm;

    impl Alarm {
        pub(in crate::event_loop) fn new(_: &Registry, _: Token) -> io::Result<Self> {
            Ok(Self)
        }

        pub(in crate::event_loop) fn set(&mut self, due: Instant, now: Instant) -> Option<Duration> {
            Some(due.saturating_duration_since(now))
        }
    }
}

pub(super) use platform::Alarm;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll, Token};
    use tokio::time::Instant;

    use super::*;

    const TOKEN: Token = Token(7);

    /// Waits until something ends the wait, and tells whether that was an event.
    fn wait(poll: &mut Poll, limit: Option<Duration>) -> bool {
        let mut events = Events::with_capacity(1);
        poll.poll(&mut events, limit).unwrap();
        !events.is_empty()
    }

    #[test]
    fn a_wait_ends_when_it_is_due_and_not_before() {
        let mut poll = Poll::new().unwrap();
        let mut alarm = Alarm::new(poll.registry(), TOKEN).unwrap();
        for ms in [30, 1, 20] {
            let now = Instant::now();
            let due = now + Duration::from_millis(ms);
            let limit = alarm.set(due, now);
            wait(&mut poll, limit);
            assert!(Instant::now() >= due, "{ms} ms");
            assert!(!wait(&mut poll, Some(Duration::from_millis(20))), "it ends two waits");
        }
    }

    #[test]
    fn the_first_of_two_times_counts_and_the_other_is_set_when_it_has_passed() {
        let mut poll = Poll::new().unwrap();
        let mut alarm = Alarm::new(poll.registry(), TOKEN).unwrap();
        let now = Instant::now();
        let [first, second] = [20, 60].map(|ms| now + Duration::from_millis(ms));
        alarm.set(second, now);
        let limit = alarm.set(first, now);
        wait(&mut poll, limit);
        let now = Instant::now();
        assert!(now >= first);
        while Instant::now() < second {
            let limit = alarm.set(second, Instant::now());
            wait(&mut poll, limit);
        }
    }
}
