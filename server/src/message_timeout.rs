//! When a message that has begun must be complete: after a time, and a second more for each 64 KiB that have come. So an
//! upload is never cut off as long as it is faster than that, however large it is.
//!
//! It reads no clock: its caller passes the time at which something began.

use std::time::{Duration, Instant};

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use crate::{keep_alive::MAX_DEADLINE, protocol::Unfinished};

/// How many bytes of a message, as they come over the wire, extend its time by a second.
const BYTES_PER_SECOND: u64 = 64 << 10;

/// The message, or the frame between two, that is arriving on one connection.
#[derive(Debug, Default)]
pub(crate) struct MessageTimeout(Option<Arriving>);

#[derive(Debug)]
struct Arriving {
    what: Unfinished,
    since: Instant,
    /// How many bytes had come on the connection then.
    received_before: u64,
}

impl MessageTimeout {
    /// Notes what is arriving, of `received` bytes in all; returns when that must be complete. A time of zero is no limit.
    pub(crate) fn deadline(
        &mut self,
        unfinished: Option<Unfinished>,
        received: u64,
        time: Duration,
        now: impl FnOnce() -> Instant,
    ) -> Option<Instant> {
        let Some(what) = unfinished.filter(|_| !time.is_zero()) else {
            self.0 = None;
            return None;
        };
        if self.0.as_ref().is_none_or(|arriving| arriving.what != what) {
            self.0 = Some(Arriving { what, since: now(), received_before: received });
        }
        let arriving = self.0.as_ref()?;
        let more = Duration::from_secs((received - arriving.received_before) / BYTES_PER_SECOND);
        Some(arriving.since + time.min(MAX_DEADLINE).saturating_add(more).min(MAX_DEADLINE))
    }
}

/// The close frame for a peer whose message takes too long.
pub(crate) fn too_slow() -> CloseFrame {
    CloseFrame { code: CloseCode::Policy, reason: "message took too long to arrive".into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(60);

    #[test]
    fn a_message_has_its_time_from_its_beginning_whatever_comes_of_it() {
        let start = Instant::now();
        let mut timeout = MessageTimeout::default();
        for second in 0..50 {
            let now = || start + Duration::from_secs(second);
            let deadline = timeout.deadline(Some(Unfinished::Message(7)), 1000 + second, TIME, now);
            assert_eq!(deadline, Some(start + TIME), "a byte a second is too slow");
        }
    }

    #[test]
    fn each_64_kib_of_it_give_a_second_more() {
        let start = Instant::now();
        let mut timeout = MessageTimeout::default();
        timeout.deadline(Some(Unfinished::Message(0)), 1 << 20, TIME, || start);
        let deadline = timeout.deadline(Some(Unfinished::Message(0)), (1 << 20) + (640 << 10), TIME, || start);
        assert_eq!(deadline, Some(start + Duration::from_secs(70)));
    }

    #[test]
    fn the_next_message_has_its_own_time_and_no_message_has_none() {
        let start = Instant::now();
        let later = start + Duration::from_secs(30);
        let mut timeout = MessageTimeout::default();
        timeout.deadline(Some(Unfinished::Message(0)), 10, TIME, || start);
        assert_eq!(timeout.deadline(Some(Unfinished::Message(1)), 20, TIME, || later), Some(later + TIME));
        assert_eq!(timeout.deadline(None, 20, TIME, || later), None);
        assert_eq!(timeout.deadline(Some(Unfinished::Frame(1)), 20, TIME, || later), Some(later + TIME));
    }

    #[test]
    fn zero_is_no_limit_and_the_longest_does_not_overflow() {
        let start = Instant::now();
        let mut timeout = MessageTimeout::default();
        assert_eq!(timeout.deadline(Some(Unfinished::Message(0)), 10, Duration::ZERO, || start), None);
        timeout.deadline(Some(Unfinished::Message(0)), 0, Duration::MAX, || start);
        let deadline = timeout.deadline(Some(Unfinished::Message(0)), u64::MAX, Duration::MAX, || start);
        assert_eq!(deadline, Some(start + MAX_DEADLINE));
    }
}
