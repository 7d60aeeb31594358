//! Which entries of the log are shown.
//!
//! A log of 64 MiB cannot be searched within a frame. [`Filter::scan`] searches a part with each call and continues at
//! `next`; `hits` has the numbers of the matching entries before that. When the log drops old entries, their hits are
//! removed at the next scan and counted in `removed`, so that the ordinals of the rows stay the same (see [`Rows`]).

mod pattern;
mod query;
mod rows;

use std::collections::VecDeque;

use crate::log::{Entry, Log};
use crate::matching::{CheckRegex, MatchError, MatchId, MatchRequest, text_of};

use self::pattern::Pattern;

pub use self::pattern::Marked;

pub use self::query::{Facet, Facets, Query};
pub use self::rows::Rows;

/// The cost of an entry beside its bytes, in bytes, so that a scan of many empty entries ends, too.
const ENTRY_COST: usize = 64;

#[derive(Debug, Default)]
pub struct Filter {
    query: Query,
    pattern: Pattern,
    /// Numbers of matching entries, ascending. The first may have been dropped from the log since the last scan.
    hits: VecDeque<u64>,
    /// Hits that were removed because the log dropped their entries.
    removed: u64,
    /// The number of the entry at which the scan continues.
    next: u64,
    /// With a regular expression the newest entries are matched first: those from this number up to `next` have been.
    /// `None` before the first batch.
    older: Option<u64>,
    /// Is being matched.
    batch: Option<Batch>,
    /// Entries in the next batch, at most.
    batch_limit: usize,
    /// Why the regular expression is not matched any more, in the words for the person.
    stopped: Option<String>,
}

/// Entries that are being matched with a regular expression.
#[derive(Debug)]
struct Batch {
    id: MatchId,
    /// Those from `next` on, and then those before `older`, downwards.
    seqs: Vec<u64>,
    /// What they are afterwards.
    next: u64,
    older: u64,
}

impl Filter {
    pub fn new(query: Query, check_regex: CheckRegex) -> Self {
        let pattern = Pattern::parse(&query.typed, check_regex);
        Self { pattern, query, batch_limit: MatchRequest::MAX_TEXTS, ..Self::default() }
    }

    /// The error in the regular expression.
    pub fn problem(&self) -> Option<&str> {
        self.stopped.as_deref().or(self.pattern.problem())
    }

    /// What to mark in the rows that are shown.
    pub fn marked(&self) -> Marked<'_> {
        if self.stopped.is_some() { Marked::Nothing } else { self.pattern.marked() }
    }

    /// How the text was understood, where it could have meant something else.
    pub fn hint(&self) -> Option<&str> {
        self.pattern.hint()
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    pub fn is_on(&self) -> bool {
        !self.query.hidden.is_empty() || !self.pattern.matches_everything()
    }

    /// Continues the search for about `bytes` bytes, at least for one entry. Returns whether there is more. What is matched
    /// with a regular expression goes by `next_batch`.
    pub fn scan(&mut self, log: &Log, bytes: usize) -> bool {
        if !self.is_on() {
            return false;
        }
        self.remove_dropped(log);
        if self.pattern.regex().is_some() {
            return self.left(log) > 0;
        }
        let mut looked_at = 0;
        for entry in log.iter_from(self.next) {
            if looked_at >= bytes && looked_at > 0 {
                break;
            }
            looked_at += ENTRY_COST + entry.content.size();
            self.next = entry.seq + 1;
            if self.matches(entry) {
                self.hits.push_back(entry.seq);
            }
        }
        self.left(log) > 0
    }

    /// Takes the entries that are to be matched next with a regular expression, if there is one, and no batch is under way.
    /// New entries come first, then older ones from the newest on.
    pub(crate) fn next_batch(&mut self, log: &Log, id: MatchId) -> Option<MatchRequest> {
        let regex = self.pattern.regex()?.clone();
        if self.batch.is_some() || self.stopped.is_some() {
            return None;
        }
        let end = log.last_seq() + 1;
        let older = *self.older.get_or_insert_with(|| {
            self.next = end;
            // Older hits are put in front, and ordinals do not go below 0.
            self.removed = end;
            end
        });
        let mut batch = Batch { id, seqs: Vec::new(), next: self.next, older };
        let (mut texts, mut cost) = (Vec::new(), 0);
        while cost < MatchRequest::MAX_BYTES && batch.seqs.len() < self.batch_limit {
            let seq = if batch.next < end {
                batch.next += 1;
                batch.next - 1
            } else if batch.older > log.first_seq() {
                batch.older -= 1;
                batch.older
            } else {
                break;
            };
            let Some(entry) = log.entry(seq) else { continue };
            cost += ENTRY_COST;
            if !Facets::of(entry.label).intersects(self.query.hidden) {
                cost += entry.content.size();
                batch.seqs.push(seq);
                texts.push(text_of(entry.content));
            }
        }
        if texts.is_empty() {
            (self.next, self.older) = (batch.next, Some(batch.older));
            return None;
        }
        self.batch = Some(batch);
        Some(MatchRequest { id, regex, texts })
    }

    /// Takes in which entries of a batch match. Returns whether it was asked for here.
    pub(crate) fn matched(&mut self, id: MatchId, result: &Result<Vec<bool>, MatchError>) -> bool {
        let Some(batch) = self.batch.take_if(|batch| batch.id == id) else { return false };
        match result {
            Ok(matches) => {
                (self.next, self.older) = (batch.next, Some(batch.older));
                self.batch_limit = (self.batch_limit * 2).min(MatchRequest::MAX_TEXTS);
                for (seq, &is_match) in batch.seqs.into_iter().zip(matches) {
                    if is_match == self.pattern.shows_matches() {
                        self.insert(seq);
                    }
                }
            }
            // Perhaps there are just too many.
            Err(MatchError::TooSlow) if batch.seqs.len() > 1 => self.batch_limit = (batch.seqs.len() / 8).max(1),
            Err(error) => self.stopped = Some(error.to_string()),
        }
        true
    }

    fn insert(&mut self, seq: u64) {
        if self.hits.back().is_none_or(|&newest| newest < seq) {
            self.hits.push_back(seq);
        } else {
            self.hits.push_front(seq);
            self.removed -= 1;
        }
    }

    fn remove_dropped(&mut self, log: &Log) {
        let removed = self.hits.partition_point(|&seq| seq < log.first_seq());
        self.hits.drain(..removed);
        self.removed += removed as u64;
    }

    /// Whether a batch is being matched.
    pub fn is_waiting(&self) -> bool {
        self.batch.is_some()
    }

    /// Entries that have not been searched yet.
    pub fn left(&self, log: &Log) -> u64 {
        if !self.is_on() || self.stopped.is_some() {
            return 0;
        }
        let end = log.last_seq() + 1;
        let newer = end - self.next.clamp(log.first_seq(), end);
        newer + self.older.map_or(0, |older| older.saturating_sub(log.first_seq()))
    }

    pub fn rows<'a>(&'a self, log: &'a Log) -> Rows<'a> {
        if self.is_on() { Rows::Hits { filter: self, log } } else { Rows::All(log) }
    }

    fn matches(&self, entry: Entry<'_>) -> bool {
        !Facets::of(entry.label).intersects(self.query.hidden) && self.pattern.matches(entry.content)
    }
}

#[cfg(test)]
mod tests;
