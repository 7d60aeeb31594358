//! UTF-8 that comes in pieces: wrong from the first byte that no text can have there. Never keeps more than the start
//! of one character.

use super::violation::ProtocolViolation;

/// Where a text stands between two of its pieces.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Utf8 {
    /// The start of a character whose end has not come yet.
    start: [u8; 3],
    /// How many bytes of `start` there are.
    length: u8,
}

impl Utf8 {
    /// Reads on in the text. After an error it stands anywhere.
    pub(super) fn check(&mut self, mut text: &[u8]) -> Result<(), ProtocolViolation> {
        while self.length > 0 {
            let Some((&next, rest)) = text.split_first() else { return Ok(()) };
            let length = usize::from(self.length);
            let mut character = [0; 4];
            character[..length].copy_from_slice(&self.start[..length]);
            character[length] = next;
            self.begin(&character[..=length])?;
            text = rest;
        }
        self.begin(text)
    }

    /// Whether no character waits for its end.
    pub(super) fn is_whole(&self) -> bool {
        self.length == 0
    }

    /// Reads text that begins with a character. What may be the start of one without its end is in the last 3 bytes, and
    /// judged apart: to learn what is wrong with a text costs more than to learn whether it is right.
    fn begin(&mut self, text: &[u8]) -> Result<(), ProtocolViolation> {
        let last = text.len().saturating_sub(3);
        // A character of more than one byte begins with 0b11.
        let end = text[last..].iter().rposition(|byte| byte >> 6 == 0b11).map_or(text.len(), |at| last + at);
        let (whole, end) = text.split_at(end);
        simdutf8::basic::from_utf8(whole).map_err(|_| ProtocolViolation::InvalidUtf8)?;
        let start = match str::from_utf8(end) {
            Ok(_) => &[],
            Err(error) if error.error_len().is_none() => &end[error.valid_up_to()..],
            Err(_) => return Err(ProtocolViolation::InvalidUtf8),
        };
        self.start[..start.len()].copy_from_slice(start);
        self.length = start.len() as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `text` one byte at a time; the index of the byte that is refused.
    fn refused_at(text: &[u8]) -> Option<usize> {
        let mut utf8 = Utf8::default();
        text.chunks(1).position(|byte| utf8.check(byte).is_err())
    }

    #[test]
    fn text_in_single_bytes_is_valid() {
        assert_eq!(refused_at("κόσμε 水 🦜 \u{10ffff}\u{fffe}".as_bytes()), None);
    }

    #[test]
    fn the_first_byte_that_cannot_be_right_is_refused() {
        assert_eq!(refused_at(b"ab\xff"), Some(2));
        assert_eq!(refused_at(b"a\xc0\xaf"), Some(1));
        assert_eq!(refused_at(b"\xce\xba\xf4\x90\x80\x80"), Some(3));
        assert_eq!(refused_at(b"\xed\xa0\x80"), Some(1));
        assert_eq!(refused_at(b"\xf0\x9f\xa6a"), Some(3));
    }
}
