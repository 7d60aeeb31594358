//! Binary messages as text: typed as hex or base64, shown as a hex dump. It never takes what it does not understand for
//! nothing: each wrong character is named with its place.

use thiserror::Error;

/// Why a text is no hex; places are counted in characters from 1. Show it and let the person correct it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HexError {
    /// Neither a digit nor something that may stand between bytes.
    #[error("{found:?} at character {place} is no hex digit")]
    Digit {
        /// What stands there.
        found: char,
        /// Where.
        place: usize,
    },
    /// A byte is not complete.
    #[error("digit {found:?} at character {place} stands alone, a byte has two")]
    Alone {
        /// The digit.
        found: char,
        /// Where.
        place: usize,
    },
}

/// Why a text is no base64; places are counted in characters from 1. Show it and let the person correct it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Base64Error {
    /// No digit of base64, nor padding at the end.
    #[error("{found:?} at character {place} is no base64 digit")]
    Digit {
        /// What stands there.
        found: char,
        /// Where.
        place: usize,
    },
    /// So many digits make no whole number of bytes.
    #[error("{digits} base64 digits make no whole number of bytes: one is missing or one is too many")]
    Length {
        /// How many there are.
        digits: usize,
    },
    /// The last digit has bits that belong to no byte.
    #[error("{found:?} at character {place} cannot be the last base64 digit here: it has bits that belong to no byte")]
    Trailing {
        /// The digit.
        found: char,
        /// Where.
        place: usize,
    },
}

/// Reads bytes such as `de ad be ef`, `DEADBEEF`, `de:ad` or `0xde, 0xad`.
pub fn bytes_of_hex(text: &str) -> Result<Vec<u8>, HexError> {
    let mut bytes = Vec::with_capacity(text.len() / 2);
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

/// Bytes as [`bytes_of_hex`] reads them: `de ad be ef`.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(3 * bytes.len());
    for &byte in bytes {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push(hex_digit(byte >> 4));
        text.push(hex_digit(byte & 0xf));
    }
    text
}

fn hex_digit(value: u8) -> char {
    char::from(b"0123456789abcdef"[usize::from(value)])
}

/// Reads base64 of either alphabet ([RFC 4648](https://www.rfc-editor.org/rfc/rfc4648)), padded or not; blanks and line
/// ends are passed over.
pub fn bytes_of_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    // Bits that make no byte yet, and how many.
    let (mut bits, mut held) = (0_u32, 0_u32);
    let (mut digits, mut last) = (0, ('=', 0));
    for (found, place) in text.trim_end_matches(|c: char| c == '=' || c.is_whitespace()).chars().zip(1..) {
        if found.is_whitespace() {
            continue;
        }
        let value = base64_value(found).ok_or(Base64Error::Digit { found, place })?;
        bits = bits << 6 | value;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
        digits += 1;
        last = (found, place);
    }
    match (held, bits, last) {
        (6, _, _) => Err(Base64Error::Length { digits }),
        (_, 0, _) => Ok(bytes),
        (_, _, (found, place)) => Err(Base64Error::Trailing { found, place }),
    }
}

fn base64_value(digit: char) -> Option<u32> {
    let value = match digit {
        'A'..='Z' => digit as u32 - 'A' as u32,
        'a'..='z' => digit as u32 - 'a' as u32 + 26,
        '0'..='9' => digit as u32 - '0' as u32 + 52,
        '+' | '-' => 62,
        '/' | '_' => 63,
        _ => return None,
    };
    Some(value)
}

/// Bytes as padded base64 of the standard alphabet.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |index| u32::from(three.get(index).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > three.len() { '=' } else { char::from(digit) });
        }
    }
    text
}

/// Bytes as lines of a hex dump, each made when it is asked for: a dump of any length costs what a screen of it costs.
#[derive(Debug, Clone, Copy)]
pub struct HexDump<'a> {
    bytes: &'a [u8],
    width: usize,
}

/// One line of a hex dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HexLine {
    /// Where it begins, as six or more hex digits.
    pub offset: String,
    /// Its bytes: `de ad be ef`.
    pub hex: String,
    /// The same as ASCII, with a dot for what is not printable there.
    pub ascii: String,
}

