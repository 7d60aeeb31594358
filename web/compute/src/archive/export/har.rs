//! HAR: one WebSocket with its messages, as Chrome writes them.

use model::json::{Object, quoted};
use model::{Content, Direction, Entry, Source, encode_base64, iso_8601_micros};

/// Behind the last message.
pub(super) const END: &str = "]}]}}";

/// Up to the first message.
pub(super) fn begin(url: &str, micros: u64) -> String {
    let (url, started) = (quoted(url), iso_8601_micros(micros));
    format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"Canyon","version":"{version}"}},"entries":[{{"startedDateTime":"{started}","time":0,"request":{{"method":"GET","url":{url},"httpVersion":"HTTP/1.1","cookies":[],"headers":[],"queryString":[],"headersSize":-1,"bodySize":0}},"response":{{"status":101,"statusText":"Switching Protocols","httpVersion":"HTTP/1.1","cookies":[],"headers":[],"content":{{"size":0,"mimeType":""}},"redirectURL":"","headersSize":-1,"bodySize":0}},"cache":{{}},"timings":{{"send":0,"wait":0,"receive":0}},"_resourceType":"websocket","_webSocketMessages":["#,
        version = env!("CARGO_PKG_VERSION"),
    )
}

pub(super) fn message(out: &mut String, direction: Direction, entry: Entry<'_>, micros: u64) {
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
    if entry.cut > 0 {
        object.number("_size", entry.size());
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
