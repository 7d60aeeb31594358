//! Whole frames that wait for the socket.

use std::mem;

use super::{
    assembly::Assembly,
    buffer::Buffer,
    counters::Whole,
    header::{self, ANSWER_HEADER},
};

/// How much may be filled before it has to be sent, in bytes; one answer may go beyond.
pub(super) const FULL: usize = 64 << 10;

/// The first byte of a frame that is a whole message.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
/// The first byte of a control frame.
pub(super) const CLOSE: u8 = 0x88;
pub(super) const PING: u8 = 0x89;
pub(super) const PONG: u8 = 0x8a;

/// Frames, of which the socket has perhaps taken a part.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub(super) buffer: Buffer,
    /// So many of the bytes the socket took, or are none of the frames'.
    start: usize,
    /// The messages that the frames are, each of them plain and whole.
    answers: Whole,
    /// Whether there is anything else, such as a control frame or the end of a frame.
    has_others: bool,
}

impl Output {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Whether there is enough for one write.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.buffer.filled().len() - self.start >= FULL
    }

    /// What the socket has not taken yet.
    #[inline(always)]
    pub(super) fn ready(&self) -> &[u8] {
        &self.buffer.filled()[self.start..]
    }

    /// Which messages the first `taken` bytes are, as long as that needs no counting: when they are all that there is.
    #[inline(always)]
    pub(super) fn answers(&self, taken: usize) -> Option<Whole> {
        (!self.has_others && taken == self.ready().len()).then_some(self.answers)
    }

    /// Adds a plain answer of that first byte, in which `length` bytes follow `prefix`. They are to be written, and if they
    /// are wrong, the answer is taken back by [`truncate`](Self::truncate).
    #[inline(always)]
    pub(super) fn answer(&mut self, first: u8, prefix: &[u8], length: usize) -> &mut [u8] {
        let bytes = header::size((prefix.len() + length) as u64) + prefix.len() + length;
        self.answers.add(first, bytes as u64);
        self.begin(first, prefix, length)
    }

    /// Adds an answer of that first byte: the assembled message. If there is nothing before it, it is not copied.
    pub(super) fn answer_assembled(&mut self, first: u8, assembly: &mut Assembly) {
        let length = assembly.answer().len() as u64;
        let start = ANSWER_HEADER - header::size(length);
        self.answers.add(first, (assembly.buffer.filled().len() - start) as u64);
        header::write(first, length, &mut assembly.buffer.filled_mut()[start..]);
        if self.is_empty() {
            mem::swap(&mut self.buffer, &mut assembly.buffer);
            self.start = start;
        } else {
            let frame = &assembly.buffer.filled()[start..];
            self.buffer.extend(frame.len()).copy_from_slice(frame);
        }
        assembly.clear();
    }

    /// Adds a control frame or a compressed message, whose payload of `length` bytes is to be written.
    pub(super) fn frame(&mut self, first: u8, length: usize) -> &mut [u8] {
        self.has_others = true;
        self.begin(first, &[], length)
    }

    /// How many bytes there are, for [`truncate`](Self::truncate).
    #[inline(always)]
    pub(super) fn position(&self) -> usize {
        self.buffer.filled().len()
    }

    /// Takes back a text's answer that began at `position`.
    pub(super) fn truncate(&mut self, position: usize) {
        let bytes = self.position() - position;
        self.answers.take_back_text(bytes as u64);
        self.buffer.truncate(position);
    }

    /// Notes that the socket took that much of what is ready.
    #[inline(always)]
    pub(super) fn took(&mut self, count: usize) {
        self.start += count;
        self.has_others = true;
        if self.start == self.position() {
            self.buffer.truncate(0);
            (self.start, self.answers, self.has_others) = (0, Whole::default(), false);
        }
    }

    #[inline(always)]
    fn begin(&mut self, first: u8, prefix: &[u8], length: usize) -> &mut [u8] {
        let payload = prefix.len() + length;
        let size = header::size(payload as u64);
        let frame = self.buffer.extend(size + payload);
        header::write(first, payload as u64, frame);
        let (_, payload) = frame.split_at_mut(size);
        if prefix.is_empty() {
            return payload;
        }
        let (before, payload) = payload.split_at_mut(prefix.len());
        before.copy_from_slice(prefix);
        payload
    }
}
