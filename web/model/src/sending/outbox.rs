//! What is to be sent and has not been given to the browser yet, because the network is slower or there is no connection.
//! It never loses a message: what it has no room for, it refuses.

use std::collections::VecDeque;

use thiserror::Error;

use crate::data::format::{Count, Size};
use crate::data::payload::Payload;
use crate::log::Source;

/// A message on its way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// What it carries.
    pub payload: Payload,
    /// Who wants it sent.
    pub source: Source,
}

/// How many bytes may wait in the browser
/// ([`bufferedAmount`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/bufferedAmount)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// From here on it gets no more.
    pub high: u64,
    /// From here down it gets more again.
    pub low: u64,
}

impl Default for Watermarks {
    fn default() -> Self {
        Self { high: 4 << 20, low: 1 << 20 }
    }
}

/// There is no room for another message: ask the person to wait, or to let go of those that do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{} messages of {} wait to be sent already, which is the limit", Count(*messages as u64), Size(*bytes as u64))]
pub struct OutboxFull {
    /// Messages that wait.
    pub messages: usize,
    /// Bytes of their payloads.
    pub bytes: usize,
}

/// The messages that wait, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Outgoing>,
    /// Bytes of the payloads of `waiting`.
    bytes: usize,
    /// Bytes that wait in the browser: as it said last, and what it got since.
    buffered: u64,
    /// Messages handed over that have not been reported on yet.
    in_flight: usize,
    /// Of those, how many came back; they are the first ones of `waiting`.
    returned: usize,
    flow: Flow,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Open,
    /// The high mark was reached, the low one not yet.
    Paused,
    /// The browser has refused a message, and will refuse all others on this connection.
    Closed,
}

impl Outbox {
    /// Messages that can wait at once.
    pub const MAX_MESSAGES: usize = 10_000;
    /// Bytes that can wait at once, unless one message alone has more.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Adds a message at the end.
    ///
    /// # Errors
    /// [`OutboxFull`] with the message, where there is no room for it.
    pub fn push(&mut self, message: Outgoing) -> Result<(), (OutboxFull, Outgoing)> {
        let bytes = self.bytes + message.payload.size();
        let full = self.waiting.len() >= Self::MAX_MESSAGES || bytes > Self::MAX_BYTES;
        if full && !self.waiting.is_empty() {
            return Err((OutboxFull { messages: self.waiting.len(), bytes: self.bytes }, message));
        }
        self.bytes = bytes;
        self.waiting.push_back(message);
        Ok(())
    }

    /// The next message for the browser, if it may have one now. Each is to be reported on by [`Outbox::accepted`] or
    /// [`Outbox::return_unsent`], in order.
    pub fn next(&mut self, watermarks: Watermarks) -> Option<Outgoing> {
        if self.is_paused(watermarks) {
            self.pause();
            return None;
        }
        self.flow = Flow::Open;
        let message = self.waiting.pop_front()?;
        self.bytes -= message.payload.size();
        self.buffered += message.payload.size() as u64;
        self.in_flight += 1;
        Some(message)
    }

    /// The browser took a message, and so many bytes wait there now.
    pub fn accepted(&mut self, buffered: u64) {
        self.reported();
        if self.in_flight == 0 {
            self.buffered = buffered;
        }
    }

    /// The browser did not take this message: it will be the next one again.
    pub fn return_unsent(&mut self, message: Outgoing) {
        self.bytes += message.payload.size();
        self.waiting.insert(self.returned, message);
        self.returned += 1;
        self.reported();
    }

    /// The browser did not take a message, and somebody else keeps it.
    pub fn dropped(&mut self) {
        self.reported();
    }

    /// Whether every message handed over has been reported on.
    pub fn is_settled(&self) -> bool {
        self.in_flight == 0
    }

    fn reported(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.in_flight == 0 {
            self.returned = 0;
        }
    }

    /// Whether the browser has enough for now.
    pub fn is_paused(&self, watermarks: Watermarks) -> bool {
        match self.flow {
            Flow::Open => self.buffered >= watermarks.high,
            Flow::Paused => self.buffered > watermarks.low,
            Flow::Closed => true,
        }
    }

