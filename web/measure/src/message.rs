//! The messages of a run. Each is made from its number alone, so that none needs to be kept for comparing.

use fastrand::Rng;

use crate::echo::Kind;

/// The filler repeats after that many bytes: a prime, so that messages differ however long they are.
const FILLER: usize = 65_521;

/// Of the characters of a text's filler: one byte each, and none that JSON or HTML would escape.
const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Makes the messages of one type.
pub struct Messages {
    kind: Kind,
    filler: Vec<u8>,
}

impl Messages {
    /// `seed` makes the filler, which does not compress well.
    pub fn new(kind: Kind, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let filler = match kind {
            Kind::Text => (0..FILLER).map(|_| LETTERS[usize::from(rng.u8(..64))]).collect(),
            Kind::Binary => (0..FILLER).map(|_| rng.u8(..)).collect(),
        };
        Self { kind, filler }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Writes the message of that number in place of what `message` holds: the number, a space, filler.
    pub fn write(&self, number: u64, size: usize, message: &mut Vec<u8>) {
        message.clear();
        message.extend_from_slice(number.to_string().as_bytes());
        message.push(b' ');
        let mut at = (number as usize).wrapping_mul(7919) % FILLER;
        while message.len() < size {
            let piece = &self.filler[at..FILLER.min(at + size - message.len())];
            message.extend_from_slice(piece);
            at = 0;
        }
        message.truncate(size);
    }
}

/// The number at the beginning of a message, if there is a whole one.
pub fn number_of(message: &[u8]) -> Option<u64> {
    let end = message.iter().take(20).position(|&byte| byte == b' ')?;
    std::str::from_utf8(&message[..end]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn message(kind: Kind, number: u64, size: usize) -> Vec<u8> {
        let mut message = b"of before".to_vec();
        Messages::new(kind, 1).write(number, size, &mut message);
        message
    }

    #[test]
    fn messages_have_their_size_and_say_their_number() {
        for kind in [Kind::Text, Kind::Binary] {
            for size in [0, 1, 2, 64, FILLER, 3 * FILLER + 1] {
                assert_eq!(message(kind, 12, size).len(), size);
            }
            assert_eq!(number_of(&message(kind, 12, 64)), Some(12));
            assert_eq!(number_of(&message(kind, 12, 2)), None);
        }
    }

    #[test]
    fn texts_are_ascii_and_the_same_number_makes_the_same_message() {
        assert!(message(Kind::Text, 3, 4096).is_ascii());
        assert_eq!(message(Kind::Binary, 3, 4096), message(Kind::Binary, 3, 4096));
    }

    #[test]
    fn messages_differ() {
        let messages: HashSet<_> = (0..1000).map(|number| message(Kind::Text, number, 16)).collect();
        assert_eq!(messages.len(), 1000);
    }

    #[test]
    fn other_messages_have_no_number() {
        for other in ["", " ", "twelve ", "12", "99999999999999999999999 "] {
            assert_eq!(number_of(other.as_bytes()), None, "{other}");
        }
    }
}
