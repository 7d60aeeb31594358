//! A segment of the log: the contents of up to 4096 entries in one allocation.
//!
//! The contents lie end to end in `bytes`. A record has only the end of its content, which is where the next one
//! begins, so that a small message costs 16 bytes (on wasm32) beside its payload and no allocation. A segment only
//! grows: the log drops whole segments, and until then counts the entries of the first one that are dropped.
//!
//! The contents of a full segment are kept outside of the page's WebAssembly memory ([`Keep`]), which never shrinks: what
//! is cleared there is given back. They are read back as a whole when an entry is asked for, and stay until they were not
//! used between two calls of [`Segment::evict`].

use std::cell::{Cell, OnceCell};
use std::fmt;

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
    /// Empty while they are kept outside and nobody reads them.
    bytes: OnceCell<Vec<u8>>,
    kept: Option<Box<dyn KeptBytes>>,
    /// Since the last [`Self::evict`].
    is_used: Cell<bool>,
}

/// Bytes outside of the page's WebAssembly memory. Dropped, they are given back.
pub trait KeptBytes: fmt::Debug {
    fn read(&self) -> Vec<u8>;
}

/// Where there is no such memory, in the same.
impl KeptBytes for Vec<u8> {
    fn read(&self) -> Vec<u8> {
        self.clone()
    }
}

/// Moves bytes out of the page's WebAssembly memory.
pub type Keep = fn(Vec<u8>) -> Box<dyn KeptBytes>;

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
        let bytes = Vec::with_capacity(BYTES.max(size)).into();
        Self { first_seq, records: Vec::new(), bytes, kept: None, is_used: Cell::default() }
    }

    pub(super) fn has_room(&self, size: usize) -> bool {
        self.records.len() < ENTRIES && self.start(self.records.len()) + size <= BYTES
    }

    pub(super) fn push(&mut self, at: Time, label: Label, content: Content<'_>) {
        // A segment is pushed to only before it is sealed.
        if let Some(bytes) = self.bytes.get_mut() {
            bytes.extend_from_slice(content.bytes());
            self.records.push(Record { at, end: bytes.len(), label });
        }
    }

    /// Frees the unused capacity, and moves the contents out. Called once, when the segment is full.
    pub(super) fn seal(&mut self, keep: Keep) {
        self.records.shrink_to_fit();
        self.kept = self.bytes.take().map(keep);
    }

    /// Frees the contents if they are kept outside and were not used since the last call.
    pub(super) fn evict(&mut self) {
        if !self.is_used.replace(false) && self.kept.is_some() {
            self.bytes.take();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn size(&self, index: usize) -> usize {
        self.records[index].end - self.start(index)
    }

    /// The log knows what is cut.
    pub(super) fn entry(&self, index: usize) -> Option<Entry<'_>> {
        let Record { at, end, label } = *self.records.get(index)?;
        self.is_used.set(true);
        let bytes = self.bytes.get_or_init(|| self.kept.as_ref().map(|kept| kept.read()).unwrap_or_default());
        let bytes = bytes.get(self.start(index)..end).unwrap_or_default();
        let content = match label.kind {
            Kind::Binary => Content::Binary(bytes),
            // Text was pushed as `&str`, so it is UTF-8.
            _ => Content::Text(str::from_utf8(bytes).unwrap_or_default()),
        };
        Some(Entry { seq: self.first_seq + index as u64, at, label, content, cut: 0 })
    }

    fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.records[before].end)
    }
}
