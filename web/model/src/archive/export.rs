//! Writing a log, piece by piece, so that no file is ever in memory as a whole. Binary messages are base64. Each format
//! has a file of its own; [`ArchiveFormat`] lists them.

mod csv;
mod har;
mod json_lines;

use super::ArchiveFormat;
use crate::data::time::Time;
use crate::log::Entry;

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
        ArchiveFormat::Csv => csv::HEADER.to_owned(),
        ArchiveFormat::Har => har::begin(url, entries.peek().map_or(0, |entry| micros(entry.at))),
    };
    let mut is_first = true;
    for entry in entries {
        match format {
            ArchiveFormat::JsonLines => json_lines::line(&mut out, entry, micros(entry.at)),
            ArchiveFormat::Csv => csv::row(&mut out, entry, micros(entry.at)),
            ArchiveFormat::Har => {
                let Some(direction) = entry.label.direction else { continue };
                if !is_first {
                    out.push(',');
                }
                is_first = false;
                har::message(&mut out, direction, entry, micros(entry.at));
            }
        }
        if out.len() >= CHUNK_BYTES {
            sink(&out);
            out.clear();
        }
    }
    if format == ArchiveFormat::Har {
        out.push_str(har::END);
    }
    sink(&out);
}
