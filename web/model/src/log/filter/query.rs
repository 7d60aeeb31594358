//! What a person wants to see of the log. It never looks at it.

use crate::log::{Direction, Kind, Label, Source};

/// A property of entries by which they are shown or hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Facet {
    /// Messages to the server.
    Sent,
    /// Messages from the server.
    Received,
    /// Text messages.
    Text,
    /// Binary messages.
    Binary,
    /// Connections that opened.
    Open,
    /// Connections that ended.
    Close,
    /// What failed.
    Error,
    /// Other notes.
    Note,
    /// Messages that no person sent one by one.
    Automatic,
}

impl Facet {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 9] = [
        Self::Sent,
        Self::Received,
        Self::Text,
        Self::Binary,
        Self::Open,
        Self::Close,
        Self::Error,
        Self::Note,
        Self::Automatic,
    ];

    /// One word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sent => Direction::Sent.name(),
            Self::Received => Direction::Received.name(),
            Self::Text => Kind::Text.name(),
            Self::Binary => Kind::Binary.name(),
            Self::Open => Kind::Open.name(),
            Self::Close => Kind::Close.name(),
            Self::Error => Kind::Error.name(),
            Self::Note => Kind::Note.name(),
            Self::Automatic => "automatic",
        }
    }
}

/// Some of the [`Facet`]s.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facets(u16);

impl Facets {
    /// Whether this one is among them.
    pub fn contains(self, facet: Facet) -> bool {
        self.intersects(facet.into())
    }

    /// Without this one if it was among them, else with it.
    #[must_use]
    pub fn toggled(self, facet: Facet) -> Self {
        Self(self.0 ^ Self::from(facet).0)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the other ones have any of these.
    pub(super) fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn of(label: Label) -> Self {
        let kind = match label.kind {
            Kind::Text => Facet::Text,
            Kind::Binary => Facet::Binary,
            Kind::Open => Facet::Open,
            Kind::Close => Facet::Close,
            Kind::Error => Facet::Error,
            Kind::Note => Facet::Note,
        };
        let direction = label.direction.map_or(Self::default(), |direction| match direction {
            Direction::Sent => Facet::Sent.into(),
            Direction::Received => Facet::Received.into(),
        });
        let source = match label.source {
            Source::Person => Self::default(),
            Source::Automatic => Facet::Automatic.into(),
        };
        Self(Self::from(kind).0 | direction.0 | source.0)
    }
}

impl From<Facet> for Facets {
    fn from(facet: Facet) -> Self {
        Self(1 << facet as u8)
    }
}

/// What is to be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Text, `/regex/` with its flags, and words to exclude with a `-` before them; empty for everything. Text is looked
    /// for with ASCII letters in either case, and in binary messages where it is hex.
    pub typed: String,
    /// An entry with any of these is not shown.
    pub hidden: Facets,
}
