//! The selected entry and how its content is shown.

use compute::decode::Format;
use model::{Kind, Viewport};

use super::DocumentView;
use crate::browser::task::Task;

/// Height of a line of the hex dump, in CSS pixels.
const HEX_LINE_HEIGHT: u32 = 19;

pub(crate) struct Detail {
    /// The sequence number of the selected entry. The log may have dropped the entry since.
    pub(crate) seq: Option<u64>,
    /// Chosen by the person; shown only where the entry's kind allows it.
    pub(crate) preferred: Option<ContentFormat>,
    /// What messages are decoded as, where the person chose it.
    pub(crate) decoder: Option<Format>,
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
            preferred: None,
            decoder: None,
            copied: None,
            copying: None,
            hex_viewport,
            document: DocumentView::default(),
        }
    }
}

impl Detail {
    /// Selects an entry, or none. What the person chose stays.
    pub(crate) fn select(&mut self, seq: Option<u64>) {
        if seq != self.seq {
            *self = Self { seq, preferred: self.preferred, decoder: self.decoder, ..Self::default() };
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentFormat {
    /// As received.
    Text,
    /// Indented.
    Json,
    Hex,
    /// As what it means.
    Decoded,
}

impl ContentFormat {
    /// The formats in which an entry of that kind can be shown; never empty.
    pub(crate) fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Text => &[Self::Text, Self::Json, Self::Hex, Self::Decoded],
            Kind::Binary => &[Self::Hex, Self::Decoded],
            Kind::Open | Kind::Close | Kind::Error | Kind::Note => &[Self::Text],
        }
    }
}
