//! The rows that the log shows, filtered or not. It never renumbers them while the log moves on.

use super::Filter;
use crate::log::Log;

/// The rows that the log shows. Each has an ordinal that stays the same while older rows go and newer ones come, until
/// another query is asked.
#[derive(Debug, Clone, Copy)]
pub enum Rows<'a> {
    /// Every entry; the ordinals are the entries' numbers.
    All(&'a Log),
    /// The entries that a filter has found.
    Hits {
        /// The filter.
        filter: &'a Filter,
        /// What it filters.
        log: &'a Log,
    },
}

impl Rows<'_> {
    /// The ordinal of the oldest row, or the one that the next row will get.
    pub fn first(self) -> u64 {
        match self {
            Self::All(log) => log.first_seq(),
            // Some hits may have left the log since the last scan.
            Self::Hits { log, .. } => self.ordinal(log.first_seq()),
        }
    }

    /// The ordinal that the next row will get.
    pub fn end(self) -> u64 {
        match self {
            Self::All(log) => log.last_seq() + 1,
            Self::Hits { filter, .. } => filter.gone + filter.hits.len() as u64,
        }
    }

    /// How many rows there are.
    pub fn len(self) -> usize {
        (self.end() - self.first()) as usize
    }

    /// Whether there is nothing to show.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The number of the entry in that row.
    pub fn seq(self, ordinal: u64) -> Option<u64> {
        match self {
            Self::All(_) => (self.first()..self.end()).contains(&ordinal).then_some(ordinal),
            Self::Hits { filter, log } => {
                let index = usize::try_from(ordinal.checked_sub(filter.gone)?).ok()?;
                filter.hits.get(index).copied().filter(|&seq| seq >= log.first_seq())
            }
        }
    }

    /// The row of that entry, or the next one after it, which may be [`Rows::end`].
    pub fn ordinal(self, seq: u64) -> u64 {
        match self {
            Self::All(_) => seq.clamp(self.first(), self.end()),
            Self::Hits { filter, log } => {
                let seq = seq.max(log.first_seq());
                filter.gone + filter.hits.partition_point(|&hit| hit < seq) as u64
            }
        }
    }
}
