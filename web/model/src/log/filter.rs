//! Which entries of the log are shown.
//!
//! A log of 64 MiB cannot be searched within a frame. [`Filter::scan`] searches a part with each call and continues at
//! `next`; `hits` has the numbers of the matching entries before that. When the log drops old entries, their hits are
//! removed at the next scan and counted in `removed`, so that the ordinals of the rows stay the same (see [`Rows`]).

mod pattern;
mod query;
mod rows;

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::log::{Entry, Log};

use self::pattern::Pattern;

pub use self::query::{Facet, Facets, Query};
pub use self::rows::Rows;

/// The cost of an entry beside its bytes, in bytes, so that a scan of many empty entries ends, too.
const ENTRY_COST: usize = 64;

/// A compiled regular expression; made by [`Compile`].
#[derive(Clone)]
pub struct Matcher(Rc<dyn Fn(&str) -> bool>);

impl Matcher {
    pub fn new(is_match: impl Fn(&str) -> bool + 'static) -> Self {
        Self(Rc::new(is_match))
    }

    pub fn is_match(&self, text: &str) -> bool {
        (self.0)(text)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Matcher")
    }
}

/// Compiles a regular expression with the browser's
/// [`RegExp`](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/RegExp). The error is
/// the browser's message.
pub type Compile = fn(expression: &str, flags: &str) -> Result<Matcher, String>;

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
}

impl Filter {
    pub fn new(query: Query, compile: Compile) -> Self {
        Self { pattern: Pattern::parse(&query.typed, compile), query, ..Self::default() }
    }

    /// The error in the regular expression.
    pub fn problem(&self) -> Option<&str> {
        self.pattern.problem()
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

    /// Continues the search for about `bytes` bytes, at least for one entry. Returns whether there is more.
    pub fn scan(&mut self, log: &Log, bytes: usize) -> bool {
        if !self.is_on() {
            return false;
        }
        let removed = self.hits.partition_point(|&seq| seq < log.first_seq());
        self.hits.drain(..removed);
        self.removed += removed as u64;
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

    /// Entries that have not been searched yet.
    pub fn left(&self, log: &Log) -> u64 {
        if self.is_on() { log.last_seq() + 1 - self.next.clamp(log.first_seq(), log.last_seq() + 1) } else { 0 }
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
