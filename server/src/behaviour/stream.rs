//! What `/stream` sends by itself. Each message is due at a time that is counted from the opening, so that delays do not add
//! up; while the client does not read nothing is sent, and after that at once what is due.

use std::{collections::VecDeque, time::Duration};

use tokio_tungstenite::tungstenite::Message;
use wire::Kind;

use super::{Action, Ending, frames};

/// How many messages are sent at once, of those that are due.
const BATCH: u64 = 64;
/// How many bytes of them.
const BATCH_BYTES: usize = 256 << 10;

#[derive(Debug)]
pub(super) struct Stream {
    rule: wire::Stream,
    sent: u64,
    bytes: u64,
    /// When the first message was sent.
    first: Option<Duration>,
}

/// Whether there is more to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    Over,
}

impl Stream {
    pub(super) fn new(rule: wire::Stream) -> Self {
        Self { rule, sent: 0, bytes: 0, first: None }
    }

    /// When the next message is due, from the opening.
    pub(super) fn due(&self) -> Duration {
        if self.sent == self.rule.count {
            return Duration::ZERO;
        }
        nth_is_due(&self.rule, self.sent)
    }

    /// Sends what is due, a batch of it at most, or the report after the last message.
    pub(super) fn send(&mut self, now: Duration, unix: Duration, actions: &mut VecDeque<Action>) -> State {
        let mut left = BATCH.min((BATCH_BYTES / self.rule.size).max(1) as u64);
        if self.sent == self.rule.count {
            actions.push_back(Action::Send(Message::text(self.report(now))));
            actions.push_back(Action::Write(frames::close(Some(1000), b"").into()));
            actions.push_back(Action::End(Ending::Closed));
            return State::Over;
        }
        self.first.get_or_insert(now);
        while left > 0 && self.sent < self.rule.count && self.due() <= now {
            left -= 1;
            self.sent += 1;
            self.bytes += self.rule.size as u64;
            let text = message(self.sent, unix + now, self.rule.size);
            actions.push_back(Action::Send(match self.rule.kind {
                Kind::Text => Message::text(text),
                Kind::Binary => Message::binary(text),
            }));
        }
        State::Open
    }

    /// How long it took to send all of it, in milliseconds.
    fn report(&self, now: Duration) -> String {
        let took = now.saturating_sub(self.first.unwrap_or(now));
        let (sent, bytes, ms, us) = (self.sent, self.bytes, took.as_millis(), took.subsec_micros() % 1000);
        format!(r#"{{"sent":{sent},"bytes":{bytes},"ms":{ms}.{us:03}}}"#)
    }
}

/// When the message behind so many others is due, from the first.
pub(crate) fn nth_is_due(rule: &wire::Stream, number: u64) -> Duration {
    let before = number - number % rule.burst;
    let (seconds, rest) = (before / rule.rate, before % rule.rate);
    Duration::from_secs(seconds) + Duration::from_nanos(rest * 1_000_000_000 / rule.rate)
}

/// JSON with a message's number, from 1, and the time in milliseconds since 1970, filled up to its size.
pub(crate) fn message(number: u64, unix: Duration, size: usize) -> String {
    let (mut text, fill) = beginning(number, unix, size);
    text.reserve_exact(fill + END.len());
    text.extend(std::iter::repeat_n(FILL, fill));
    text + END
}

/// What a message is filled up with, and how it ends.
pub(crate) const FILL: char = 'x';
pub(crate) const END: &str = r#""}"#;

/// What a message begins with, and how many times [`FILL`] follows before its [`END`].
pub(crate) fn beginning(number: u64, unix: Duration, size: usize) -> (String, usize) {
    let text = format!(r#"{{"n":{number},"ms":{}.{:03},"fill":""#, unix.as_millis(), unix.subsec_micros() % 1000);
    let fill = size.saturating_sub(text.len() + END.len());
    (text, fill)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(url: &str) -> Stream {
        match url.parse::<wire::Target>().unwrap().behaviour() {
            wire::Behaviour::Stream(rule) => Stream::new(rule),
            other => panic!("{other:?}"),
        }
    }

    /// When each message is sent by a clock that is asked as soon as one is due, in milliseconds.
    fn times(url: &str) -> Vec<u64> {
        let mut stream = stream(url);
        let mut times = Vec::new();
        loop {
            let (now, mut actions) = (
                stream.due().max(times.last().map_or(Duration::ZERO, |ms| Duration::from_millis(*ms))),
                VecDeque::new(),
            );
            if stream.send(now, Duration::ZERO, &mut actions) == State::Over {
                return times;
            }
            times.extend(actions.iter().map(|_| now.as_millis() as u64));
        }
    }

    #[test]
    fn messages_are_due_at_the_rate_from_the_opening() {
        assert_eq!(times("/stream?rate=10&count=5"), [0, 100, 200, 300, 400]);
        assert_eq!(times("/stream?rate=10&count=5&burst=2"), [0, 0, 200, 200, 400]);
        assert_eq!(times("/stream?rate=1000&count=60000").last(), Some(&59_999));
        assert_eq!(times("/stream?rate=3&count=10").last(), Some(&3000));
    }

    #[test]
    fn a_message_has_its_number_its_time_and_its_size() {
        let mut stream = stream("/stream?size=64&count=2");
        let mut actions = VecDeque::new();
        stream.send(Duration::from_micros(1_500), Duration::from_secs(1_800_000_000), &mut actions);
        let text = r#"{"n":1,"ms":1800000000001.500,"fill":"xxxxxxxxxxxxxxxxxxxxxxxx"}"#;
        assert_eq!(actions, [Action::Send(Message::text(text))]);
        assert_eq!(text.len(), 64);
    }

    #[test]
    fn the_largest_number_has_room_in_the_smallest_message() {
        let mut stream = stream("/stream");
        stream.sent = 1_000_000_000_000;
        assert_eq!(message(stream.sent, Duration::from_secs(99_999_999_999), stream.rule.size).len(), 64);
    }

    #[test]
    fn what_is_late_is_sent_at_once_and_the_report_says_how_long_it_took() {
        let mut stream = stream("/stream?rate=10&count=3&kind=binary");
        let mut actions = VecDeque::new();
        stream.send(Duration::ZERO, Duration::ZERO, &mut actions);
        assert_eq!(actions.len(), 1);
        stream.send(Duration::from_secs(5), Duration::ZERO, &mut actions);
        assert_eq!(actions.len(), 3);
        assert_eq!(stream.send(Duration::from_secs(6), Duration::ZERO, &mut actions), State::Over);
        assert_eq!(actions[3], Action::Send(Message::text(r#"{"sent":3,"bytes":192,"ms":6000.000}"#)));
    }

    #[test]
    fn what_waits_to_be_sent_is_bounded() {
        let mut stream = stream("/stream?rate=1000000&size=1MiB&count=1000&burst=1000");
        let mut actions = VecDeque::new();
        stream.send(Duration::from_secs(100), Duration::ZERO, &mut actions);
        assert_eq!(actions.len(), 1);
    }
}
