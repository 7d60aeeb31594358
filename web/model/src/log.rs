//! The log of a connection: messages and notes in order, within limits.
//!
//! A ring of segments ([`segment`]). Entries are numbered without gaps, so an entry is found by a binary search for its
//! segment. When a limit is exceeded, the oldest entry is dropped: it is counted in `dropped` and in `dropped_in_first`, and its
//! memory is freed with its whole segment. Pinned entries are copies, each in a segment of its own, that outlive the
//! original. The totals count every message.

mod entry;
pub(crate) mod filter;
mod segment;
pub(crate) mod viewport;

use std::collections::VecDeque;
use std::ops::AddAssign;

use thiserror::Error;

use self::segment::Segment;
use crate::data::payload::Content;
use crate::data::time::Time;

pub use self::entry::{Direction, Entry, Kind, Label, Source, Tone};
pub use self::segment::{Keep, KeptBytes};

/// The newest entry and pinned ones are kept in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Each costs 16 bytes beside its content.
    pub entries: usize,
    /// Bytes of contents: payloads and the words of notes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 << 20 }
    }
}

/// Messages of one direction since the log was cleared, dropped ones included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub messages: u64,
    /// Sum of the payloads.
    pub bytes: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.messages = self.messages.saturating_add(other.messages);
        // An imported file may say any size.
        self.bytes = self.bytes.saturating_add(other.bytes);
    }
}

/// There are [`Log::MAX_PINNED`] pinned entries already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no more than {} entries can be pinned", Log::MAX_PINNED)]
pub struct PinError;

#[derive(Debug)]
pub struct Log {
    limits: Limits,
    keep: Keep,
    /// Oldest first; none is empty.
    segments: VecDeque<Segment>,
    /// Entries of the first segment that are dropped; their memory is freed with the rest of it.
    dropped_in_first: usize,
    /// Entries in the ring, without the copies of pinned ones.
    len: usize,
    /// Of the entries in the ring and the copies of pinned ones.
    bytes: usize,
    /// The number of the newest entry; 0 before the first. Survives [`Log::clear`].
    last_seq: u64,
    dropped: u64,
    sent: Tally,
    received: Tally,
    /// Copies, one segment each, sorted by number.
    pinned: Vec<Segment>,
    /// The numbers of the messages of which only the beginning is kept, ascending, and how many bytes are not. Some may be
    /// of dropped ones.
    cut: Vec<(u64, u64)>,
}

impl Log {
    pub const MAX_PINNED: usize = 100;
    /// That fit into the log at the least: of one that is longer, the beginning is kept.
    const MESSAGES: usize = 4;
    /// Bytes that are kept of a message in any case.
    const MIN_MESSAGE: usize = 64 << 10;

    pub fn new(limits: Limits, keep: Keep) -> Self {
        Self {
            limits,
            keep,
            segments: VecDeque::new(),
            dropped_in_first: 0,
            len: 0,
            bytes: 0,
            last_seq: 0,
            dropped: 0,
            sent: Tally::default(),
            received: Tally::default(),
            pinned: Vec::new(),
            cut: Vec::new(),
        }
    }

    pub fn push_message(&mut self, at: Time, direction: Direction, source: Source, content: Content<'_>) {
        self.push_cut_message(at, direction, source, content, 0);
    }

    /// Adds a message of which so many bytes are left out. More are, where it would push too much out of the log.
    pub fn push_cut_message(&mut self, at: Time, direction: Direction, source: Source, content: Content<'_>, cut: u64) {
        let kept = content.up_to((self.limits.bytes / Self::MESSAGES).max(Self::MIN_MESSAGE));
        let size = (content.size() as u64).saturating_add(cut);
        let tally = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        *tally += Tally { messages: 1, bytes: size };
        self.push(at, Label::message(direction, source, kept), kept);
        let cut = size - kept.size() as u64;
        if cut > 0 {
            self.cut.push((self.last_seq, cut));
            // Seldom, because every message of an imported file may be cut.
            if self.cut.len() > 2 * (self.len + self.pinned.len()) {
                let mut all = std::mem::take(&mut self.cut);
                all.retain(|&(seq, _)| seq >= self.first_seq() || self.is_pinned(seq));
                self.cut = all;
            }
        }
    }

    pub fn push_note(&mut self, at: Time, kind: Kind, tone: Tone, words: &str) {
        self.push(at, Label::note(kind, tone), Content::Text(words));
    }

    /// Adds an entry of another log. Its number is replaced by the next of this one.
    pub fn push_entry(&mut self, entry: Entry<'_>) {
        let Entry { at, label, content, cut, .. } = entry;
        match (label.direction, content) {
            (Some(direction), content) => self.push_cut_message(at, direction, label.source, content, cut),
            (None, Content::Text(words)) => self.push_note(at, label.kind, label.tone, words),
            // No note is binary.
            (None, Content::Binary(_)) => {}
        }
    }

    /// Counts received messages that were lost before they could be added.
    pub fn count_lost(&mut self, lost: Tally) {
        self.received += lost;
        self.dropped += lost.messages;
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.enforce_limits();
    }

