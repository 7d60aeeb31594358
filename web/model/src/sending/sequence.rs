//! A sequence of messages to send and replies to expect. [`Run`] executes one.

mod document;
mod edit;
mod run;

use crate::composing::draft::Draft;
use crate::data::codec;
use crate::data::json::{self, Path};
use crate::data::payload::Content;
use crate::data::visible::Quoted;
use crate::matching::{CheckRegex, Regex};

pub use self::edit::SequenceEdit;
pub(crate) use self::run::RunEvent;
pub use self::run::{Outcome, Run, StepResult, Verdict};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// Unique among the saved sequences.
    pub name: String,
    /// 0 counts as 1.
    pub rounds: u32,
    pub steps: Vec<Step>,
}

impl Sequence {
    pub const MAX_STEPS: usize = 1000;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Send(Draft),
    /// Wait for a matching message and ignore others.
    Expect {
        reply: Reply,
        /// Timeout in milliseconds.
        within: u32,
    },
    /// Milliseconds.
    Delay(u32),
}

impl Step {
    pub const DEFAULT_TIMEOUT_MS: u32 = 5000;
}

/// What a message has to match. Binary messages are matched as hex: `de ad be ef`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It contains this text.
    Text(String),
    Regex(String),
    /// It is JSON with a value at a path.
    Json {
        /// Such as `$.a.b[0]`.
        path: String,
        /// JSON; empty for any value.
        equals: String,
    },
}

/// A compiled [`Reply`].
#[derive(Debug)]
enum Expectation {
    Text(String),
    /// Matched elsewhere, see [`crate::matching`].
    Regex(Regex),
    Json {
        path: Path,
        equals: String,
    },
}

impl Expectation {
    fn new(reply: &Reply, check_regex: CheckRegex) -> Result<Self, String> {
        match reply {
            Reply::Text(text) => Ok(Self::Text(text.clone())),
            Reply::Regex(expression) => {
                let regex = Regex { expression: expression.clone(), flags: String::new() };
                check_regex(&regex).map(|()| Self::Regex(regex))
            }
            Reply::Json { path, equals } => {
                let path = path.parse().map_err(|error: json::PathError| error.to_string())?;
                if !equals.is_empty() {
                    json::parse(equals).map_err(|error| format!("{} is not valid JSON ({error})", Quoted(equals)))?;
                }
                Ok(Self::Json { path, equals: equals.clone() })
            }
        }
    }

    /// Of one that is no regular expression.
    fn is_met(&self, content: Content<'_>) -> bool {
        match (self, content) {
            (Self::Text(wanted), Content::Text(text)) => text.contains(wanted.as_str()),
            (Self::Text(wanted), Content::Binary(bytes)) => codec::encode_hex(bytes).contains(wanted.as_str()),
            (Self::Regex(_), _) => false,
            (Self::Json { path, equals }, Content::Text(text)) => {
                let Ok(value) = json::parse(text) else { return false };
                let Some(found) = path.find(&value) else { return false };
                equals.is_empty() || json::parse(equals).is_ok_and(|equals| found.is_same(&equals))
            }
            (Self::Json { .. }, Content::Binary(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests;
