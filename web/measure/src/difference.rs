//! Where two byte strings differ, cut to what fits on a screen.

use serde::{Deserialize, Serialize};

/// Bytes that are shown before the first difference, and from it on.
const BEFORE: usize = 8;
const AFTER: usize = 24;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Of the first byte that differs.
    pub at: u64,
    /// How many bytes differ, as far as both are long.
    pub differing: u64,
    /// The offset of the first byte of both excerpts.
    pub from: u64,
    pub sent: Vec<u8>,
    pub received: Vec<u8>,
    pub sent_size: u64,
    pub received_size: u64,
}

impl Difference {
    /// `None` where they are equal.
    pub fn of(sent: &[u8], received: &[u8]) -> Option<Self> {
        let pairs = || sent.iter().zip(received);
        let shorter = sent.len().min(received.len());
        let at = pairs().position(|(a, b)| a != b).unwrap_or(shorter);
        if at == sent.len() && at == received.len() {
            return None;
        }
        let from = at.saturating_sub(BEFORE);
        let excerpt = |bytes: &[u8]| bytes[from..bytes.len().min(at + AFTER)].to_vec();
        Some(Self {
            at: at as u64,
            differing: pairs().filter(|(a, b)| a != b).count() as u64,
            from: from as u64,
            sent: excerpt(sent),
            received: excerpt(received),
            sent_size: sent.len() as u64,
            received_size: received.len() as u64,
        })
    }

    /// The excerpt of what was sent, and that of what was received, each with whether it differs, in hexadecimal.
    pub fn rows(&self) -> [Vec<(bool, String)>; 2] {
        let row = |bytes: &[u8], other: &[u8]| {
            let differs = |index: usize, byte: &u8| other.get(index) != Some(byte);
            bytes.iter().enumerate().map(|(index, byte)| (differs(index, byte), format!("{byte:02x}"))).collect()
        };
        [row(&self.sent, &self.received), row(&self.received, &self.sent)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_bytes_have_no_difference() {
        assert_eq!(Difference::of(b"", b""), None);
        assert_eq!(Difference::of(b"abc", b"abc"), None);
    }

    #[test]
    fn the_first_difference_is_found_and_all_are_counted() {
        let difference = Difference::of(b"abcdef", b"abXdeY").unwrap();
        assert_eq!((difference.at, difference.differing, difference.from), (2, 2, 0));
        let marked = |row: &[(bool, String)]| row.iter().map(|(differs, _)| u8::from(*differs)).collect::<Vec<_>>();
        let [sent, received] = difference.rows();
        assert_eq!((marked(&sent), marked(&received)), (vec![0, 0, 1, 0, 0, 1], vec![0, 0, 1, 0, 0, 1]));
    }

    #[test]
    fn a_reply_that_is_cut_differs_where_it_ends() {
        let difference = Difference::of(b"abcdef", b"abcd").unwrap();
        assert_eq!((difference.at, difference.differing, difference.received_size), (4, 0, 4));
        let long = Difference::of(&[0; 4096], &[&[0; 2000][..], &[1; 2096]].concat()).unwrap();
        assert_eq!((long.at, long.from, long.sent.len(), long.received.len()), (2000, 1992, 32, 32));
    }
}
