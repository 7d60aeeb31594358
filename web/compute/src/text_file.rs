//! Files that people pick, as text.

use std::borrow::Cow;

use thiserror::Error;

/// Why a file cannot be read as text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextFileError {
    #[error("the file is compressed: unpack it first")]
    Compressed,
    #[error("the file is not text: byte {offset} is not UTF-8")]
    Binary {
        /// Counted from 1.
        offset: usize,
    },
}

/// Reads UTF-8 and UTF-16, without the byte order mark that editors and PowerShell put in front.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, TextFileError> {
    match bytes {
        [0x1f, 0x8b, ..] | [b'P', b'K', 3, 4, ..] => Err(TextFileError::Compressed),
        [0xff, 0xfe, rest @ ..] => Ok(utf_16(rest, u16::from_le_bytes).into()),
        [0xfe, 0xff, rest @ ..] => Ok(utf_16(rest, u16::from_be_bytes).into()),
        // UTF-16 without a mark: the files read here begin with a character of ASCII, one byte of which is 0.
        [1..=0x7f, 0, ..] => Ok(utf_16(bytes, u16::from_le_bytes).into()),
        [0, 1..=0x7f, ..] => Ok(utf_16(bytes, u16::from_be_bytes).into()),
        _ => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            str::from_utf8(text)
                .map(Cow::Borrowed)
                .map_err(|error| TextFileError::Binary { offset: bytes.len() - text.len() + error.valid_up_to() + 1 })
        }
    }
}

/// Half a unit at the end, and a surrogate without its partner, become U+FFFD.
fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks(2).map(|pair| match *pair {
        [first, second] => unit([first, second]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|decoded| decoded.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn byte_order_marks_are_left_out() {
        assert_eq!(decode(b"\xef\xbb\xbf{}").as_deref(), Ok("{}"));
        assert_eq!(decode(b"\xff\xfe{\0}\0").as_deref(), Ok("{}"));
        assert_eq!(decode(b"\xfe\xff\0{\0}").as_deref(), Ok("{}"));
        assert_eq!(decode(b"").as_deref(), Ok(""));
    }

    #[test]
    fn what_is_no_text_is_named() {
        let error = |bytes: &[u8]| decode(bytes).unwrap_err().to_string();
        assert_eq!(error(b"\x1f\x8b\x08"), "the file is compressed: unpack it first");
        assert_eq!(error(b"PK\x03\x04"), "the file is compressed: unpack it first");
        assert_eq!(error(b"\xef\xbb\xbfa\xff"), "the file is not text: byte 5 is not UTF-8");
    }

    proptest! {
        #[test]
        fn every_text_is_read_in_every_encoding(text in "[a-z{]\\PC{0,20}") {
            let units: Vec<u16> = text.encode_utf16().collect();
            let le: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
            let be: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
            for (mark, bytes) in [(&b"\xff\xfe"[..], &le), (b"\xfe\xff", &be), (b"", &le), (b"", &be)] {
                let bytes = [mark, bytes].concat();
                prop_assert_eq!(decode(&bytes), Ok(Cow::Borrowed(text.as_str())));
            }
            prop_assert_eq!(decode(text.as_bytes()), Ok(Cow::Borrowed(text.as_str())));
        }
    }
}
