//! CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)) for spreadsheets.

use model::{Content, Direction, Entry, Source, encode_base64, iso_8601_micros};

/// Excel takes a file without a byte order mark for one in the system's 8-bit encoding.
pub(super) const HEADER: &str = "\u{feff}seq,time,kind,direction,source,size,encoding,content\r\n";

pub(super) fn row(out: &mut String, entry: Entry<'_>, micros: u64) {
    let source = match entry.label.source {
        Source::Person => "",
        Source::Automatic => "automatic",
    };
    let (encoding, content) = match entry.content {
        Content::Text(text) => ("", field(text)),
        Content::Binary(bytes) => ("base64", field(&encode_base64(bytes))),
    };
    let fields: [&str; 8] = [
        &entry.seq.to_string(),
        &iso_8601_micros(micros),
        entry.label.kind.name(),
        entry.label.direction.map_or("", Direction::name),
        source,
        &entry.size().to_string(),
        encoding,
        &content,
    ];
    *out += &fields.join(",");
    out.push_str("\r\n");
}

/// In quotes. What a spreadsheet would run as a formula gets an apostrophe first, as
/// [OWASP](https://owasp.org/www-community/attacks/CSV_Injection) advises: a peer may have sent it.
fn field(text: &str) -> String {
    let guard = if may_be_formula(text) { "'" } else { "" };
    let mut quoted = String::with_capacity(text.len() + 3);
    quoted.push('"');
    quoted.push_str(guard);
    for c in text.chars() {
        if c == '"' {
            quoted.push('"');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// Spreadsheets ignore invisible characters before the sign that begins a formula, and accept its full-width and small
/// forms.
fn may_be_formula(text: &str) -> bool {
    let is_unseen =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    text.starts_with(['\t', '\r', '\n'])
        || text
            .trim_start_matches(is_unseen)
            .starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠', '﹦', '﹢', '﹣', '﹫', '\u{2212}'])
}
