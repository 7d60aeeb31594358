//! What the page and the compute worker say to each other. Each [`Request`] is answered by one [`Response`], in order.
//!
//! A post is an array: an `ArrayBuffer` with the value in [postcard](https://docs.rs/postcard)'s encoding, and the file
//! that comes with it, if there is one. Texts and bytes are borrowed from the buffer that they are read from.

use model::Entry;
use serde::{Deserialize, Serialize};
use worker::protocol as posts;
pub use worker::protocol::DecodeError;

use crate::archive::ArchiveFormat;
use crate::decode::Format;
use crate::document::{Layout, Row};

/// Bytes of contents in one post of entries, unless a single one is larger: what the page can handle within a frame.
pub const BATCH: usize = 256 << 10;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Decode the file that comes with this. Answered with [`Response::Text`] or [`Response::Problem`].
    Decode,
    /// Read the file that comes with this as logs. Answered with [`Response::Logs`] or [`Response::Problem`].
    Import {
        /// The moment zero of [`model::Time`], in milliseconds since 1970.
        time_origin: f64,
    },
    /// Answered with the next [`Response::Entries`] of the logs that were imported last.
    NextEntries,
    /// Begin to write a log as a file. Answered with [`Response::Done`].
    BeginExport {
        format: ArchiveFormat,
        /// Where the connection went.
        url: &'a str,
        /// As in [`Self::Import`].
        time_origin: f64,
    },
    /// Write these, too. Answered with [`Response::Done`].
    Export(#[serde(borrow)] Vec<Entry<'a>>),
    /// End the file. Answered with [`Response::Done`] and the file.
    EndExport,
    /// Which of the texts match a regular expression. Answered with [`Response::Matched`].
    Match {
        expression: &'a str,
        /// As in JavaScript.
        flags: &'a str,
        texts: Vec<&'a str>,
    },
    /// Where a regular expression matches in the texts. Answered with [`Response::Found`].
    Find {
        expression: &'a str,
        /// As in JavaScript.
        flags: &'a str,
        texts: Vec<&'a str>,
    },
    /// Lay out the message that comes with this, in place of the one before. Answered with [`Response::Document`].
    Open {
        layout: Layout,
        /// Of a row.
        columns: u32,
    },
    /// Cut the rows of the document again. Answered with [`Response::Document`].
    SetColumns(u32),
    /// Fold or unfold the line with that index. Answered with [`Response::Document`].
    ToggleFold(u32),
    /// Answered with [`Response::Rows`]; fewer at the end.
    Rows { first: u32, count: u32 },
    /// Answered with the document as [`Response::Text`], unfolded, however wide the rows are.
    Copy,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Response<'a> {
    Done,
    /// Why the request could not be carried out.
    Problem(&'a str),
    Text(&'a str),
    /// The file could be read, at least in part.
    Logs {
        /// Of each log, where the connection went; empty where the file does not say it. At least one.
        urls: Vec<&'a str>,
        /// Entries that could not be read.
        skipped: u64,
        /// Why the first of those could not.
        first_skipped: Option<&'a str>,
    },
    Document {
        rows: u32,
        /// What it was decoded as.
        format: Option<Format>,
        problem: Option<NotShown<'a>>,
    },
    Rows(Vec<Row>),
    /// Of each text.
    Matched(Vec<bool>),
    /// In each text, the matches.
    Found(Vec<Vec<Span>>),
    Entries {
        /// The index of the log.
        log: u32,
        /// Their numbers say nothing. Empty at the end of the last log.
        #[serde(borrow)]
        entries: Vec<Entry<'a>>,
    },
}

/// Why a message is not laid out as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotShown<'a> {
    /// It is no JSON, and laid out as text.
    Syntax(&'a str),
    /// The JSON is nested too deeply, and laid out as text.
    TooDeep(&'a str),
    /// It is decoded up to a mistake, which this names.
    Broken(&'a str),
    /// Nothing shows its format.
    Unrecognised,
}

/// Begin and end of a match, in UTF-16 units.
pub type Span = (u32, u32);

pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut post = Vec::new();
    posts::encode(value, &mut post);
    post
}

/// # Errors
/// [`DecodeError`], also where there is no value.
pub fn decode<'a, T: Deserialize<'a>>(post: &'a [u8]) -> Result<T, DecodeError> {
    posts::decode(post).next().unwrap_or(Err(DecodeError))
}
