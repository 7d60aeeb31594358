//! JSON Lines: one JSON object for each entry.

use model::json::Object;
use model::{Content, Entry, Source, encode_base64, iso_8601_micros};

pub(super) fn line(out: &mut String, entry: Entry<'_>, micros: u64) {
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
    object.number("size", entry.size());
    match entry.content {
        Content::Text(text) => object.text("text", text),
        Content::Binary(bytes) => object.text("base64", &encode_base64(bytes)),
    }
    object.end();
    out.push('\n');
}
