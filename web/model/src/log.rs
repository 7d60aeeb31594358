//! The log: what went over the connection and what became of it, in order, within limits. It never forgets silently:
//! what had to go is counted, and the totals stay exact.

mod entry;
pub(crate) mod filter;
mod segment;
pub(crate) mod viewport;

use std::collections::VecDeque;

use thiserror::Error;

use self::segment::Segment;
use crate::data::payload::Content;
use crate::data::time::Time;

pub use self::entry::{Direction, Entry, Kind, Label, Source, Tone};

/// How much a log keeps. The newest entry is always kept, however large, and so are pinned ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Entries at most; each costs 16 bytes beside its content.
    pub entries: usize,
    /// Bytes of contents at most: payloads, and the words of notes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 << 20 }
    }
}

/// Messages of one direction, counted since the log was cleared, those that are not kept any more included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

/// There are [`Log::MAX_PINNED`] pinned entries already; ask the person to let one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{} entries are pinned already, which is the limit", Log::MAX_PINNED)]
pub struct PinError;

/// The entries kept, oldest first, and the figures of all.
#[derive(Debug, Default)]
pub struct Log {
    limits: Limits,
    /// None is empty, and their entries are numbered without gaps, so that one is found by its number.
    segments: VecDeque<Segment>,
    /// Entries of the first segment that are gone, and wait for the rest of it to go.
    gone: usize,
    /// Entries kept, pinned ones that have left the ring not counted.
    len: usize,
    /// Bytes of contents of the entries kept and of the copies of pinned ones.
    bytes: usize,
    /// The number of the newest entry that there has been, 0 before the first.
    last_seq: u64,
    dropped: u64,
    sent: Tally,
    received: Tally,
    /// Copies, one segment each, in order of their numbers.
    pinned: Vec<Segment>,
}

impl Log {
    /// Entries that can be pinned at once.
    pub const MAX_PINNED: usize = 100;

    /// An empty log.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds a message, and lets the oldest entries go where a limit asks for it.
    pub fn push_message(&mut self, at: Time, direction: Direction, source: Source, content: Content<'_>) {
        let tally = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        tally.messages += 1;
        tally.bytes += content.size() as u64;
        self.push(at, Label::message(direction, source, content), content);
    }

    /// Adds a note, which lets the oldest entries go like a message.
    pub fn push_note(&mut self, at: Time, kind: Kind, tone: Tone, words: &str) {
        self.push(at, Label::note(kind, tone), Content::Text(words));
    }

    /// Counts messages that came and were lost before they could be added.
    pub fn miss(&mut self, missed: Tally) {
        self.received.messages += missed.messages;
        self.received.bytes += missed.bytes;
        self.dropped += missed.messages;
    }

    /// Keeps so much from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.enforce_limits();
    }

    /// Forgets all entries but the pinned ones and starts the figures anew; numbers go on.
    pub fn clear(&mut self) {
        let pinned = std::mem::take(&mut self.pinned);
        let bytes = pinned.iter().map(|copy| copy.size(0)).sum();
        *self = Self { limits: self.limits, last_seq: self.last_seq, pinned, bytes, ..Self::default() };
    }

    /// How many entries are kept, not counting pinned ones that are older than those.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of contents that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The number of the oldest entry kept, or the one that the next will get.
    pub fn first_seq(&self) -> u64 {
        self.last_seq + 1 - self.len as u64
    }

    /// The number of the newest entry that there has been, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The entry of that number, if it is still kept or is pinned.
    pub fn entry(&self, seq: u64) -> Option<Entry<'_>> {
        if seq < self.first_seq() {
            let index = self.pin_index(seq).ok()?;
            return self.pinned[index].entry(0);
        }
        let after = self.segments.partition_point(|segment| segment.first_seq <= seq);
        let segment = self.segments.get(after.checked_sub(1)?)?;
        segment.entry((seq - segment.first_seq) as usize)
    }

    /// The entries kept from that number on, or from the oldest, in order.
    pub fn iter_from(&self, seq: u64) -> impl Iterator<Item = Entry<'_>> {
        let seq = seq.max(self.first_seq());
        let after = self.segments.partition_point(|segment| segment.first_seq <= seq);
        self.segments.range(after.saturating_sub(1)..).flat_map(move |segment| {
            let first = seq.saturating_sub(segment.first_seq) as usize;
            (first..segment.len()).filter_map(|index| segment.entry(index))
        })
    }

    /// Entries that had to go since the log was cleared.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// All messages sent.
    pub fn sent(&self) -> Tally {
        self.sent
    }

    /// All messages received.
    pub fn received(&self) -> Tally {
        self.received
    }

    /// Keeps an entry until it is unpinned, whatever the limits say. One that is gone cannot be pinned any more.
    ///
    /// # Errors
    /// [`PinError`], where there are too many.
    pub fn pin(&mut self, seq: u64) -> Result<(), PinError> {
        let Err(index) = self.pin_index(seq) else { return Ok(()) };
        let Some(Entry { at, label, content, .. }) = self.entry(seq) else { return Ok(()) };
        if self.pinned.len() == Self::MAX_PINNED {
            return Err(PinError);
        }
        let size = content.size();
        let mut copy = Segment::new(seq, size);
        copy.push(at, label, content);
        copy.seal();
        self.pinned.insert(index, copy);
        self.bytes += size;
        self.enforce_limits();
        Ok(())
    }

    /// Lets the limits decide on an entry again.
    pub fn unpin(&mut self, seq: u64) {
        if let Ok(index) = self.pin_index(seq) {
            self.bytes -= self.pinned.remove(index).size(0);
        }
    }

    /// Whether an entry is pinned.
    pub fn is_pinned(&self, seq: u64) -> bool {
        self.pin_index(seq).is_ok()
    }

    /// The pinned entries, oldest first.
    pub fn pinned(&self) -> impl Iterator<Item = Entry<'_>> {
        self.pinned.iter().filter_map(|copy| copy.entry(0))
    }

    /// Where among the pinned a number is, or would be.
    fn pin_index(&self, seq: u64) -> Result<usize, usize> {
        self.pinned.binary_search_by_key(&seq, |copy| copy.first_seq)
    }

    fn push(&mut self, at: Time, label: Label, content: Content<'_>) {
        let size = content.size();
        self.last_seq += 1;
        if !self.segments.back().is_some_and(|segment| segment.has_room(size)) {
            if let Some(full) = self.segments.back_mut() {
                full.seal();
            }
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
        self.bytes -= segment.size(self.gone);
        self.len -= 1;
        self.dropped += 1;
        self.gone += 1;
        if self.gone == segment.len() {
            self.segments.pop_front();
            self.gone = 0;
        }
    }
}

#[cfg(test)]
mod tests;
