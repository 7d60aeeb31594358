//! A stretch of the log: the contents of some thousand entries in one piece of memory, so that a million small messages
//! cost 16 bytes each beside their payloads, and no allocation of their own. It never forgets a single entry: the log
//! lets go of whole segments.

use super::entry::{Entry, Kind, Label};
use crate::data::payload::Content;
use crate::data::time::Time;

/// Bytes of contents in a segment, unless one message alone has more.
const BYTES: usize = 64 << 10;
/// Entries in a segment, so that empty messages fill one, too.
const ENTRIES: usize = 4096;

#[derive(Debug)]
pub(super) struct Segment {
    /// The number of its first entry; the others follow without gaps.
    pub(super) first_seq: u64,
    records: Vec<Record>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    at: Time,
    /// Where its content ends in `bytes`; it begins where the one before ends.
    end: usize,
    label: Label,
}

impl Segment {
    /// An empty segment in which a content of that size will fit.
    pub(super) fn new(first_seq: u64, size: usize) -> Self {
        Self { first_seq, records: Vec::new(), bytes: Vec::with_capacity(BYTES.max(size)) }
    }

    /// Whether a content of that size still belongs here.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.records.len() < ENTRIES && self.bytes.len() + size <= BYTES
    }

    pub(super) fn push(&mut self, at: Time, label: Label, content: Content<'_>) {
        self.bytes.extend_from_slice(content.bytes());
        self.records.push(Record { at, end: self.bytes.len(), label });
    }

    /// Gives back what was reserved and not needed; nothing more is to be pushed.
    pub(super) fn seal(&mut self) {
        self.records.shrink_to_fit();
        self.bytes.shrink_to_fit();
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn size(&self, index: usize) -> usize {
        self.records[index].end - self.start(index)
    }

    pub(super) fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let Record { at, end, label } = *self.records.get(index)?;
        let bytes = &self.bytes[self.start(index)..end];
        let content = match label.kind {
            Kind::Binary => Content::Binary(bytes),
            // What came in as text is text.
            _ => Content::Text(str::from_utf8(bytes).unwrap_or_default()),
        };
        Some(Entry { seq: self.first_seq + index as u64, at, label, content })
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.records[before].end)
    }
}
