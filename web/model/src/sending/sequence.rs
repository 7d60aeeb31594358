//! A sequence: what to send, which replies to wait for, and how long. It never runs itself; [`Run`] does.

mod document;
mod run;

use crate::composing::draft::Draft;
use crate::data::codec;
use crate::data::json::{self, Path};
use crate::data::payload::Content;
use crate::data::visible::Quoted;
use crate::log::filter::{Compile, Matcher};

pub(crate) use self::run::Event;
pub use self::run::{Outcome, Run, StepResult, Verdict};

/// Steps in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sequence {
    /// What tells it from the others.
    pub name: String,
    /// How many rounds; none is as good as one.
    pub rounds: u32,
    /// What each round does.
    pub steps: Vec<Step>,
}

impl Sequence {
    /// Steps at most.
    pub const MAX_STEPS: usize = 1000;
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send this.
    Send(Draft),
    /// Wait for a message that is like this; others are passed over.
    Expect {
        /// What it is like.
        reply: Reply,
        /// Milliseconds after which it has failed.
        within: u32,
    },
    /// Wait so many milliseconds.
    Delay(u32),
}

impl Step {
    /// For how many milliseconds a reply is waited for, unless the person says otherwise.
    pub const DEFAULT_TIMEOUT_MS: u32 = 5000;
}

/// What a message is to be like. Binary messages are looked at as hex: `de ad be ef`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// It has this text somewhere.
    Text(String),
    /// This regular expression matches.
    Regex(String),
    /// It is JSON, and has something at a path.
    Json {
        /// Where, such as `$.a.b[0]`.
        path: String,
        /// What, as JSON; empty for anything.
        equals: String,
    },
}

/// A [`Reply`] that can be looked for.
#[derive(Debug)]
enum Expectation {
    Text(String),
    Regex(Matcher),
    Json { path: Path, equals: String },
}

impl Expectation {
    fn new(reply: &Reply, compile: Compile) -> Result<Self, String> {
        match reply {
            Reply::Text(text) => Ok(Self::Text(text.clone())),
            Reply::Regex(expression) => compile(expression, "").map(Self::Regex),
            Reply::Json { path, equals } => {
                let path = path.parse().map_err(|error: json::PathError| error.to_string())?;
                if !equals.is_empty() {
                    json::parse(equals).map_err(|error| format!("{} is no JSON ({error})", Quoted(equals)))?;
                }
                Ok(Self::Json { path, equals: equals.clone() })
            }
        }
    }

    fn is_met(&self, content: Content<'_>) -> bool {
        match (self, content) {
            (Self::Text(wanted), Content::Text(text)) => text.contains(wanted.as_str()),
            (Self::Text(wanted), Content::Binary(bytes)) => codec::encode_hex(bytes).contains(wanted.as_str()),
            (Self::Regex(matcher), Content::Text(text)) => matcher.is_match(text),
            (Self::Regex(matcher), Content::Binary(bytes)) => matcher.is_match(&codec::encode_hex(bytes)),
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
