//! Writing a log, piece by piece, so that no file is ever in memory as a whole. Binary messages are base64. Each format
//! has a file of its own; [`ArchiveFormat`] lists them.

mod csv;
mod har;
mod json_lines;

use model::Entry;

use super::ArchiveFormat;

/// A file that is being written.
pub(crate) struct Exporter {
    format: ArchiveFormat,
    /// Where the connection went.
    url: String,
    /// The moment zero of [`model::Time`], in milliseconds since 1970.
    time_origin: f64,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Not even what stands before the first entry is written.
    Empty,
    /// No message is written yet.
    Begun,
    /// What comes next needs a separator.
    HasMessages,
}

impl Exporter {
    pub(crate) fn new(format: ArchiveFormat, url: &str, time_origin: f64) -> Self {
        Self { format, url: url.to_owned(), time_origin, state: State::Empty }
    }

    /// Appends an entry to the file.
    pub(crate) fn push(&mut self, entry: Entry<'_>, out: &mut String) {
        let micros = ((self.time_origin + entry.at.0) * 1000.0).round() as u64;
        self.begin(micros, out);
        match self.format {
            ArchiveFormat::JsonLines => json_lines::line(out, entry, micros),
            ArchiveFormat::Csv => csv::row(out, entry, micros),
            ArchiveFormat::Har => {
                let Some(direction) = entry.label.direction else { return };
                if self.state == State::HasMessages {
                    out.push(',');
                }
                self.state = State::HasMessages;
                har::message(out, direction, entry, micros);
            }
        }
    }

    /// Appends what stands behind the last entry.
    pub(crate) fn end(mut self, out: &mut String) {
        self.begin(0, out);
        if self.format == ArchiveFormat::Har {
            out.push_str(har::END);
        }
    }

    /// `micros` is the time of the first entry, in microseconds since 1970.
    fn begin(&mut self, micros: u64, out: &mut String) {
        if self.state != State::Empty {
            return;
        }
        self.state = State::Begun;
        match self.format {
            ArchiveFormat::JsonLines => {}
            ArchiveFormat::Csv => out.push_str(csv::HEADER),
            ArchiveFormat::Har => out.push_str(&har::begin(&self.url, micros)),
        }
    }
}
