//! How much of what was handed to a socket the network has taken.

/// The account of one socket.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Bytes of payload handed over, sent or not.
    handed: u64,
    /// Bytes of those that no longer waited at the last look.
    taken: u64,
}

impl Outbox {
    /// So many bytes were handed to the socket.
    pub fn hand(&mut self, bytes: usize) {
        self.handed += bytes as u64;
    }

    /// What the network has taken in all, where that has changed; `buffered` is the socket's
    /// [`bufferedAmount`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/bufferedAmount).
    pub fn look(&mut self, buffered: u32) -> Option<u64> {
        // A closed socket goes on counting what is handed to it, see MDN; this account never goes back.
        let taken = self.handed.saturating_sub(u64::from(buffered)).max(self.taken);
        let has_changed = taken != self.taken;
        self.taken = taken;
        has_changed.then_some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_told_when_it_changes() {
        let mut outbox = Outbox::default();
        assert_eq!(outbox.look(0), None);
        outbox.hand(100);
        outbox.hand(3);
        assert_eq!(outbox.look(103), None);
        assert_eq!(outbox.look(3), Some(100));
        assert_eq!(outbox.look(3), None);
        assert_eq!(outbox.look(0), Some(103));
    }
}