    fn pause(&mut self) {
        if self.flow == Flow::Open {
            self.flow = Flow::Paused;
        }
    }

    /// The browser takes no more on this connection.
    pub fn close(&mut self) {
        self.flow = Flow::Closed;
    }

    /// Whether the browser takes no more on this connection.
    pub fn is_closed(&self) -> bool {
        self.flow == Flow::Closed
    }

    /// There is a fresh connection, or none.
    pub fn reset(&mut self) {
        self.buffered = 0;
        self.flow = Flow::Open;
    }

    /// Takes over how many bytes wait in the browser.
    pub fn set_buffered(&mut self, bytes: u64) {
        self.buffered = bytes;
    }

    /// Bytes that wait in the browser.
    pub fn buffered(&self) -> u64 {
        self.buffered
    }

    /// How many messages wait here.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none waits here.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes of the payloads that wait here.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Lets go of everything that waits here.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WATERMARKS: Watermarks = Watermarks { high: 10, low: 4 };

    fn message(size: usize) -> Outgoing {
        Outgoing { payload: Payload::Binary(vec![0; size]), source: Source::Person }
    }

    #[test]
    fn the_browser_gets_messages_up_to_the_high_mark_and_again_from_the_low_mark_down() {
        let mut outbox = Outbox::default();
        for _ in 0..4 {
            outbox.push(message(6)).unwrap();
        }
        assert_eq!(outbox.next(WATERMARKS), Some(message(6)));
        assert_eq!(outbox.next(WATERMARKS), Some(message(6)));
        assert_eq!((outbox.next(WATERMARKS), outbox.buffered(), outbox.len()), (None, 12, 2));
        outbox.set_buffered(5);
        assert_eq!(outbox.next(WATERMARKS), None);
        outbox.set_buffered(4);
        assert_eq!(outbox.next(WATERMARKS), Some(message(6)));
    }

    #[test]
    fn what_the_browser_refused_goes_first_the_next_time_and_in_its_order() {
        let mut outbox = Outbox::default();
        for size in 1..=4 {
            outbox.push(message(size)).unwrap();
        }
        let handed: Vec<_> = (0..3).filter_map(|_| outbox.next(WATERMARKS)).collect();
        outbox.accepted(1);
        assert!(!outbox.is_settled());
        for message in handed.into_iter().skip(1) {
            outbox.return_unsent(message);
        }
        assert!(outbox.is_settled());
        outbox.set_buffered(0);
        let sizes: Vec<_> =
            std::iter::from_fn(|| outbox.next(WATERMARKS)).map(|message| message.payload.size()).collect();
        assert_eq!((sizes, outbox.bytes()), (vec![2, 3, 4], 0));
    }

    #[test]
    fn what_there_is_no_room_for_is_refused_but_a_single_message_never() {
        let mut outbox = Outbox::default();
        outbox.push(message(Outbox::MAX_BYTES + 1)).unwrap();
        let (full, refused) = outbox.push(message(7)).unwrap_err();
        assert_eq!(refused, message(7));
        assert_eq!(full.to_string(), "1 messages of 64.0 MiB wait to be sent already, which is the limit");
        outbox.clear();
        for _ in 0..Outbox::MAX_MESSAGES {
            outbox.push(message(0)).unwrap();
        }
        assert!(outbox.push(message(0)).is_err());
    }

    proptest! {
        #[test]
        fn messages_leave_in_the_order_in_which_they_came(
            sizes in proptest::collection::vec(0usize..20, 0..40),
            buffered in proptest::collection::vec(0u64..20, 1..10),
        ) {
            let mut outbox = Outbox::default();
            let mut left = Vec::new();
            for (index, &size) in sizes.iter().enumerate() {
                outbox.push(message(size)).unwrap();
                outbox.set_buffered(buffered[index % buffered.len()]);
                left.extend(outbox.next(WATERMARKS).map(|message| message.payload.size()));
            }
            outbox.set_buffered(0);
            while let Some(message) = outbox.next(Watermarks { high: u64::MAX, low: 0 }) {
                left.push(message.payload.size());
            }
            prop_assert_eq!(left, sizes);
            prop_assert_eq!(outbox.bytes(), 0);
        }
    }
}