    /// Removes all entries but the pinned ones and resets the totals. Numbers continue.
    pub fn clear(&mut self) {
        let pinned = std::mem::take(&mut self.pinned);
        let bytes = pinned.iter().map(|copy| copy.size(0)).sum();
        let cut = std::mem::take(&mut self.cut);
        *self = Self { last_seq: self.last_seq, pinned, bytes, cut, ..Self::new(self.limits, self.keep) };
    }

    /// Entries in the ring.
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of contents, pinned copies included.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the oldest entry in the ring; of the next one where that is empty.
    pub fn first_seq(&self) -> u64 {
        self.last_seq + 1 - self.len as u64
    }

    /// The number of the newest entry; 0 before the first. Survives [`Log::clear`].
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// `None` where the entry was dropped and is not pinned.
    pub fn entry(&self, seq: u64) -> Option<Entry<'_>> {
        if seq < self.first_seq() {
            let index = self.pin_index(seq).ok()?;
            return self.pinned[index].entry(0).map(|entry| self.with_cut(entry));
        }
        let after = self.segments.partition_point(|segment| segment.first_seq <= seq);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        segment.entry((seq - segment.first_seq) as usize).map(|entry| self.with_cut(entry))
    }

    /// The entries in the ring from this number on.
    pub fn iter_from(&self, seq: u64) -> impl Iterator<Item = Entry<'_>> {
        let seq = seq.max(self.first_seq());
        let after = self.segments.partition_point(|segment| segment.first_seq <= seq);
        self.segments.range(after.saturating_sub(1)..).flat_map(move |segment| {
            let first = seq.saturating_sub(segment.first_seq) as usize;
            (first..segment.len()).filter_map(move |index| segment.entry(index).map(|entry| self.with_cut(entry)))
        })
    }

    /// Entries dropped since the log was cleared.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    pub fn sent(&self) -> Tally {
        self.sent
    }

    pub fn received(&self) -> Tally {
        self.received
    }

    /// Keeps an entry until it is unpinned. Does nothing for an entry that was dropped.
    pub fn pin(&mut self, seq: u64) -> Result<(), PinError> {
        let Err(index) = self.pin_index(seq) else { return Ok(()) };
        let Some(Entry { at, label, content, .. }) = self.entry(seq) else { return Ok(()) };
        if self.pinned.len() == Self::MAX_PINNED {
            return Err(PinError);
        }
        let size = content.size();
        let mut copy = Segment::new(seq, size);
        copy.push(at, label, content);
        copy.seal(self.keep);
        self.pinned.insert(index, copy);
        self.bytes += size;
        self.enforce_limits();
        Ok(())
    }

    pub fn unpin(&mut self, seq: u64) {
        if let Ok(index) = self.pin_index(seq) {
            self.bytes -= self.pinned.remove(index).size(0);
        }
    }

    /// Frees the contents that were read back and are not used any more. Called once a frame.
    pub fn evict(&mut self) {
        self.segments.iter_mut().chain(&mut self.pinned).for_each(Segment::evict);
    }

    /// Of the pinned entries, oldest first.
    pub fn pinned_seqs(&self) -> impl Iterator<Item = u64> {
        self.pinned.iter().map(|copy| copy.first_seq)
    }

    pub fn is_pinned(&self, seq: u64) -> bool {
        self.pin_index(seq).is_ok()
    }

    /// Oldest first.
    pub fn pinned(&self) -> impl Iterator<Item = Entry<'_>> {
        self.pinned.iter().filter_map(|copy| copy.entry(0)).map(|entry| self.with_cut(entry))
    }

    fn with_cut<'a>(&self, entry: Entry<'a>) -> Entry<'a> {
        let cut = self.cut.binary_search_by_key(&entry.seq, |&(seq, _)| seq).map_or(0, |index| self.cut[index].1);
        Entry { cut, ..entry }
    }

    /// As of a binary search.
    fn pin_index(&self, seq: u64) -> Result<usize, usize> {
        self.pinned.binary_search_by_key(&seq, |copy| copy.first_seq)
    }

    fn push(&mut self, at: Time, label: Label, content: Content<'_>) {
        let size = content.size();
        self.last_seq += 1;
        if !self.segments.back().is_some_and(|segment| segment.has_room(size)) {
            if let Some(full) = self.segments.back_mut() {
                full.seal(self.keep);
            }
            self.evict();
            self.segments.push_back(Segment::new(self.last_seq, size));
        }
        if let Some(segment) = self.segments.back_mut() {
            segment.push(at, label, content);
        }
        self.len += 1;
        self.bytes += size;
        self.enforce_limits();
    }

    fn enforce_limits(&mut self) {
        while self.len > 1 && (self.len > self.limits.entries || self.bytes > self.limits.bytes) {
            self.drop_oldest();
        }
    }

    fn drop_oldest(&mut self) {
        let Some(segment) = self.segments.front() else { return };
        self.bytes -= segment.size(self.dropped_in_first);
        self.len -= 1;
        self.dropped += 1;
        self.dropped_in_first += 1;
        if self.dropped_in_first == segment.len() {
            self.segments.pop_front();
            self.dropped_in_first = 0;
        }
    }
}

/// Where there is no browser.
impl Default for Log {
    fn default() -> Self {
        Self::new(Limits::default(), |bytes| Box::new(bytes))
    }
}

#[cfg(test)]
mod tests;
