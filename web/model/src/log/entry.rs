//! What is told of one entry. It never owns the content: that lies with its neighbours in the log.

use crate::data::payload::Content;
use crate::data::time::Time;

/// One line of the log, as the log lends it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// Its number, counted from 1 since the page was opened: what tells entries apart, never the clock.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// What it is, and what it is meant as.
    pub label: Label,
    /// The message, or a note's words.
    pub content: Content<'a>,
}

/// What can be told of an entry without its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Label {
    /// A message, or what else.
    pub kind: Kind,
    /// Which way a message went; `None` for what is no message.
    pub direction: Option<Direction>,
    /// Who sent it.
    pub source: Source,
    /// How news is meant; neutral for messages.
    pub tone: Tone,
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A text message.
    Text,
    /// A binary message.
    Binary,
    /// A handshake was done.
    Open,
    /// A connection ended.
    Close,
    /// Something failed.
    Error,
    /// Something else that is worth a line.
    Note,
}

impl Kind {
    /// All of them, in the order in which a filter offers them.
    pub const ALL: [Self; 6] = [Self::Text, Self::Binary, Self::Open, Self::Close, Self::Error, Self::Note];

    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Binary => "binary",
            Self::Open => "open",
            Self::Close => "close",
            Self::Error => "error",
            Self::Note => "note",
        }
    }
}

impl Kind {
    /// The tone of most notes of this kind, for a file that does not say it.
    pub(crate) fn usual_tone(self) -> Tone {
        match self {
            Self::Error => Tone::Error,
            Self::Open => Tone::Good,
            Self::Close | Self::Note | Self::Text | Self::Binary => Tone::Neutral,
        }
    }
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the server.
    Sent,
    /// From the server.
    Received,
}

impl Direction {
    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }
}

/// Who had a message sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Source {
    /// A person, one message at a time; also whatever is not sent.
    #[default]
    Person,
    /// A repetition, a sequence or a replay.
    Automatic,
}

impl Label {
    pub(super) fn message(direction: Direction, source: Source, content: Content<'_>) -> Self {
        let kind = match content {
            Content::Text(_) => Kind::Text,
            Content::Binary(_) => Kind::Binary,
        };
        Self { kind, direction: Some(direction), source, tone: Tone::Neutral }
    }

    pub(super) fn note(kind: Kind, tone: Tone) -> Self {
        Self { kind, direction: None, source: Source::Person, tone }
    }
}

/// How news is meant; the words say it too, colour only repeats it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Neither here nor there.
    #[default]
    Neutral,
    /// As wished.
    Good,
    /// Worth a look.
    Warning,
    /// It failed.
    Error,
}

impl Tone {
    pub(crate) const ALL: [Self; 4] = [Self::Neutral, Self::Good, Self::Warning, Self::Error];

    /// Its word in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
