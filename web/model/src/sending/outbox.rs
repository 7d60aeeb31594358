//! The queue of messages that the socket has not accepted yet, because the network is slower or there is no connection.
//!
//! A message goes through three places: `waiting` here, `in_flight` between page and socket, and the browser's buffer
//! (`buffered` bytes). The socket reports on each message in order: accepted, or returned because the connection has
//! closed. A returned message goes back to the front of `waiting`, behind those returned before it. So does one that the
//! socket accepted and could not send.

use std::collections::VecDeque;

use thiserror::Error;

use crate::data::format::{Counted, Size};
use crate::data::payload::Payload;
use crate::log::Source;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub payload: Payload,
    pub source: Source,
}

/// Bytes in the browser's buffer
/// ([`bufferedAmount`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/bufferedAmount)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// Sending pauses at this many.
    pub high: u64,
    /// Sending resumes at this many.
    pub low: u64,
}

impl Default for Watermarks {
    fn default() -> Self {
        Self { high: 4 << 20, low: 1 << 20 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the send queue is full: {} ({})", Counted(*messages as u64, "message"), Size(*bytes as u64))]
pub struct OutboxFull {
    pub messages: usize,
    /// Sum of the payloads.
    pub bytes: usize,
}

#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Outgoing>,
    /// Sum of the payloads of `waiting`.
    bytes: usize,
    /// Bytes in the browser's buffer: the last report, plus what was handed over since.
    buffered: u64,
    /// Messages handed over and not reported on yet.
    in_flight: usize,
    /// Messages returned since the last one was handed over; they are the first ones of `waiting`.
    returned: usize,
    flow: Flow,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Flow {
    #[default]
    Open,
    /// The high watermark was reached, the low one not yet.
    Paused,
    /// The socket has returned a message, and will return all others.
    Closed,
}

impl Outbox {
    pub const MAX_MESSAGES: usize = 10_000;
    /// A single message may be larger.
    pub const MAX_BYTES: usize = 64 << 20;

    /// # Errors
    /// [`OutboxFull`] with the message, if there is no room.
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

    /// The next message for the socket, unless sending is paused. Each needs a report, in order: [`Outbox::accepted`],
    /// [`Outbox::return_unsent`] or [`Outbox::dropped`].
    pub fn next(&mut self, watermarks: Watermarks) -> Option<Outgoing> {
        if self.is_paused(watermarks) {
            self.pause();
            return None;
        }
        self.flow = Flow::Open;
        self.returned = 0;
        let message = self.waiting.pop_front()?;
        self.bytes -= message.payload.size();
        self.buffered += message.payload.size() as u64;
        self.in_flight += 1;
        Some(message)
    }

    /// `buffered` is the browser's `bufferedAmount` afterwards.
    pub fn accepted(&mut self, buffered: u64) {
        self.reported();
        if self.in_flight == 0 {
            self.buffered = buffered;
        }
    }

    /// The socket did not accept this message; it is queued again.
    pub fn return_unsent(&mut self, message: Outgoing) {
        self.requeue(message);
        self.reported();
    }

    /// Queues a message again that was accepted. There is always room, because what a socket accepts is bounded as well.
    pub fn requeue(&mut self, message: Outgoing) {
        self.bytes += message.payload.size();
        self.waiting.insert(self.returned, message);
        self.returned += 1;
    }

    /// The socket did not accept a message, and it is not to be queued again.
    pub fn dropped(&mut self) {
        self.reported();
    }

    pub fn is_settled(&self) -> bool {
        self.in_flight == 0
    }

    fn reported(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

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

    /// The socket accepts no more.
    pub fn close(&mut self) {
        self.flow = Flow::Closed;
    }

    pub fn is_closed(&self) -> bool {
        self.flow == Flow::Closed
    }

    /// The connection has ended.
    pub fn reset(&mut self) {
        self.buffered = 0;
        self.flow = Flow::Open;
    }

    pub fn set_buffered(&mut self, bytes: u64) {
        self.buffered = bytes;
    }

    pub fn buffered(&self) -> u64 {
        self.buffered
    }

    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
        self.returned = 0;
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
        assert_eq!(full.to_string(), "the send queue is full: 1 message (64.0 MiB)");
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
