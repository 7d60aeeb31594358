//! Sending recorded messages again with their original timing.

use std::collections::VecDeque;

use crate::data::payload::Payload;
use crate::data::time::Time;

#[derive(Debug, Clone, PartialEq)]
pub struct ReplayMessage {
    /// Milliseconds after the first message.
    pub offset: f64,
    pub payload: Payload,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    start: Time,
    messages: VecDeque<ReplayMessage>,
    total: usize,
}

impl Replay {
    /// The first message is due at once.
    pub fn new(messages: Vec<ReplayMessage>, now: Time) -> Self {
        Self { start: now, total: messages.len(), messages: messages.into() }
    }

    pub fn total(&self) -> usize {
        self.total
    }

    pub fn left(&self) -> usize {
        self.messages.len()
    }

    /// `None` after the last message.
    pub fn next(&self) -> Option<Time> {
        self.messages.front().map(|message| self.start.after(message.offset))
    }

    pub fn take_due(&mut self, now: Time) -> Option<Payload> {
        self.next().filter(|&next| next <= now)?;
        self.messages.pop_front().map(|message| message.payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_due_with_the_gaps_that_they_had() {
        let message = |offset, byte| ReplayMessage { offset, payload: Payload::Binary(vec![byte]) };
        let mut replay = Replay::new(vec![message(0.0, 1), message(50.0, 2), message(50.0, 3)], Time(1000.0));
        assert_eq!(replay.take_due(Time(1000.0)), Some(Payload::Binary(vec![1])));
        assert_eq!((replay.take_due(Time(1049.0)), replay.next()), (None, Some(Time(1050.0))));
        assert_eq!(replay.take_due(Time(2000.0)), Some(Payload::Binary(vec![2])));
        assert_eq!((replay.left(), replay.total()), (1, 3));
        assert_eq!(replay.take_due(Time(2000.0)), Some(Payload::Binary(vec![3])));
        assert_eq!((replay.take_due(Time(2000.0)), replay.next()), (None, None));
    }
}
