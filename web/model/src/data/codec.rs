//! Bytes as text: hex and base64, as people type them and as files have them, and hex dumps.

use data_encoding::{BASE64, BASE64_NOPAD, DecodeKind, HEXLOWER};
use thiserror::Error;

use crate::data::visible::QuotedChar;

/// Places are counted in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HexError {
    #[error("{} at character {place} is not a hex digit", QuotedChar(*.found))]
    Digit { found: char, place: usize },
    /// Half a byte, followed by a separator or the end.
    #[error("digit {} at character {place} is unpaired: a byte is two digits", QuotedChar(*.found))]
    Alone { found: char, place: usize },
}

/// Places are counted in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Base64Error {
    /// Padding before the end included.
    #[error("{} at character {place} is not a base64 digit", QuotedChar(*.found))]
    Digit { found: char, place: usize },
    #[error("{digits} base64 digits are not a whole number of bytes: one is missing or one is extra")]
    Length { digits: usize },
    #[error("{} at character {place} cannot be the last base64 digit here: it has bits beyond the last byte", QuotedChar(*.found))]
    Trailing { found: char, place: usize },
}

/// Reads bytes such as `de ad be ef`, `DEADBEEF`, `de:ad` or `0xde, 0xad`.
pub fn decode_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
    // The first digit of a byte whose second one has not been read yet.
    let mut high: Option<(u8, usize, char)> = None;
    let mut chars = text.chars().zip(1..).peekable();
    while let Some((found, place)) = chars.next() {
        if found.is_whitespace() || matches!(found, ',' | ':') {
            if let Some((_, place, found)) = high {
                return Err(HexError::Alone { found, place });
            }
            continue;
        }
        if found == '0' && high.is_none() && chars.next_if(|(next, _)| matches!(next, 'x' | 'X')).is_some() {
            continue;
        }
        let digit = found.to_digit(16).ok_or(HexError::Digit { found, place })? as u8;
        high = match high {
            None => Some((digit, place, found)),
            Some((high, _, _)) => {
                bytes.push(high << 4 | digit);
                None
            }
        };
    }
    match high {
        Some((_, place, found)) => Err(HexError::Alone { found, place }),
        None => Ok(bytes),
    }
}

/// `de ad be ef`
pub fn encode_hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len());
    for byte in bytes.chunks(1) {
        if !text.is_empty() {
            text.push(' ');
        }
        HEXLOWER.encode_append(byte, &mut text);
    }
    text
}

/// Reads base64 of either alphabet ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)), padded or not, with white space
/// anywhere.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let unpadded = text.trim_end_matches(|c: char| c == '=' || c.is_whitespace());
    let digits: Vec<u8> = unpadded.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(standard_digit).collect();
    // The decoder looks at the length first, but a wrong character is the better explanation for a wrong length.
    if let Some(wrong) = digits.iter().position(|&digit| BASE64_NOPAD.interpret_byte(digit).is_symbol().is_none()) {
        let (found, place) = digit_at(unpadded, wrong);
        return Err(Base64Error::Digit { found, place });
    }
    BASE64_NOPAD.decode(&digits).map_err(|error| match error.kind {
        DecodeKind::Length => Base64Error::Length { digits: digits.len() },
        DecodeKind::Trailing | DecodeKind::Symbol | DecodeKind::Padding => {
            let (found, place) = digit_at(unpadded, error.position);
            Base64Error::Trailing { found, place }
        }
    })
}

/// From the alphabet for URLs and file names to the standard one.
fn standard_digit(digit: u8) -> u8 {
    match digit {
        b'-' => b'+',
        b'_' => b'/',
        digit => digit,
    }
}

/// The character to which the byte of that index belongs, white space not counted, and its place in the text.
fn digit_at(text: &str, index: usize) -> (char, usize) {
    let mut seen = 0;
    for (found, place) in text.chars().zip(1..) {
        seen += if found.is_ascii_whitespace() { 0 } else { found.len_utf8() };
        if seen > index {
            return (found, place);
        }
    }
    (char::REPLACEMENT_CHARACTER, 0)
}

/// Padded, in the standard alphabet.
pub fn encode_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Makes lines on demand: a dump of any length costs as much as the part on the screen.
#[derive(Debug, Clone, Copy)]
pub struct HexDump<'a> {
    bytes: &'a [u8],
    width: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexLine {
    /// At least six hex digits.
    pub offset: String,
    pub hex: String,
    /// With a dot for each byte that is not printable ASCII.
    pub ascii: String,
}

