//! Paths into JSON that name one value: `$.a.b[0]`.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::{Value, quoted};
use crate::data::visible::Quoted;

/// `$` for the whole value, `.name` or `["any name"]` for a member, `[0]` for an element: a part of [RFC
/// 9535](https://www.rfc-editor.org/rfc/rfc9535#section-2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Member(String),
    Element(usize),
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PathError {
    #[error("path {} does not begin with $", Quoted(.0))]
    Start(String),
    #[error("{} in path {} is neither .name nor [0] nor [\"name\"]", Quoted(.rest), Quoted(.path))]
    Step { rest: String, path: String },
}

impl Path {
    pub fn find<'v, 'a>(&self, value: &'v Value<'a>) -> Option<&'v Value<'a>> {
        self.0.iter().try_fold(value, |value, step| match step {
            Step::Member(name) => value.member(name),
            Step::Element(index) => value.element(*index),
        })
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let mut rest = path.trim().strip_prefix('$').ok_or_else(|| PathError::Start(path.to_owned()))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) =
                step(rest).ok_or_else(|| PathError::Step { rest: rest.to_owned(), path: path.to_owned() })?;
            steps.push(step);
            rest = after;
        }
        Ok(Self(steps))
    }
}

/// The first step and the rest.
fn step(rest: &str) -> Option<(Step, &str)> {
    if let Some(name) = rest.strip_prefix('.') {
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let (name, after) = name.split_at(end);
        return (!name.is_empty()).then(|| (Step::Member(name.to_owned()), after));
    }
    let inside = rest.strip_prefix('[')?;
    if inside.starts_with('"') {
        let ends = (1..inside.len()).filter(|&end| inside.as_bytes()[end - 1..].starts_with(b"\"]"));
        let end = { ends }.find(|&end| super::parse(&inside[..end]).is_ok())?;
        let name = super::parse(&inside[..end]).ok()?.text()?.into_owned();
        return Some((Step::Member(name), &inside[end + 1..]));
    }
    let (digits, after) = inside.split_once(']')?;
    let index: u64 = digits.parse().ok()?;
    Some((Step::Element(usize::try_from(index).ok()?), after))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        for step in &self.0 {
            match step {
                Step::Member(name) if !name.is_empty() && !name.contains(['.', '[']) && name.trim() == name => {
                    write!(f, ".{name}")?;
                }
                Step::Member(name) => write!(f, "[{}]", quoted(name))?,
                Step::Element(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
