//! An entry of the log, borrowed from it.

use serde::{Deserialize, Serialize};

use crate::data::payload::Content;
use crate::data::time::Time;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// Identifies the entry. Counted from 1 in each log; continues after the log is cleared.
    pub seq: u64,
    pub at: Time,
    pub label: Label,
    /// The message, or the words of a note.
    #[serde(borrow)]
    pub content: Content<'a>,
    /// Bytes of the message that are not kept; `content` is its beginning.
    pub cut: u64,
}

impl Entry<'_> {
    /// Of the whole message, in bytes.
    pub fn size(&self) -> u64 {
        self.content.size() as u64 + self.cut
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    pub kind: Kind,
    /// `None` for a note.
    pub direction: Option<Direction>,
    pub source: Source,
    /// Neutral for messages.
    pub tone: Tone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Text,
    Binary,
    Open,
    Close,
    Error,
    /// Any other note.
    Note,
}

impl Kind {
    /// All of them, in the order in which a filter offers them.
    pub const ALL: [Self; 6] = [Self::Text, Self::Binary, Self::Open, Self::Close, Self::Error, Self::Note];

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
    /// The tone of most notes of this kind, for files without it.
    pub fn usual_tone(self) -> Tone {
        match self {
            Self::Error => Tone::Error,
            Self::Open => Tone::Good,
            Self::Close | Self::Note | Self::Text | Self::Binary => Tone::Neutral,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    Sent,
    Received,
}

impl Direction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Received => "received",
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A person, one message at a time. Also of received messages and notes.
    #[default]
    Person,
    /// A repetition, a sequence or a replay.
    Automatic,
}

impl Label {
    pub(crate) fn message(direction: Direction, source: Source, content: Content<'_>) -> Self {
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

/// The colour of a note, which its text must not depend on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tone {
    #[default]
    Neutral,
    Good,
    Warning,
    Error,
}

impl Tone {
    pub const ALL: [Self; 4] = [Self::Neutral, Self::Good, Self::Warning, Self::Error];

    /// In files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Neutral => "neutral",
            Self::Good => "good",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}
