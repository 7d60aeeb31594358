//! Whether a silent peer is still there: a ping at each interval, and a time in which anything must come back.
//!
//! It reads no clock: its caller passes the time, and learns when to call next.

use std::time::{Duration, Instant};

/// The longest time that anything here waits, so that `Instant + Duration` cannot overflow.
pub(crate) const MAX_DEADLINE: Duration = Duration::from_hours(24 * 365);

/// How often pings are sent, and how long their answer may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PingTimes {
    /// Zero sends no pings.
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
}

/// The pings of one connection.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    next_ping: Instant,
    /// Present while nothing has come since a ping.
    unanswered: Option<Unanswered>,
}

#[derive(Debug)]
struct Unanswered {
    /// Bytes that had come when the ping was sent.
    received: u64,
    /// When the peer is given up.
    deadline: Instant,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send a ping.
    Ping,
    Wait,
    /// Give the peer up: nothing has come for too long after a ping.
    Gone,
}

impl KeepAlive {
    pub(crate) fn new(now: Instant, times: PingTimes) -> Self {
        let interval = if times.interval.is_zero() { MAX_DEADLINE } else { times.interval };
        Self { next_ping: now + interval.min(MAX_DEADLINE), unanswered: None }
    }

    /// When the next check is due.
    pub(crate) fn deadline(&self) -> Instant {
        self.unanswered.as_ref().map_or(self.next_ping, |unanswered| self.next_ping.min(unanswered.deadline))
    }

    /// Judges a peer that has sent `received` bytes so far. Anything that it sends counts, not only the pong. A peer that
    /// is not read from (`None`) gets its pings and is not judged.
    pub(crate) fn check(&mut self, now: Instant, received: Option<u64>, times: PingTimes) -> Verdict {
        self.unanswered.take_if(|unanswered| Some(unanswered.received) != received);
        if self.unanswered.as_ref().is_some_and(|unanswered| now >= unanswered.deadline) {
            return Verdict::Gone;
        }
        if now < self.next_ping {
            return Verdict::Wait;
        }
        self.next_ping = Self::new(now, times).next_ping;
        if self.unanswered.is_none() {
            let deadline = now + times.timeout.min(MAX_DEADLINE);
            self.unanswered = received.map(|received| Unanswered { received, deadline });
        }
        if times.interval.is_zero() { Verdict::Wait } else { Verdict::Ping }
    }

    /// Forgets an unanswered ping: the peer was not read from.
    pub(crate) fn forgive(&mut self) {
        self.unanswered = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(interval: u64, timeout: u64) -> PingTimes {
        PingTimes { interval: Duration::from_secs(interval), timeout: Duration::from_secs(timeout) }
    }

    /// When pings are sent and when the peer is given up, in seconds, within ten minutes; `received` returns how many
    /// bytes have come at a time.
    fn course(interval: u64, timeout: u64, received: impl Fn(u64) -> u64) -> (Vec<u64>, Option<u64>) {
        let (start, times) = (Instant::now(), times(interval, timeout));
        let mut keep_alive = KeepAlive::new(start, times);
        let mut pings = Vec::new();
        loop {
            let now = keep_alive.deadline();
            let second = (now - start).as_secs();
            if second >= 600 {
                return (pings, None);
            }
            match keep_alive.check(now, Some(received(second)), times) {
                Verdict::Ping => pings.push(second),
                Verdict::Wait => {}
                Verdict::Gone => return (pings, Some(second)),
            }
        }
    }

    #[test]
    fn a_peer_that_is_heard_of_is_pinged_once_an_interval() {
        for timeout in [5, 20, 60] {
            let (pings, gone) = course(20, timeout, |now| now);
            assert_eq!((&pings[..3], gone), (&[20, 40, 60][..], None), "timeout {timeout}");
        }
    }

    #[test]
    fn a_peer_that_says_nothing_after_a_ping_is_gone_after_the_timeout() {
        assert_eq!(course(20, 20, |_| 7), (vec![20], Some(40)));
        assert_eq!(course(20, 5, |_| 7), (vec![20], Some(25)));
        assert_eq!(course(5, 20, |_| 7), (vec![5, 10, 15, 20], Some(25)));
    }

    #[test]
    fn a_peer_that_was_heard_of_once_more_gets_the_whole_timeout_again() {
        assert_eq!(course(10, 15, |now| u64::from(now > 12)), (vec![10, 20, 30], Some(35)));
    }

    #[test]
    fn a_peer_that_is_not_read_from_is_pinged_and_not_judged() {
        let times = times(10, 10);
        let mut keep_alive = KeepAlive::new(Instant::now(), times);
        for _ in 0..5 {
            assert_eq!(keep_alive.check(keep_alive.deadline(), None, times), Verdict::Ping);
        }
    }

    #[test]
    fn a_ping_that_is_forgiven_gives_nobody_up() {
        let times = times(10, 10);
        let mut keep_alive = KeepAlive::new(Instant::now(), times);
        for _ in 0..5 {
            assert_eq!(keep_alive.check(keep_alive.deadline(), Some(7), times), Verdict::Ping);
            keep_alive.forgive();
        }
    }

    #[test]
    fn an_interval_of_zero_never_pings() {
        assert_eq!(course(0, 20, |_| 0), (vec![], None));
    }

    #[test]
    fn the_longest_times_do_not_overflow() {
        let times = PingTimes { interval: Duration::MAX, timeout: Duration::MAX };
        let mut keep_alive = KeepAlive::new(Instant::now(), times);
        assert_eq!(keep_alive.check(keep_alive.deadline(), Some(0), times), Verdict::Ping);
    }
}