impl<'a> HexDump<'a> {
    /// A dump with so many bytes on a line, at least one.
    pub fn new(bytes: &'a [u8], width: usize) -> Self {
        Self { bytes, width: width.max(1) }
    }

    /// How many lines it has.
    pub fn len(self) -> usize {
        self.bytes.len().div_ceil(self.width)
    }

    /// Whether there is nothing to show.
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The line of that index, counted from 0.
    pub fn line(self, index: usize) -> Option<HexLine> {
        let start = index.checked_mul(self.width)?;
        let bytes = self.bytes.get(start..)?;
        let bytes = &bytes[..bytes.len().min(self.width)];
        let printable = |&byte: &u8| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' };
        (!bytes.is_empty()).then(|| HexLine {
            offset: format!("{start:06x}"),
            hex: hex(bytes),
            ascii: bytes.iter().map(printable).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hex_error(text: &str) -> String {
        bytes_of_hex(text).unwrap_err().to_string()
    }

    fn base64_error(text: &str) -> String {
        bytes_of_base64(text).unwrap_err().to_string()
    }

    #[test]
    fn hex_is_read_in_the_forms_that_people_paste() {
        for text in ["deadbeef", "DE AD BE EF", " de:ad:be:ef\n", "0xde, 0xAD,0xbe 0XEF", "0xdeadbeef"] {
            assert_eq!(bytes_of_hex(text), Ok(vec![0xde, 0xad, 0xbe, 0xef]), "{text}");
        }
        assert_eq!(bytes_of_hex(""), Ok(Vec::new()));
        assert_eq!(bytes_of_hex("00 0f"), Ok(vec![0, 15]));
    }

    #[test]
    fn wrong_hex_is_named_with_its_place() {
        assert_eq!(hex_error("de ag"), "'g' at character 5 is no hex digit");
        assert_eq!(hex_error("é"), "'é' at character 1 is no hex digit");
        assert_eq!(hex_error("de a be"), "digit 'a' at character 4 stands alone, a byte has two");
        assert_eq!(hex_error("dea"), "digit 'a' at character 3 stands alone, a byte has two");
    }

    #[test]
    fn base64_is_read_of_either_alphabet_with_and_without_padding() {
        for text in ["+/8=", "+/8", "-_8=", " +/\n8 = "] {
            assert_eq!(bytes_of_base64(text), Ok(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(bytes_of_base64(" "), Ok(Vec::new()));
    }

    #[test]
    fn wrong_base64_is_named_with_its_place() {
        assert_eq!(base64_error("ab!d"), "'!' at character 3 is no base64 digit");
        assert_eq!(base64_error("abcdé"), "'é' at character 5 is no base64 digit");
        assert_eq!(base64_error("a=bc"), "'=' at character 2 is no base64 digit");
        assert_eq!(
            base64_error("ab cde"),
            "5 base64 digits make no whole number of bytes: one is missing or one is too many"
        );
        assert_eq!(
            base64_error("/ /=="),
            "'/' at character 3 cannot be the last base64 digit here: it has bits that belong to no byte"
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
        fn what_is_written_is_read_back(bytes: Vec<u8>) {
            prop_assert_eq!(bytes_of_hex(&hex(&bytes)), Ok(bytes.clone()));
            prop_assert_eq!(bytes_of_base64(&base64(&bytes)), Ok(bytes));
        }

        #[test]
        fn no_text_makes_a_codec_panic(text in "[a-fA-F0-9xX=+/_, :é\\-]{0,30}") {
            let _ = (bytes_of_hex(&text), bytes_of_base64(&text));
        }

        #[test]
        fn the_lines_of_a_dump_are_all_bytes_in_order(bytes: Vec<u8>, width in 1usize..40) {
            let dump = HexDump::new(&bytes, width);
            let lines: Vec<_> = (0..).map_while(|index| dump.line(index)).collect();
            prop_assert_eq!(lines.len(), dump.len());
            let hex = lines.into_iter().map(|line| line.hex).collect::<Vec<_>>().join(" ");
            prop_assert_eq!(bytes_of_hex(&hex), Ok(bytes));
        }
    }
}
