//! Messages that were sent once, sent again with the same gaps between them. It never sends one itself.

use std::collections::VecDeque;

use crate::data::payload::Payload;
use crate::data::time::Time;

/// One message to be sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayMessage {
    /// How long after the first one, in milliseconds.
    pub offset: f64,
    /// What it carries.
    pub payload: Payload,
}

/// A replay on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    start: Time,
    /// What is still to come, in order.
    messages: VecDeque<ReplayMessage>,
    /// How many there were.
    total: usize,
}

impl Replay {
    /// A replay whose first message is due now.
    pub fn new(messages: Vec<ReplayMessage>, now: Time) -> Self {
        Self { start: now, total: messages.len(), messages: messages.into() }
    }

    /// How many messages it has in all.
    pub fn total(&self) -> usize {
        self.total
    }

    /// How many are still to come.
    pub fn left(&self) -> usize {
        self.messages.len()
    }

    /// When the next one is due; `None` after the last.
    pub fn next(&self) -> Option<Time> {
        self.messages.front().map(|message| self.start.after(message.offset))
    }

    /// The message that is due now, if one is.
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
