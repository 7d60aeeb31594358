//! Logs as files: written for other programs, read back for looking at and replaying. It never holds a whole file
//! when it writes one.

mod export;
mod import;

pub use self::export::export;
pub use self::import::{EntryError, ImportError, Imported, ImportedEntry, ImportedLog, import};

/// What a log is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveFormat {
    /// A line of JSON for each entry; can be read back.
    JsonLines,
    /// For spreadsheets.
    Csv,
    /// [HTTP Archive](http://www.softwareishard.com/blog/har-12-spec/) with Chrome's `_webSocketMessages`: only messages;
    /// can be read back.
    Har,
}

impl ArchiveFormat {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::JsonLines, Self::Csv, Self::Har];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::JsonLines => "JSON Lines",
            Self::Csv => "CSV",
            Self::Har => "HAR",
        }
    }

    /// How such files' names end.
    pub fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::Har => "har",
        }
    }

    /// Its media type.
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
