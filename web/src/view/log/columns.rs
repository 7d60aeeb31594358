//! The columns of the log. A new one is an entry in [`COLUMNS`] here, and a track in the grid of `.row` in
//! `style/log.css`.

use std::borrow::Cow;

use model::{Direction, Entry, Kind, Log, Size, Source, Span, Time, TimeFormat};

use crate::browser::clock;
use crate::view::tone_class;

pub(super) struct Column {
    /// CSS class of its cells.
    pub(super) class: &'static str,
    text: fn(&Cells<'_>) -> Cow<'static, str>,
}

/// In the order of the grid's tracks.
pub(super) const COLUMNS: [Column; 6] = [
    Column { class: "seq", text: |row| row.entry.seq.to_string().into() },
    Column { class: SIGN, text: |row| row.sign().into() },
    // What the sign and its colour say, in words.
    Column { class: "visually-hidden", text: |row| row.kind().into() },
    Column { class: "time", text: |row| time(row.log, row.entry, row.time_format).into() },
    Column { class: "text", text: |row| row.entry.content.preview().into() },
    Column { class: "size", text: |row| row.size().into() },
];

/// Class of the cells that screen readers skip.
pub(super) const SIGN: &str = "sign";

/// An entry in its log.
pub(super) struct Cells<'a> {
    pub(super) log: &'a Log,
    pub(super) entry: Entry<'a>,
    pub(super) time_format: TimeFormat,
}

impl Cells<'_> {
    /// In the order of [`COLUMNS`].
    pub(super) fn texts(&self) -> [Cow<'static, str>; COLUMNS.len()] {
        COLUMNS.each_ref().map(|column| (column.text)(self))
    }

    /// CSS classes of the row.
    pub(super) fn class(&self) -> String {
        let label = self.entry.label;
        let class = match label.direction {
            Some(Direction::Sent) => "sent",
            Some(Direction::Received) => "received",
            None => tone_class(label.tone),
        };
        ["row ", class, if self.is_automatic() { " automatic" } else { "" }].concat()
    }

    fn is_automatic(&self) -> bool {
        self.entry.label.source == Source::Automatic
    }

    fn sign(&self) -> &'static str {
        match self.entry.label.direction {
            Some(Direction::Sent) => "↑",
            Some(Direction::Received) => "↓",
            None => "•",
        }
    }

    fn kind(&self) -> String {
        let label = self.entry.label;
        let (direction, blank) = label.direction.map_or(("", ""), |direction| (direction.name(), " "));
        [direction, blank, label.kind.name(), if self.is_automatic() { ", auto-sent" } else { "" }].concat()
    }

    fn size(&self) -> String {
        match self.entry.label.kind {
            Kind::Text | Kind::Binary => Size(self.entry.size()).to_string(),
            Kind::Open | Kind::Close | Kind::Error | Kind::Note => String::new(),
        }
    }
}

/// The time of an entry: of day, or since another entry.
pub(in crate::view) fn time(log: &Log, entry: Entry<'_>, time_format: TimeFormat) -> String {
    let since = |earlier: Option<Entry<'_>>| {
        let at: Time = earlier.map_or(entry.at, |earlier| earlier.at);
        ["+", &Span(entry.at.since(at)).to_string()].concat()
    };
    match time_format {
        TimeFormat::Clock => clock::time_of_day(entry.at),
        TimeFormat::SincePrevious => since(log.entry(entry.seq - 1)),
        TimeFormat::SinceStart => since(log.entry(log.first_seq())),
    }
}
