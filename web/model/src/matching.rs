//! Regular expressions. A peer's text can keep one busy forever, so they are matched off the page's thread, in batches
//! with a time limit: the model asks by [`Effect::Match`](crate::Effect::Match) and goes on with the answer.

use thiserror::Error;

use crate::data::codec;
use crate::data::payload::Content;

/// Says what is wrong with a regular expression, in the words of the browser's
/// [`RegExp`](https://developer.mozilla.org/en-US/docs/Web/JavaScript/Reference/Global_Objects/RegExp).
pub type CheckRegex = fn(&Regex) -> Result<(), String>;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Regex {
    pub expression: String,
    /// As in JavaScript: `dgimsuvy`.
    pub flags: String,
}

/// Unique as long as the page is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MatchId(pub(crate) u64);

/// Texts to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchRequest {
    pub id: MatchId,
    pub regex: Regex,
    pub texts: Vec<String>,
}

/// Why a batch was not matched.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MatchError {
    #[error("the regular expression takes more than {} ms for a message, and was stopped", MatchRequest::LIMIT_MS)]
    TooSlow,
    #[error("{0}")]
    Unavailable(String),
}

impl MatchRequest {
    /// A batch that takes longer is given up.
    pub const LIMIT_MS: u32 = 500;
    /// Bytes of texts in a batch, unless a single one is longer: what takes milliseconds with most expressions.
    pub(crate) const MAX_BYTES: usize = 256 << 10;
    /// Texts in a batch.
    pub(crate) const MAX_TEXTS: usize = 4096;
}

/// What a regular expression sees: text as it is, and binary as hex, `de ad be ef`.
pub(crate) fn text_of(content: Content<'_>) -> String {
    match content {
        Content::Text(text) => text.to_owned(),
        Content::Binary(bytes) => codec::encode_hex(bytes),
    }
}
