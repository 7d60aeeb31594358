//! A segment of the log: the contents of up to 4096 entries in one allocation.
//!
//! The contents lie end to end in `bytes`. A record has only the end of its content, which is where the next one
//! begins, so that a small message costs 16 bytes (on wasm32) beside its payload and no allocation. A segment only
//! grows: the log drops whole segments, and until then counts the entries of the first one that are dropped.

use super::entry::{Entry, Kind, Label};
use crate::data::payload::Content;
use crate::data::time::Time;

/// Bytes of contents; more only where a single message is larger.
const BYTES: usize = 64 << 10;
/// Without this, empty messages would never fill a segment.
const ENTRIES: usize = 4096;

#[derive(Debug)]
pub(super) struct Segment {
    /// The others follow without gaps.
    pub(super) first_seq: u64,
    records: Vec<Record>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    at: Time,
    /// Where the content ends in `bytes`.
    end: usize,
    label: Label,
}

impl Segment {
    /// `size` is that of the first content, in bytes.
    pub(super) fn new(first_seq: u64, size: usize) -> Self {
        Self { first_seq, records: Vec::new(), bytes: Vec::with_capacity(BYTES.max(size)) }
    }

    pub(super) fn has_room(&self, size: usize) -> bool {
        self.records.len() < ENTRIES && self.bytes.len() + size <= BYTES
    }

    pub(super) fn push(&mut self, at: Time, label: Label, content: Content<'_>) {
        self.bytes.extend_from_slice(content.bytes());
        self.records.push(Record { at, end: self.bytes.len(), label });
    }

    /// Frees the unused capacity. Called once, when the segment is full.
    pub(super) fn free_spare_capacity(&mut self) {
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
            // Text was pushed as `&str`, so it is UTF-8.
            _ => Content::Text(str::from_utf8(bytes).unwrap_or_default()),
        };
        Some(Entry { seq: self.first_seq + index as u64, at, label, content })
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.records[before].end)
    }
}
