//! Answers of the fast path that wait for the socket. Never shows part of a message as ready to be sent.

use std::mem;

use super::header::{self, Header};

/// How much may be filled before it has to be sent, in bytes; one answer may go beyond.
const FULL: usize = 64 << 10;

/// Whole answers, and perhaps one behind them whose end has not come.
#[derive(Debug, Default)]
pub(super) struct Output {
    /// What lies beyond `filled` is room: it was written before and means nothing.
    bytes: Vec<u8>,
    /// So much of it the socket took.
    sent: usize,
    /// So far it is whole answers.
    complete: usize,
    /// Where the payload of the unfinished answer begins, if there is one.
    payload: usize,
    filled: usize,
    /// How much there will be when the unfinished answer has its end, as far as that is sure enough to keep the room.
    expected: usize,
}

impl Output {
    /// An output with this buffer, of which nothing is filled.
    pub(super) fn with_buffer(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// Whether nothing waits, not even part of a message.
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Whether there is enough for one write.
    pub(super) fn is_full(&self) -> bool {
        self.complete >= FULL
    }

    /// Whole answers that the socket has not taken yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.bytes[self.sent..self.complete]
    }

    /// What has come of the unfinished message.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.bytes[self.payload..self.filled]
    }

    /// Begins an answer: its header, and what it says before the client's own words.
    pub(super) fn begin(&mut self, header: &Header, prefix: &[u8]) {
        self.reserve(header::MAX_SIZE + prefix.len());
        self.filled += header.write(&mut self.bytes[self.filled..]);
        self.bytes[self.filled..][..prefix.len()].copy_from_slice(prefix);
        self.filled += prefix.len();
        self.payload = self.filled;
    }

    /// The next `count` bytes of the unfinished answer's payload, to be written over.
    pub(super) fn extend(&mut self, count: usize) -> &mut [u8] {
        self.reserve(count);
        let start = self.filled;
        self.filled += count;
        &mut self.bytes[start..self.filled]
    }

    /// Ends the unfinished answer: it may be sent.
    pub(super) fn end(&mut self) {
        self.complete = self.filled;
    }

    /// Takes the unfinished answer back.
    pub(super) fn cancel(&mut self) {
        self.filled = self.complete;
        self.rewind();
    }

    /// Notes that the socket took that much of what is ready.
    pub(super) fn took(&mut self, count: usize) {
        self.sent += count;
        self.rewind();
    }

    /// Makes room for the `rest` of the unfinished answer, and keeps it until that has come.
    pub(super) fn expect(&mut self, rest: usize) {
        self.reserve(rest);
        self.expected = self.filled + rest;
    }

    /// The output with a buffer that is not much larger than it needs, and the other buffer if there are two now.
    pub(super) fn fit(self) -> (Self, Option<Vec<u8>>) {
        if self.filled.max(self.expected) >= self.bytes.len() / 4 {
            return (self, None);
        }
        let fitting = Self {
            bytes: self.bytes[self.sent..self.filled].to_vec(),
            sent: 0,
            complete: self.complete - self.sent,
            payload: self.payload.saturating_sub(self.sent),
            filled: self.filled - self.sent,
            expected: 0,
        };
        (fitting, Some(self.bytes))
    }

    fn reserve(&mut self, count: usize) {
        let needed = self.filled + count;
        if needed > self.bytes.len() {
            self.bytes.resize(needed, 0);
        }
    }

    fn rewind(&mut self) {
        if self.sent == self.filled {
            *self = Self::with_buffer(mem::take(&mut self.bytes));
        }
    }
}