impl<'a> HexDump<'a> {
    /// `width` is the number of bytes on a line, at least 1.
    pub fn new(bytes: &'a [u8], width: usize) -> Self {
        Self { bytes, width: width.max(1) }
    }

    /// Lines.
    pub fn len(self) -> usize {
        self.bytes.len().div_ceil(self.width)
    }

    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// `index` is counted from 0.
    pub fn line(self, index: usize) -> Option<HexLine> {
        let start = index.checked_mul(self.width)?;
        let bytes = self.bytes.get(start..)?;
        let bytes = &bytes[..bytes.len().min(self.width)];
        let printable = |&byte: &u8| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' };
        (!bytes.is_empty()).then(|| HexLine {
            offset: format!("{start:06x}"),
            hex: encode_hex(bytes),
            ascii: bytes.iter().map(printable).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex_error(text: &str) -> String {
        decode_hex(text).unwrap_err().to_string()
    }

    fn base64_error(text: &str) -> String {
        decode_base64(text).unwrap_err().to_string()
    }

    #[test]
    fn hex_is_read_in_the_forms_that_people_paste() {
        for text in ["deadbeef", "DE AD BE EF", " de:ad:be:ef\n", "0xde, 0xAD,0xbe 0XEF", "0xdeadbeef"] {
            assert_eq!(decode_hex(text), Ok(vec![0xde, 0xad, 0xbe, 0xef]), "{text}");
        }
        assert_eq!(decode_hex(""), Ok(Vec::new()));
        assert_eq!(decode_hex("00 0f"), Ok(vec![0, 15]));
    }

    #[test]
    fn wrong_hex_is_named_with_its_place() {
        assert_eq!(hex_error("de ag"), "'g' at character 5 is not a hex digit");
        assert_eq!(hex_error("é"), "'é' at character 1 is not a hex digit");
        assert_eq!(hex_error("de a be"), "digit 'a' at character 4 is unpaired: a byte is two digits");
        assert_eq!(hex_error("dea"), "digit 'a' at character 3 is unpaired: a byte is two digits");
    }

    #[test]
    fn base64_is_read_of_either_alphabet_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", " +/\n8 = "] {
            assert_eq!(decode_base64(text), Ok(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(decode_base64(" "), Ok(Vec::new()));
    }

    #[test]
    fn wrong_base64_is_named_with_its_place() {
        assert_eq!(base64_error("ab!d"), "'!' at character 3 is not a base64 digit");
        assert_eq!(base64_error("abcdé"), "'é' at character 5 is not a base64 digit");
        assert_eq!(base64_error("ab!de"), "'!' at character 3 is not a base64 digit", "rather than its length");
        assert_eq!(base64_error("a=bc"), "'=' at character 2 is not a base64 digit");
        assert_eq!(
            base64_error("ab cde"),
            "5 base64 digits are not a whole number of bytes: one is missing or one is extra"
        );
        assert_eq!(
            base64_error("/ /=="),
            "'/' at character 3 cannot be the last base64 digit here: it has bits beyond the last byte"
        );
    }

    #[test]
    fn a_hex_dump_has_lines_with_offsets() {
        let dump = HexDump::new(b"Canyon\x00\xff!", 8);
        assert_eq!(dump.len(), 2);
        let line = |offset: &str, hex: &str, ascii: &str| {
            Some(HexLine { offset: offset.to_owned(), hex: hex.to_owned(), ascii: ascii.to_owned() })
        };
        assert_eq!(dump.line(0), line("000000", "43 61 6e 79 6f 6e 00 ff", "Canyon.."));
        assert_eq!(dump.line(1), line("000008", "21", "!"));
        assert_eq!(dump.line(2), None);
        assert_eq!(HexDump::new(&[], 16).line(0), None);
    }

    proptest! {
        #[test]
        fn bytes_are_read_back_from_hex_and_base64(bytes: Vec<u8>) {
            prop_assert_eq!(decode_hex(&encode_hex(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(decode_base64(&encode_base64(&bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_makes_a_codec_panic(text in "[a-fA-F0-9xX=+/_, :é\\-]{0,30}") {
            let _ = (decode_hex(&text), decode_base64(&text));
        }

        #[test]
        fn the_lines_of_a_dump_are_all_bytes_in_order(bytes: Vec<u8>, width in 1usize..40) {
            let dump = HexDump::new(&bytes, width);
            let lines: Vec<_> = (0..).map_while(|index| dump.line(index)).collect();
            prop_assert_eq!(lines.len(), dump.len());
            let hex = lines.into_iter().map(|line| line.hex).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(decode_hex(&hex), Ok(bytes));
        }
    }
}
