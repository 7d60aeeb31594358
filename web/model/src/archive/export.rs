//! Writing a log, piece by piece, so that no file is ever in memory as a whole. Binary messages are base64.

use super::ArchiveFormat;
use crate::data::codec::encode_base64;
use crate::data::json::{Object, quoted};
use crate::data::payload::Content;
use crate::data::time::{Time, iso_8601_micros};
use crate::log::{Direction, Entry, Source};

/// Bytes. A piece is handed over when it is at least this long.
const CHUNK_BYTES: usize = 256 << 10;

/// `url` is where the connection went, `time_origin` the moment zero of [`Time`] in milliseconds since 1970.
pub fn export<'a>(
    format: ArchiveFormat,
    url: &str,
    time_origin: f64,
    entries: &mut dyn Iterator<Item = Entry<'a>>,
    sink: &mut dyn FnMut(&str),
) {
    let micros = |at: Time| ((time_origin + at.0) * 1000.0).round() as u64;
    let mut entries = entries.peekable();
    let mut out = match format {
        ArchiveFormat::JsonLines => String::new(),
        // Excel takes a file without a byte order mark for one in the system's 8-bit encoding.
        ArchiveFormat::Csv => "\u{feff}seq,time,kind,direction,source,size,encoding,content\r\n".to_owned(),
        ArchiveFormat::Har => har_begin(url, entries.peek().map_or(0, |entry| micros(entry.at))),
    };
    let mut is_first = true;
    for entry in entries {
        match format {
            ArchiveFormat::JsonLines => json_line(&mut out, entry, micros(entry.at)),
            ArchiveFormat::Csv => csv_row(&mut out, entry, micros(entry.at)),
            ArchiveFormat::Har => {
                let Some(direction) = entry.label.direction else { continue };
                if !is_first {
                    out.push(',');
                }
                is_first = false;
                har_message(&mut out, direction, entry, micros(entry.at));
            }
        }
        if out.len() >= CHUNK_BYTES {
            sink(&out);
            out.clear();
        }
    }
    if format == ArchiveFormat::Har {
        out.push_str("]}]}}");
    }
    sink(&out);
}

fn json_line(out: &mut String, entry: Entry<'_>, micros: u64) {
    let mut object = Object::new(out);
    object.number("seq", entry.seq);
    object.text("time", &iso_8601_micros(micros));
    object.text("kind", entry.label.kind.name());
    if let Some(direction) = entry.label.direction {
        object.text("direction", direction.name());
    }
    if entry.label.source == Source::Automatic {
        object.text("source", "automatic");
    }
    if entry.label.direction.is_none() && entry.label.tone != entry.label.kind.usual_tone() {
        object.text("tone", entry.label.tone.name());
    }
    object.number("size", entry.content.size() as u64);
    match entry.content {
        Content::Text(text) => object.text("text", text),
        Content::Binary(bytes) => object.text("base64", &encode_base64(bytes)),
    }
    object.end();
    out.push('\n');
}

/// [RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)
fn csv_row(out: &mut String, entry: Entry<'_>, micros: u64) {
    let source = match entry.label.source {
        Source::Person => "",
        Source::Automatic => "automatic",
    };
    let (encoding, content) = match entry.content {
        Content::Text(text) => ("", csv_field(text)),
        Content::Binary(bytes) => ("base64", csv_field(&encode_base64(bytes))),
    };
    let fields: [&str; 8] = [
        &entry.seq.to_string(),
        &iso_8601_micros(micros),
        entry.label.kind.name(),
        entry.label.direction.map_or("", Direction::name),
        source,
        &entry.content.size().to_string(),
        encoding,
        &content,
    ];
    *out += &fields.join(",");
    out.push_str("\r\n");
}

/// In quotes. What a spreadsheet would run as a formula gets an apostrophe first, as
/// [OWASP](https://owasp.org/www-community/attacks/CSV_Injection) advises: a peer may have sent it.
fn csv_field(text: &str) -> String {
    let guard = if may_be_formula(text) { "'" } else { "" };
    let mut field = String::with_capacity(text.len() + 3);
    field.push('"');
    field.push_str(guard);
    for c in text.chars() {
        if c == '"' {
            field.push('"');
        }
        field.push(c);
    }
    field.push('"');
    field
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

/// Up to the first message.
fn har_begin(url: &str, micros: u64) -> String {
    let (url, started) = (quoted(url), iso_8601_micros(micros));
    format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"Canyon","version":"{version}"}},"entries":[{{"startedDateTime":"{started}","time":0,"request":{{"method":"GET","url":{url},"httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0}},"response":{{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{{"size":0,"mimeType":""}},"redirectURL":"","headersSize":-1,"bodySize":0}},"cache":{{}},"timings":{{"send":0,"wait":0,"receive":0}},"_resourceType":"websocket","_webSocketMessages":["#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn har_message(out: &mut String, direction: Direction, entry: Entry<'_>, micros: u64) {
    let mut object = Object::new(out);
    object.text(
        "type",
        match direction {
            Direction::Sent => "send",
            Direction::Received => "receive",
        },
    );
    *object.member("time") += &format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    if entry.label.source == Source::Automatic {
        object.text("_source", "automatic");
    }
    match entry.content {
        Content::Text(text) => {
            object.number("opcode", 1);
            object.text("data", text);
        }
        Content::Binary(bytes) => {
            object.number("opcode", 2);
            object.text("data", &encode_base64(bytes));
        }
    }
    object.end();
}
