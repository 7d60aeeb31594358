//! A message that is assembled of its parts, behind what comes before it in its answer.

/// How much room there is at the least for the next part, in bytes.
const ROOM: usize = 16 << 10;

/// The message, as far as it has arrived.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    /// What lies beyond `filled` is room.
    bytes: Vec<u8>,
    filled: usize,
    /// So many of the first bytes are the answer's prefix.
    prefix: usize,
}

impl Assembly {
    /// Starts a message.
    pub(super) fn begin(&mut self, prefix: &[u8]) {
        self.clear();
        self.extend(prefix.len()).copy_from_slice(prefix);
        self.prefix = prefix.len();
    }

    /// The next `count` bytes of the message, to be overwritten.
    pub(super) fn extend(&mut self, count: usize) -> &mut [u8] {
        let start = self.filled;
        self.filled += count;
        if self.filled > self.bytes.len() {
            self.bytes.resize(self.filled, 0);
        }
        &mut self.bytes[start..self.filled]
    }

    /// Room for the next part of a message of at most `limit` bytes, of which [`fill`](Self::fill) says how much was used.
    pub(super) fn room(&mut self, limit: u64) -> &mut [u8] {
        let least = self.filled + ROOM;
        if self.bytes.len() < least {
            // Room is cleared, so that memory is taken for it: no more than the message may need.
            let most = usize::try_from(limit).map_or(usize::MAX, |limit| limit.saturating_add(self.prefix + ROOM));
            self.bytes.resize((2 * self.filled).min(most).max(least), 0);
        }
        &mut self.bytes[self.filled..]
    }

    pub(super) fn fill(&mut self, count: usize) {
        self.filled += count;
    }

    /// The message.
    pub(super) fn message(&self) -> &[u8] {
        &self.bytes[self.prefix..self.filled]
    }

    /// The message behind its prefix.
    pub(super) fn answer(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    pub(super) fn clear(&mut self) {
        self.filled = 0;
        self.prefix = 0;
    }

    /// Whether there is nothing of a message, not even its prefix.
    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// How large the buffer is, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The same in a buffer that fits it.
    pub(super) fn shrink(&mut self) -> Self {
        let fitting = Self { bytes: self.answer().to_vec(), ..*self };
        self.clear();
        fitting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_for_no_more_than_the_largest_message() {
        const LIMIT: usize = 1 << 20;
        let mut assembly = Assembly::default();
        assembly.begin(b"prefix");
        while assembly.message().len() < LIMIT {
            assert!(assembly.room(LIMIT as u64).len() >= ROOM);
            assembly.fill(1000.min(LIMIT - assembly.message().len()));
        }
        // One byte more shows that the message is too large.
        assert_eq!(assembly.room(LIMIT as u64).len(), ROOM);
        assert_eq!(assembly.size(), b"prefix".len() + LIMIT + ROOM);
    }

    #[test]
    fn room_grows_with_the_message() {
        let mut assembly = Assembly::default();
        assembly.begin(b"");
        assert_eq!(assembly.room(u64::MAX).len(), ROOM);
        assembly.fill(ROOM);
        assembly.room(u64::MAX);
        assembly.fill(ROOM);
        assembly.room(u64::MAX);
        assert_eq!(assembly.size(), 4 * ROOM);
    }
}
