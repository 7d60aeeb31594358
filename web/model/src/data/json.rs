//! JSON as text: parsing with the place of a mistake, pretty-printing, paths, writing.
//!
//! The values keep numbers, strings, order and repeated names as they were written, so that no number beyond 2^53 changes.
//! `serde_json` does not, even with its features for numbers and order. `hifijson` reads the tokens.

mod parse;
mod path;
mod write;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use thiserror::Error;

pub use self::parse::parse;
pub use self::path::{Path, PathError};
pub use self::write::{Object, quoted};

/// [RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    /// The digits as they were written.
    Number(&'a str),
    String(JsonString<'a>),
    Array(Vec<Value<'a>>),
    /// In order, repeated names included.
    Object(Vec<(JsonString<'a>, Value<'a>)>),
}

/// What was written between the quotes, with its escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonString<'a>(&'a str);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct JsonError {
    pub kind: JsonErrorKind,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonErrorKind {
    Syntax,
    /// The text may be JSON, but is nested deeper than this parser goes.
    TooDeep,
}

impl<'a> Value<'a> {
    /// The last one where the name is repeated.
    pub fn member(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().rev().find(|(known, _)| known.text() == name).map(|(_, value)| value)
    }

    pub fn element(&self, index: usize) -> Option<&Self> {
        self.elements().get(index)
    }

    /// None where this is no array.
    pub fn elements(&self) -> &[Self] {
        match self {
            Self::Array(elements) => elements,
            _ => &[],
        }
    }

    /// Of a string, with its escapes resolved.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::String(string) => Some(string.text()),
            _ => None,
        }
    }

    /// Of a number that is whole and not negative.
    pub fn integer(&self) -> Option<u64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// Indented by two spaces for each level.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        write::pretty(&mut out, self, 0);
        out
    }

    /// Compares meaning: strings by their text, objects without regard to order, and of a repeated name the last member,
    /// which is the one that [`Value::member`] finds. Numbers have to be written alike.
    pub fn is_same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(one), Value::Bool(other)) => one == other,
            (Self::Number(one), Value::Number(other)) => one == other,
            (Self::String(one), Value::String(other)) => one.text() == other.text(),
            (Self::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is_same(other))
            }
            (Self::Object(one), Value::Object(other)) => {
                let (one, other) = (last_of_each_name(one), last_of_each_name(other));
                one.len() == other.len()
                    && one.iter().zip(&other).all(|((name, value), (other_name, other_value))| {
                        name == other_name && value.is_same(other_value)
                    })
            }
            _ => false,
        }
    }
}

/// A map, because looking for each name in turn would take quadratic time, and a peer chooses how many there are.
fn last_of_each_name<'v, 'a>(members: &'v [(JsonString<'a>, Value<'a>)]) -> BTreeMap<Cow<'a, str>, &'v Value<'a>> {
    let mut last = BTreeMap::new();
    // Not `collect`, which sorts: a stable sort takes 2 KB of the page.
    for (name, value) in members {
        last.insert(name.text(), value);
    }
    last
}

/// On one line, without white space.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        write::compact(&mut out, self);
        f.write_str(&out)
    }
}

impl<'a> JsonString<'a> {
    pub fn as_written(self) -> &'a str {
        self.0
    }

    /// With its escapes resolved.
    pub fn text(self) -> Cow<'a, str> {
        if self.0.contains('\\') { Cow::Owned(parse::unescape(self.0)) } else { Cow::Borrowed(self.0) }
    }
}

#[cfg(test)]
mod tests;
