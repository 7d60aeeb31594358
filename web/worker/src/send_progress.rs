//! Counts the bytes that a socket has written to the network.

/// The counters of one socket.
#[derive(Debug, Default)]
pub struct SendProgress {
    /// Bytes of payload given to it, sent or not.
    given: u64,
    /// Bytes of those that were no longer buffered at the last update.
    sent: u64,
}

impl SendProgress {
    /// Counts bytes that were given to the socket.
    pub fn add(&mut self, bytes: usize) {
        self.given += bytes as u64;
    }

    /// How many bytes were sent in all, if that has changed. `buffered` is the socket's
    /// [`bufferedAmount`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/bufferedAmount).
    pub fn update(&mut self, buffered: u32) -> Option<u64> {
        // `bufferedAmount` of a closed socket still increases; the number of sent bytes must not decrease.
        let sent = self.given.saturating_sub(u64::from(buffered)).max(self.sent);
        let has_changed = sent != self.sent;
        self.sent = sent;
        has_changed.then_some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_sent_bytes_is_returned_when_it_changes() {
        let mut progress = SendProgress::default();
        assert_eq!(progress.update(0), None);
        progress.add(100);
        progress.add(3);
        assert_eq!(progress.update(103), None);
        assert_eq!(progress.update(3), Some(100));
        assert_eq!(progress.update(3), None);
        assert_eq!(progress.update(0), Some(103));
    }
}
