//! Whether a peer that says nothing is still there: a ping now and then, and a time in which anything must come back.
//! Never reads a clock or sends anything itself.

use std::time::Duration;

/// The pings of one connection.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    interval: Duration,
    timeout: Duration,
    /// While an answer is awaited: how many bytes had come when it was asked for.
    asked: Option<u64>,
}

/// What is to be done, and how long after it the next check is due.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send a ping.
    Ping(Duration),
    /// The peer was heard; nothing is to be done.
    Alive(Duration),
    /// The peer has not been heard of since the last ping.
    Gone,
}

impl KeepAlive {
    /// Pings each `interval`, and gives the peer `timeout` to be heard of; an `interval` of zero sends none.
    pub(crate) fn new(interval: Duration, timeout: Duration) -> Self {
        let interval = if interval.is_zero() { Duration::MAX } else { interval };
        Self { interval, timeout, asked: None }
    }

    /// After what time the first check is due.
    pub(crate) fn first(&self) -> Duration {
        bounded(self.interval)
    }

    /// Judges the peer, which has sent that many bytes so far. Anything it sends counts, not only the pong.
    pub(crate) fn check(&mut self, received: u64) -> Verdict {
        match self.asked {
            Some(before) if before == received => Verdict::Gone,
            Some(_) if self.timeout < self.interval => {
                self.asked = None;
                Verdict::Alive(bounded(self.interval - self.timeout))
            }
            _ => {
                self.asked = Some(received);
                Verdict::Ping(bounded(self.timeout))
            }
        }
    }
}

/// So far as a clock can be set.
fn bounded(time: Duration) -> Duration {
    time.min(Duration::from_secs(60 * 60 * 24 * 365))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_peer_that_answers_is_pinged_once_an_interval() {
        let mut keep_alive = KeepAlive::new(seconds(20), seconds(5));
        assert_eq!(keep_alive.first(), seconds(20));
        assert_eq!(keep_alive.check(0), Verdict::Ping(seconds(5)));
        assert_eq!(keep_alive.check(6), Verdict::Alive(seconds(15)));
        assert_eq!(keep_alive.check(6), Verdict::Ping(seconds(5)));
        assert_eq!(keep_alive.check(12), Verdict::Alive(seconds(15)));
    }

    #[test]
    fn a_peer_that_says_nothing_after_a_ping_is_gone() {
        let mut keep_alive = KeepAlive::new(seconds(20), seconds(20));
        assert_eq!(keep_alive.check(100), Verdict::Ping(seconds(20)));
        assert_eq!(keep_alive.check(101), Verdict::Ping(seconds(20)));
        assert_eq!(keep_alive.check(101), Verdict::Gone);
    }

    #[test]
    fn an_interval_of_zero_never_pings() {
        assert!(KeepAlive::new(Duration::ZERO, seconds(20)).first() > seconds(60 * 60 * 24));
    }
}
