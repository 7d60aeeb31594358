//! The content of a message, and its preview in the log. Its kind is that of the frame: a binary message is shown as
//! hex even where it is readable.

use serde::{Deserialize, Serialize};

use crate::data::codec;
use crate::data::visible::Visible;

/// More than fits on a row of the widest screen.
const PREVIEW_CHARS: usize = 400;
const PREVIEW_BYTES: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    Text(String),
    Binary(Vec<u8>),
}

impl Payload {
    pub fn content(&self) -> Content<'_> {
        match self {
            Self::Text(text) => Content::Text(text),
            Self::Binary(bytes) => Content::Binary(bytes),
        }
    }

    /// Bytes of the uncompressed payload; of UTF-8 for text.
    pub fn size(&self) -> usize {
        self.content().size()
    }
}

/// A borrowed [`Payload`], or the words of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content<'a> {
    Text(&'a str),
    Binary(#[serde(with = "serde_bytes")] &'a [u8]),
}

impl<'a> Content<'a> {
    /// The payload, uncompressed and unmasked.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// In bytes.
    pub fn size(self) -> usize {
        self.bytes().len()
    }

    /// One line, truncated.
    pub fn preview(self) -> String {
        match self {
            Self::Text(text) => preview_text(text),
            Self::Binary(bytes) => preview_hex(bytes),
        }
    }

    /// The beginning, of at most so many bytes.
    pub(crate) fn up_to(self, bytes: usize) -> Self {
        match self {
            Self::Text(text) => Self::Text(&text[..text.floor_char_boundary(bytes)]),
            Self::Binary(all) => Self::Binary(&all[..all.len().min(bytes)]),
        }
    }

    pub fn to_payload(self) -> Payload {
        match self {
            Self::Text(text) => Payload::Text(text.to_owned()),
            Self::Binary(bytes) => Payload::Binary(bytes.to_vec()),
        }
    }
}

fn preview_text(text: &str) -> String {
    let end = text.char_indices().nth(PREVIEW_CHARS).map_or(text.len(), |(end, _)| end);
    let dots = if end < text.len() { "…" } else { "" };
    format!("{}{dots}", Visible(&text[..end]))
}

fn preview_hex(bytes: &[u8]) -> String {
    let mut line = codec::encode_hex(&bytes[..bytes.len().min(PREVIEW_BYTES)]);
    if bytes.len() > PREVIEW_BYTES {
        line.push_str(" …");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_of_utf_8() {
        assert_eq!(Payload::Text("héllo €".to_owned()).size(), 10);
        assert_eq!(Payload::Binary(vec![0; 3]).size(), 3);
    }

    #[test]
    fn a_preview_is_one_line_with_its_control_characters_visible() {
        let text = Content::Text("a\r\n\tb\u{7f}\u{9b}");
        assert_eq!(text.preview(), "a␍␊␉b␡⟨U+009B⟩");
    }

    #[test]
    fn a_long_text_is_cut_in_its_preview_at_a_character() {
        assert_eq!(Content::Text(&"é".repeat(400)).preview(), "é".repeat(400));
        assert_eq!(Content::Text(&"é".repeat(401)).preview(), "é".repeat(400) + "…");
    }

    #[test]
    fn binary_is_previewed_as_hex_even_where_it_is_readable() {
        assert_eq!(Content::Binary(b"hi\xff\0").preview(), "68 69 ff 00");
        assert!(Content::Binary(&[0; 65]).preview().ends_with("00 00 …"));
    }

    #[test]
    fn signs_that_break_or_turn_a_line_are_not_shown() {
        assert_eq!(Content::Text("a\u{202e}b\u{2028}c").preview(), "a⟨U+202E⟩b⟨U+2028⟩c");
    }
}
