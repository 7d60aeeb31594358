//! Bytes in room that is used over and over.

/// How much room there is at the least for the next part of what is inflated, in bytes.
const ROOM: usize = 16 << 10;

/// Bytes that were filled, and room behind them. The room was written before and means nothing; it is not cleared, which
/// would cost as much as filling it.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
}

impl Buffer {
    /// What was filled.
    #[inline(always)]
    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(super) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.filled]
    }

    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// How large it is together with its room, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The next `count` bytes, to be overwritten.
    #[inline(always)]
    pub(super) fn extend(&mut self, count: usize) -> &mut [u8] {
        let start = self.filled;
        self.filled += count;
        if self.filled > self.bytes.len() {
            self.bytes.resize(self.filled, 0);
        }
        &mut self.bytes[start..self.filled]
    }

    /// Room for the next bytes, of which [`fill`](Self::fill) says how many were used. It grows with what has come, up to
    /// `most` bytes in all.
    pub(super) fn room(&mut self, most: usize) -> &mut [u8] {
        let least = self.filled + ROOM;
        if self.bytes.len() < least {
            self.bytes.resize((2 * self.filled).min(most.saturating_add(ROOM)).max(least), 0);
        }
        &mut self.bytes[self.filled..]
    }

    pub(super) fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    #[inline(always)]
    pub(super) fn truncate(&mut self, count: usize) {
        self.filled = count;
    }

    /// Whether it is much larger than what it holds.
    pub(super) fn is_roomy(&self) -> bool {
        self.filled < self.bytes.len() / 4
    }

    /// The same in a buffer that fits.
    pub(super) fn fitting(&self) -> Self {
        Self { bytes: self.filled().to_vec(), filled: self.filled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_for_no_more_than_the_largest_message() {
        const LIMIT: usize = 1 << 20;
        let mut buffer = Buffer::default();
        while buffer.filled().len() < LIMIT {
            assert!(buffer.room(LIMIT).len() >= ROOM);
            buffer.fill(1000.min(LIMIT - buffer.filled().len()));
        }
        // One byte more shows that the message is too large.
        assert_eq!(buffer.room(LIMIT).len(), ROOM);
        assert_eq!(buffer.size(), LIMIT + ROOM);
    }

    #[test]
    fn room_grows_with_what_has_come() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.room(usize::MAX).len(), ROOM);
        buffer.fill(ROOM);
        buffer.room(usize::MAX);
        buffer.fill(ROOM);
        buffer.room(usize::MAX);
        assert_eq!(buffer.size(), 4 * ROOM);
    }
}
