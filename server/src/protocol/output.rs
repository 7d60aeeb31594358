//! Frames that wait for the socket. The beginning of an answer is not ready to be sent: its message may turn out wrong.

use std::mem;

use super::header;

/// How much may be filled before it has to be sent, in bytes; one answer may go beyond.
pub(super) const FULL: usize = 64 << 10;

/// The first byte of a control frame.
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PING: u8 = 0x89;
pub(super) const PONG: u8 = 0x8a;

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
    /// How many answers were ended since it was empty.
    answers: u64,
    /// Whether there is a frame between them that answers no message.
    has_control: bool,
    /// Up to where there is room that the unfinished answer will need.
    expected: usize,
}

impl Output {
    /// No answers, and a buffer for them.
    pub(super) fn with_buffer(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// The buffer alone.
    pub(super) fn into_buffer(self) -> Vec<u8> {
        self.bytes
    }

    /// How large the buffer is, in bytes.
    pub(super) fn room(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there are no answers, not even a part of one.
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Goes on in a buffer that fits, and gives its own away.
    pub(super) fn shrink(&mut self) -> Vec<u8> {
        let fitting = self.bytes[..self.filled].to_vec();
        mem::replace(&mut self.bytes, fitting)
    }

    /// Whether its buffer is much larger than it needs.
    pub(super) fn is_roomy(&self) -> bool {
        self.filled.max(self.expected) < self.bytes.len() / 4
    }

    /// Whether there is enough for one write. What the socket took does not count: it stays in the buffer while an answer
    /// behind it is unfinished, and a write would take nothing. Nothing is unfinished when it is full, so that what is sent
    /// leaves it empty.
    pub(super) fn is_full(&self) -> bool {
        let is_full = self.complete - self.sent >= FULL;
        debug_assert!(!is_full || self.complete == self.filled, "an unfinished answer behind a full output");
        is_full
    }

    /// Whole answers that the socket has not taken yet.
    pub(super) fn ready(&self) -> &[u8] {
        &self.bytes[self.sent..self.complete]
    }

    /// How many answers those first bytes are, as long as that needs no counting: when they are all that there are.
    pub(super) fn answers(&self, taken: usize) -> Option<u64> {
        (self.sent == 0 && taken == self.complete && !self.has_control).then_some(self.answers)
    }

    /// What has come of the unfinished message.
    pub(super) fn unfinished(&self) -> &[u8] {
        &self.bytes[self.payload..self.filled]
    }

    /// Begins an answer of one frame, with that first byte and so many bytes of payload, of which `prefix` are the first.
    #[inline(always)]
    pub(super) fn begin(&mut self, first: u8, length: u64, prefix: &[u8]) {
        self.reserve(header::MAX_SIZE + prefix.len());
        self.filled += header::write(first, length, &mut self.bytes[self.filled..]);
        if !prefix.is_empty() {
            self.bytes[self.filled..][..prefix.len()].copy_from_slice(prefix);
            self.filled += prefix.len();
        }
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
        self.answers += 1;
    }

    /// Ends a control frame, which was begun as an answer is.
    pub(super) fn end_control(&mut self) {
        self.complete = self.filled;
        self.has_control = true;
    }

    /// Adds a control frame, where no answer is unfinished.
    pub(super) fn control(&mut self, first: u8, payload: &[u8]) {
        self.begin(first, payload.len() as u64, payload);
        self.end_control();
    }

    /// Adds an empty ping, before the unfinished answer if there is one.
    pub(super) fn ping(&mut self) {
        if self.filled == self.complete {
            return self.control(PING, &[]);
        }
        let ping = [PING, 0];
        self.bytes.splice(self.complete..self.complete, ping);
        self.complete += ping.len();
        self.payload += ping.len();
        self.filled += ping.len();
        self.expected += ping.len();
        self.has_control = true;
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

    /// Makes room for the next bytes of the unfinished answer, and keeps it until they have come.
    pub(super) fn make_room(&mut self, count: usize) {
        self.reserve(count);
        self.expected = self.filled + count;
    }

    fn reserve(&mut self, count: usize) {
        let needed = self.filled + count;
        if needed > self.bytes.len() {
            self.bytes.resize(needed, 0);
        }
    }

    fn rewind(&mut self) {
        if self.sent == self.filled {
            *self = Self { bytes: mem::take(&mut self.bytes), ..Self::default() };
        }
    }
}
