//! The selected entry and how its content is shown.

use model::{Kind, Viewport};

use super::DocumentView;
use crate::browser::task::Task;

/// Height of a line of the hex dump, in CSS pixels.
const HEX_LINE_HEIGHT: u32 = 19;

pub(crate) struct Detail {
    /// The sequence number of the selected entry. The log may have dropped the entry since.
    pub(crate) seq: Option<u64>,
    /// Chosen by the person; shown only where the entry's kind allows it.
    pub(crate) preferred: ContentFormat,
    /// Whether copying succeeded; `None` before it is tried.
    pub(crate) copied: Option<bool>,
    pub(crate) copying: Option<Task>,
    /// The visible part of the hex dump.
    pub(crate) hex_viewport: Viewport,
    pub(crate) document: DocumentView,
}

impl Default for Detail {
    fn default() -> Self {
        let hex_viewport = Viewport { row: HEX_LINE_HEIGHT, ..Viewport::default() };
        Self {
            seq: None,
            preferred: ContentFormat::Text,
            copied: None,
            copying: None,
            hex_viewport,
            document: DocumentView::default(),
        }
    }
}

impl Detail {
    /// Selects an entry, or none. The preferred format stays.
    pub(crate) fn select(&mut self, seq: Option<u64>) {
        if seq != self.seq {
            *self = Self { seq, preferred: self.preferred, ..Self::default() };
        }
    }

    /// The preferred format, or the first one if the kind has no such format.
    pub(crate) fn format(&self, kind: Kind) -> ContentFormat {
        let formats = ContentFormat::of(kind);
        if formats.contains(&self.preferred) { self.preferred } else { formats[0] }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentFormat {
    /// As received.
    Text,
    /// Indented.
    Json,
    Hex,
}

impl ContentFormat {
    /// The formats in which an entry of that kind can be shown; never empty.
    pub(crate) fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Text => &[Self::Text, Self::Json, Self::Hex],
            Kind::Binary => &[Self::Hex],
            Kind::Open | Kind::Close | Kind::Error | Kind::Note => &[Self::Text],
        }
    }
}
