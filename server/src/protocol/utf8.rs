//! UTF-8 that comes in pieces: wrong from the first byte that no text can have there. Never keeps more than the start
//! of one character.

use super::header::{Charset, Key, mask};

/// How much is unmasked at once, in bytes; it stays in the processor's nearest cache.
const CHUNK: usize = 1024;

/// The text is not UTF-8, and no bytes to come can make it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct InvalidUtf8;

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
    pub(super) fn check(&mut self, mut text: &[u8]) -> Result<(), InvalidUtf8> {
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

    /// The same for text that is masked.
    pub(super) fn check_masked(&mut self, masked: &[u8], key: Key) -> Result<(), InvalidUtf8> {
        let mut text = [0; CHUNK];
        // A multiple of four: the key fits each chunk as it is.
        masked.chunks(CHUNK).try_for_each(|chunk| {
            let text = &mut text[..chunk.len()];
            match mask(text, chunk, key) {
                Charset::Ascii if self.is_whole() => Ok(()),
                _ => self.check(text),
            }
        })
    }

    /// Whether no character waits for its end.
    pub(super) fn is_whole(&self) -> bool {
        self.length == 0
    }

    /// Reads text that begins with a character.
    fn begin(&mut self, text: &[u8]) -> Result<(), InvalidUtf8> {
        let start = match simdutf8::compat::from_utf8(text) {
            Ok(_) => &[],
            Err(error) if error.error_len().is_none() => &text[error.valid_up_to()..],
            Err(_) => return Err(InvalidUtf8),
        };
        self.start[..start.len()].copy_from_slice(start);
        self.length = start.len() as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{super::header::rotated, *};

    const KEY: Key = [0x37, 0xfa, 0x21, 0x3d];

    /// Feeds `text` one byte at a time; the index of the byte that is refused.
    fn refused_at(text: &[u8]) -> Option<usize> {
        let mut utf8 = Utf8::default();
        text.iter().enumerate().position(|(at, byte)| {
            let key = rotated(KEY, at);
            utf8.check_masked(&[byte ^ key[0]], key).is_err()
        })
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

    #[test]
    fn a_character_may_lie_across_two_chunks() {
        for shift in 0..4 {
            let text = "x".repeat(shift) + &"🦜".repeat(CHUNK);
            let mut masked = vec![0; text.len()];
            mask(&mut masked, text.as_bytes(), KEY);
            assert_eq!(Utf8::default().check_masked(&masked, KEY), Ok(()));
            masked[CHUNK + 1] ^= 0x40;
            assert_eq!(Utf8::default().check_masked(&masked, KEY), Err(InvalidUtf8));
        }
    }
}
