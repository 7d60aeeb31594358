//! A message that arrives in parts, laid out as its answer: room for a header, what comes before the message, the message.

use super::{buffer::Buffer, header::ANSWER_HEADER, message::Limits};

/// The message, as far as it has arrived.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    pub(super) buffer: Buffer,
    /// Where the message begins, in bytes.
    start: usize,
}

impl Assembly {
    /// Starts a message.
    pub(super) fn begin(&mut self, prefix: &[u8]) {
        self.clear();
        self.buffer.extend(ANSWER_HEADER);
        self.buffer.extend(prefix.len()).copy_from_slice(prefix);
        self.start = ANSWER_HEADER + prefix.len();
    }

    /// Room for the next part of an inflated message.
    pub(super) fn room(&mut self, limits: &Limits) -> &mut [u8] {
        let most = usize::try_from(limits.message).unwrap_or(usize::MAX);
        self.buffer.room(most.saturating_add(self.start))
    }

    /// The message.
    pub(super) fn message(&self) -> &[u8] {
        &self.buffer.filled()[self.start..]
    }

    /// The answer's payload: the message behind its prefix.
    pub(super) fn answer(&self) -> &[u8] {
        &self.buffer.filled()[ANSWER_HEADER..]
    }

    pub(super) fn clear(&mut self) {
        self.buffer.truncate(0);
        self.start = 0;
    }
}
