//! Logs as files: export for other programs, import for viewing and replaying.

mod export;
mod import;

use serde::{Deserialize, Serialize};

pub(crate) use self::export::Exporter;
pub use self::import::{EntryError, ImportError, Imported, ImportedEntry, ImportedLog, import};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ArchiveFormat {
    /// One JSON object for each entry. Can be imported.
    JsonLines,
    /// For spreadsheets. Cannot be imported.
    Csv,
    /// [HTTP Archive](http://www.softwareishard.com/blog/har-12-spec/) with Chrome's `_webSocketMessages`. Has the
    /// messages but not the notes. Can be imported.
    Har,
}

impl ArchiveFormat {
    /// In the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::JsonLines, Self::Csv, Self::Har];

    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "JSON Lines",
            Self::Csv => "CSV",
            Self::Har => "HAR",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Har => "har",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv",
            Self::Har => "application/json",
        }
    }
}

#[cfg(test)]
mod tests;
