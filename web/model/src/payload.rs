//! What one message carries, and how it is shown: a line for the log, or as much as fits for reading. It never
//! guesses: text is what came as text, and binary is shown as hex even where it happens to be readable.

use std::fmt::Write as _;

/// Characters of a text, or bytes of a binary message, that a line of the log has any use for.
const PREVIEW_CHARS: usize = 400;
const PREVIEW_BYTES: usize = 64;
/// Bytes on one line of a hex dump.
const DUMP_WIDTH: usize = 8;

/// The content of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// As much of a payload as is shown at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text itself, or a hex dump.
    pub text: String,
    /// Bytes of the payload that are in it.
    pub shown: usize,
}

impl Payload {
    /// Its length on the wire, uncompressed, in bytes: of UTF-8 for text.
    pub fn size(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }

    /// `text` or `binary`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Binary(_) => "binary",
        }
    }

    /// One line, cut where it is long; control characters become visible ones, so that it stays one line.
    pub fn preview(&self) -> String {
        match self {
            Self::Text(text) => preview_text(text),
            Self::Binary(bytes) => preview_hex(bytes),
        }
    }

    /// The whole, or its first `limit` bytes: text as it is, binary as a hex dump with offsets.
    pub fn excerpt(&self, limit: usize) -> Excerpt {
        match self {
            Self::Text(text) => {
                let shown = text.floor_char_boundary(limit);
                Excerpt { text: text[..shown].to_owned(), shown }
            }
            Self::Binary(bytes) => {
                let shown = bytes.len().min(limit);
                Excerpt { text: hex_dump(&bytes[..shown]), shown }
            }
        }
    }
}

fn preview_text(text: &str) -> String {
    let mut chars = text.chars();
    let mut line: String = chars.by_ref().take(PREVIEW_CHARS).map(visible).collect();
    if chars.next().is_some() {
        line.push('…');
    }
    line
}

/// The [control picture](https://www.unicode.org/charts/PDF/U2400.pdf) of a control character, others as they are.
fn visible(c: char) -> char {
    match c {
        '\0'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(char::REPLACEMENT_CHARACTER),
        '\u{7f}' => '␡',
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

fn preview_hex(bytes: &[u8]) -> String {
    let mut line = String::with_capacity(3 * PREVIEW_BYTES);
    for (index, byte) in bytes.iter().take(PREVIEW_BYTES).enumerate() {
        let separator = if index == 0 { "" } else { " " };
        // Writing to a `String` cannot fail.
        let _ = write!(line, "{separator}{byte:02x}");
    }
    if bytes.len() > PREVIEW_BYTES {
        line.push_str(" …");
    }
    line
}

/// Lines of offset, bytes in hex, and the same bytes as ASCII where they are.
fn hex_dump(bytes: &[u8]) -> String {
    let mut dump = String::new();
    for (index, line) in bytes.chunks(DUMP_WIDTH).enumerate() {
        let hex = preview_hex(line);
        let ascii: String =
            line.iter().map(|&byte| if matches!(byte, b' '..=b'~') { char::from(byte) } else { '.' }).collect();
        let _ = writeln!(dump, "{:06x}  {hex:<width$}  {ascii}", index * DUMP_WIDTH, width = 3 * DUMP_WIDTH - 1);
    }
    dump
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
        let text = Payload::Text("a\r\n\tb\u{7f}\u{9b}".to_owned());
        assert_eq!(text.preview(), "a␍␊␉b␡\u{fffd}");
    }

    #[test]
    fn a_long_text_is_cut_in_its_preview_at_a_character() {
        assert_eq!(Payload::Text("é".repeat(400)).preview(), "é".repeat(400));
        assert_eq!(Payload::Text("é".repeat(401)).preview(), "é".repeat(400) + "…");
    }

    #[test]
    fn binary_is_previewed_as_hex_even_where_it_is_readable() {
        assert_eq!(Payload::Binary(b"hi\xff\0".to_vec()).preview(), "68 69 ff 00");
        assert!(Payload::Binary(vec![0; 65]).preview().ends_with("00 00 …"));
    }

    #[test]
    fn binary_is_read_as_a_hex_dump_with_offsets() {
        let excerpt = Payload::Binary(b"Canyon\x00\xff!".to_vec()).excerpt(100);
        assert_eq!(excerpt.text, "000000  43 61 6e 79 6f 6e 00 ff  Canyon..\n000008  21                       !\n");
        assert_eq!(excerpt.shown, 9);
    }

    #[test]
    fn an_excerpt_of_text_ends_at_a_character() {
        let excerpt = Payload::Text("aé€".to_owned()).excerpt(5);
        assert_eq!(excerpt, Excerpt { text: "aé".to_owned(), shown: 3 });
    }
}
