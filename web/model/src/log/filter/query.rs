//! The filter's input: text, and hidden kinds of entries.

use crate::log::{Direction, Kind, Label, Source};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Facet {
    Sent,
    Received,
    Text,
    Binary,
    Open,
    Close,
    Error,
    Note,
    /// See [`Source::Automatic`].
    Automatic,
}

impl Facet {
    /// In the order in which they are offered.
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

/// A set of [`Facet`]s, one bit for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facets(u16);

impl Facets {
    pub fn contains(self, facet: Facet) -> bool {
        self.intersects(facet.into())
    }

    #[must_use]
    pub fn toggled(self, facet: Facet) -> Self {
        Self(self.0 ^ Self::from(facet).0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

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

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Text, `/regex/` with its flags, and words to exclude with a `-` before them; empty for everything. Text is looked
    /// for with ASCII letters in either case, and in binary messages where it is hex.
    pub typed: String,
    /// An entry with any of these is hidden.
    pub hidden: Facets,
}
