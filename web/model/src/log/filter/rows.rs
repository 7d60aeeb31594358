//! The rows of the log on the page, filtered or not.
//!
//! A row has an ordinal that stays the same while older rows are dropped and newer ones are added, until the query
//! changes. Without a filter it is the number of the entry. With one, it is the position among all hits, those that
//! were removed included: hit `index` of `hits` has the ordinal `removed + index`.

use super::Filter;
use crate::log::Log;

#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    All(&'a Log),
    Hits { filter: &'a Filter, log: &'a Log },
}

impl Rows<'_> {
    /// The ordinal of the oldest row; without rows, that of the next one.
    pub fn first(self) -> u64 {
        match self {
            Self::All(log) => log.first_seq(),
            // The log may have dropped some hits since the last scan.
            Self::Hits { log, .. } => self.ordinal(log.first_seq()),
        }
    }

    /// The ordinal of the next row.
    pub fn end(self) -> u64 {
        match self {
            Self::All(log) => log.last_seq() + 1,
            Self::Hits { filter, .. } => filter.removed + filter.hits.len() as u64,
        }
    }

    pub fn len(self) -> usize {
        (self.end() - self.first()) as usize
    }

    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    pub fn seq(self, ordinal: u64) -> Option<u64> {
        match self {
            Self::All(_) => (self.first()..self.end()).contains(&ordinal).then_some(ordinal),
            Self::Hits { filter, log } => {
                let index = usize::try_from(ordinal.checked_sub(filter.removed)?).ok()?;
                filter.hits.get(index).copied().filter(|&seq| seq >= log.first_seq())
            }
        }
    }

    /// The row of an entry, or the next one after it; may be [`Rows::end`].
    pub fn ordinal(self, seq: u64) -> u64 {
        match self {
            Self::All(_) => seq.clamp(self.first(), self.end()),
            Self::Hits { filter, log } => {
                let seq = seq.max(log.first_seq());
                filter.removed + filter.hits.partition_point(|&hit| hit < seq) as u64
            }
        }
    }
}
