//! Whether a peer that says nothing is still there: a ping now and then, and a time in which anything must come back.
//! Never reads a clock or sends anything itself.

use std::time::Duration;

/// The longest time between two checks, whatever the pings are: a quiet connection is looked at now and then.
const LONGEST_STEP: Duration = Duration::from_secs(20);

/// The pings of one connection.
#[derive(Debug)]
pub(crate) struct KeepAlive {
    /// Time between two pings.
    interval: Duration,
    /// Time for the peer to be heard of after a ping.
    timeout: Duration,
    /// Time from the last ping to the last check.
    since_ping: Duration,
    /// There where a ping has not been followed by anything.
    unheard: Option<Unheard>,
    /// Time from the last check to the next one.
    step: Duration,
}

#[derive(Debug)]
struct Unheard {
    /// How many bytes had come when the ping was sent.
    received: u64,
    /// How long ago that was, at the last check.
    silent: Duration,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Send a ping.
    Ping,
    /// Nothing.
    Wait,
    /// Give the peer up: it has not been heard of for too long after a ping.
    Gone,
}

impl KeepAlive {
    /// Pings each `interval`, and gives the peer `timeout` to be heard of; an `interval` of zero sends none.
    pub(crate) fn new(interval: Duration, timeout: Duration) -> Self {
        let interval = if interval.is_zero() { Duration::MAX } else { interval };
        let mut keep_alive =
            Self { interval, timeout, since_ping: Duration::ZERO, unheard: None, step: Duration::ZERO };
        keep_alive.plan();
        keep_alive
    }

    /// In what time the next check is due.
    pub(crate) fn step(&self) -> Duration {
        self.step
    }

    /// Judges the peer, which has sent that many bytes so far, when a step is over. Anything it sends counts, not only
    /// the pong; where it is not known what it has sent, it is not judged.
    pub(crate) fn check(&mut self, received: Option<u64>) -> Verdict {
        self.since_ping = self.since_ping.saturating_add(self.step);
        self.unheard = self.unheard.take().filter(|unheard| Some(unheard.received) == received);
        if let Some(unheard) = &mut self.unheard {
            unheard.silent += self.step;
            if unheard.silent >= self.timeout {
                return Verdict::Gone;
            }
        }
        let is_due = self.since_ping >= self.interval;
        if is_due {
            self.since_ping = Duration::ZERO;
            let unheard = received.map(|received| Unheard { received, silent: Duration::ZERO });
            self.unheard = self.unheard.take().or(unheard);
        }
        self.plan();
        if is_due { Verdict::Ping } else { Verdict::Wait }
    }

    fn plan(&mut self) {
        let to_ping = self.interval - self.since_ping;
        let to_end = self.unheard.as_ref().map_or(LONGEST_STEP, |unheard| self.timeout - unheard.silent);
        self.step = to_ping.min(to_end).min(LONGEST_STEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When pings are sent and when the peer is given up, in seconds, within ten minutes; `received` tells how many
    /// bytes have come at a time.
    fn course(interval: u64, timeout: u64, received: impl Fn(u64) -> u64) -> (Vec<u64>, Option<u64>) {
        let mut keep_alive = KeepAlive::new(Duration::from_secs(interval), Duration::from_secs(timeout));
        let (mut now, mut pings) = (Duration::ZERO, Vec::new());
        while now < Duration::from_secs(600) {
            now += keep_alive.step();
            match keep_alive.check(Some(received(now.as_secs()))) {
                Verdict::Ping => pings.push(now.as_secs()),
                Verdict::Wait => {}
                Verdict::Gone => return (pings, Some(now.as_secs())),
            }
        }
        (pings, None)
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
    fn a_peer_that_was_heard_of_once_more_gets_its_time_anew() {
        assert_eq!(course(10, 15, |now| u64::from(now > 12)), (vec![10, 20, 30], Some(35)));
    }

    #[test]
    fn a_peer_that_is_not_listened_to_is_pinged_and_not_judged() {
        let mut keep_alive = KeepAlive::new(Duration::from_secs(10), Duration::from_secs(10));
        for _ in 0..5 {
            assert_eq!(keep_alive.check(None), Verdict::Ping);
        }
    }

    #[test]
    fn an_interval_of_zero_never_pings() {
        assert_eq!(course(0, 20, |_| 0), (vec![], None));
    }
}
