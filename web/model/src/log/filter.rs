//! Which entries of the log are shown. It never looks at the whole log at once: it scans as much as a frame has time for,
//! goes on from there, and keeps what it has found in step with a log that grows and lets go.

mod query;
mod rows;

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use crate::data::codec;
use crate::data::payload::Content;
use crate::log::{Entry, Log};

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

#[derive(Debug, Default)]
enum Pattern {
    #[default]
    Any,
    Plain {
        /// With ASCII letters in lower case.
        needle: Vec<u8>,
        /// The same in a binary message, if it can stand there.
        hex: Option<Vec<u8>>,
    },
    Regex(Matcher),
    /// A regular expression with something wrong, in the words of [`Compile`]: it hides nothing.
    Wrong(String),
}

impl Pattern {
    fn new(typed: &str, compile: Compile) -> Self {
        if typed.is_empty() {
            return Self::Any;
        }
        let regex = typed.strip_prefix('/').and_then(|rest| {
            let end = rest.rfind('/')?;
            Some((&rest[..end], &rest[end + 1..]))
        });
        if let Some((expression, flags)) = regex.filter(|(_, flags)| flags.chars().all(|c| c.is_ascii_lowercase())) {
            return compile(expression, flags).map_or_else(Self::Wrong, Self::Regex);
        }
        Self::Plain {
            needle: typed.to_ascii_lowercase().into_bytes(),
            hex: codec::decode_hex(typed).ok().filter(|bytes| !bytes.is_empty()),
        }
    }
}

impl Filter {
    /// A filter that has not looked at anything yet.
    pub fn new(query: Query, compile: Compile) -> Self {
        Self { pattern: Pattern::new(&query.typed, compile), query, ..Self::default() }
    }

    /// What is wrong with the regular expression: show it beside the field.
    pub fn problem(&self) -> Option<&str> {
        match &self.pattern {
            Pattern::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// What it looks for.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether it could hide anything.
    pub fn is_on(&self) -> bool {
        !self.query.hidden.is_empty() || matches!(self.pattern, Pattern::Plain { .. } | Pattern::Regex(_))
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
        if Facets::of(entry.label).intersects(self.query.hidden) {
            return false;
        }
        match (&self.pattern, entry.content) {
            (Pattern::Any | Pattern::Wrong(_), _) => true,
            (Pattern::Plain { needle, .. }, Content::Text(text)) => contains_in_any_case(text.as_bytes(), needle),
            (Pattern::Plain { hex, .. }, Content::Binary(bytes)) => {
                hex.as_ref().is_some_and(|hex| bytes.windows(hex.len()).any(|window| window == hex))
            }
            (Pattern::Regex(matcher), Content::Text(text)) => matcher.is_match(text),
            (Pattern::Regex(matcher), Content::Binary(bytes)) => matcher.is_match(&codec::encode_hex(bytes)),
        }
    }
}

/// Whether the bytes have the needle in them, which is in lower case and not empty.
pub(crate) fn contains_in_any_case(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let Some(last_start) = bytes.len().checked_sub(needle.len()) else { return false };
    bytes[..=last_start].iter().enumerate().any(|(start, byte)| {
        byte.to_ascii_lowercase() == *first && bytes[start..start + needle.len()].eq_ignore_ascii_case(needle)
    })
}

#[cfg(test)]
mod tests;
