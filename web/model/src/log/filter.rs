//! Which entries of the log are shown. It never looks at the whole log at once: it scans as much as a frame has time for,
//! goes on from there, and keeps what it has found in step with a log that grows and lets go.

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

/// What looking at one entry costs beside its bytes, in bytes: so that a million empty ones are no single step.
const ENTRY_COST: usize = 64;

/// Tells whether a text matches; made by [`Compile`].
#[derive(Clone)]
pub struct Matcher(Rc<dyn Fn(&str) -> bool>);

impl Matcher {
    /// A matcher that asks this.
    pub fn new(is_match: impl Fn(&str) -> bool + 'static) -> Self {
        Self(Rc::new(is_match))
    }

    /// Whether the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        (self.0)(text)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Matcher")
    }
}

/// Makes a matcher of a regular expression and its flags, or says what is wrong with them: the browser's
/// [`RegExp`](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/RegExp).
pub type Compile = fn(expression: &str, flags: &str) -> Result<Matcher, String>;

/// The entries that match a query, as far as they have been looked for.
#[derive(Debug, Default)]
pub struct Filter {
    query: Query,
    pattern: Pattern,
    /// Numbers of matching entries, ascending; the first ones may have left the log since the last scan.
    hits: VecDeque<u64>,
    /// Hits that were let go with their entries.
    gone: u64,
    /// The entry to be looked at next.
    next: u64,
}

impl Filter {
    /// A filter that has not looked at anything yet.
    pub fn new(query: Query, compile: Compile) -> Self {
        Self { pattern: Pattern::parse(&query.typed, compile), query, ..Self::default() }
    }

    /// What is wrong with the regular expression: show it beside the field.
    pub fn problem(&self) -> Option<&str> {
        self.pattern.problem()
    }

    /// How the text was understood, where it could have meant something else.
    pub fn hint(&self) -> Option<&str> {
        self.pattern.hint()
    }

    /// What it looks for.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether it could hide anything.
    pub fn is_on(&self) -> bool {
        !self.query.hidden.is_empty() || !self.pattern.matches_everything()
    }

    /// Looks on through the log until about so many bytes have been looked at, at least at one entry; whether there is more.
    pub fn scan(&mut self, log: &Log, bytes: usize) -> bool {
        if !self.is_on() {
            return false;
        }
        let gone = self.hits.partition_point(|&seq| seq < log.first_seq());
        self.hits.drain(..gone);
        self.gone += gone as u64;
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

    /// Entries that it has not looked at yet.
    pub fn left(&self, log: &Log) -> u64 {
        if self.is_on() { log.last_seq() + 1 - self.next.clamp(log.first_seq(), log.last_seq() + 1) } else { 0 }
    }

    /// The rows of the log that are shown.
    pub fn rows<'a>(&'a self, log: &'a Log) -> Rows<'a> {
        if self.is_on() { Rows::Hits { filter: self, log } } else { Rows::All(log) }
    }

    fn matches(&self, entry: Entry<'_>) -> bool {
        !Facets::of(entry.label).intersects(self.query.hidden) && self.pattern.matches(entry.content)
    }
}

#[cfg(test)]
mod tests;
