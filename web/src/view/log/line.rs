//! What one row of the log says. It never touches the document.

use model::{Direction, Entry, Kind, Log, Size, Source, Span, Time, Times};

use crate::browser::clock;
use crate::view::tone_class;

/// The cells of one row.
pub(super) struct Line {
    /// What the style sheet calls it.
    pub(super) class: String,
    pub(super) sign: &'static str,
    /// What the sign and its colour say, in words.
    pub(super) kind: String,
    pub(super) time: String,
    pub(super) text: String,
    pub(super) size: String,
}

impl Line {
    /// The row of an entry, with the time told in that way.
    pub(super) fn new(log: &Log, entry: Entry<'_>, times: Times) -> Self {
        let label = entry.label;
        let automatic = label.source == Source::Automatic;
        let (class, sign) = match label.direction {
            Some(Direction::Sent) => ("sent", "↑"),
            Some(Direction::Received) => ("received", "↓"),
            None => (tone_class(label.tone), "•"),
        };
        let kind = match label.direction {
            Some(direction) => [direction.name(), " ", label.kind.name()].concat(),
            None => label.kind.name().to_owned(),
        };
        Self {
            class: [class, if automatic { " automatic" } else { "" }].concat(),
            sign,
            kind: if automatic { [kind.as_str(), ", automatic"].concat() } else { kind },
            time: time(log, entry, times),
            text: entry.content.preview(),
            size: match label.kind {
                Kind::Text | Kind::Binary => Size(entry.content.size() as u64).to_string(),
                Kind::Open | Kind::Close | Kind::Error | Kind::Note => String::new(),
            },
        }
    }
}

/// When it was: by the clock, or since another entry.
pub(in crate::view) fn time(log: &Log, entry: Entry<'_>, times: Times) -> String {
    let since = |earlier: Option<Entry<'_>>| {
        let at: Time = earlier.map_or(entry.at, |earlier| earlier.at);
        ["+", &Span(entry.at.since(at)).to_string()].concat()
    };
    match times {
        Times::Clock => clock::time_of_day(entry.at),
        Times::SincePrevious => since(log.entry(entry.seq - 1)),
        Times::SinceStart => since(log.entry(log.first_seq())),
    }
}
