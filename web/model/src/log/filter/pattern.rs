//! What a person typed into the filter, and whether an entry matches it.
//!
//! 1. `/…/` with flags is a regular expression if it is one in JavaScript: the flags are its flags, and a slash inside is
//!    escaped or in brackets. `/users/list` is none, because `list` is no set of flags; `/a/b/` is none, because of its
//!    slash. A `-` before it excludes what matches.
//! 2. After a `\` before `/` or `-` the rest is literal text.
//! 3. Words that begin with `-` exclude entries; the rest is one text to search for, blanks included.

use crate::data::codec;
use crate::data::payload::Content;
use crate::data::visible::Quoted;

use crate::matching::{CheckRegex, Regex};

#[derive(Debug, Default)]
pub(super) struct Pattern {
    /// `None` matches everything.
    wanted: Option<Term>,
    unwanted: Vec<Term>,
    /// Alone, with what happens to the entries that match. It sees binary messages as hex: `de ad be ef`.
    regex: Option<(Regex, Matches)>,
    /// The error in a regular expression, from [`CheckRegex`]. Such a pattern matches everything.
    problem: Option<String>,
    /// How the text was understood, where it could have meant something else.
    hint: Option<String>,
}

/// What has been found in the entries that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked<'a> {
    Nothing,
    /// With ASCII letters in either case.
    Text(&'a str),
    Regex(&'a Regex),
}

/// What happens to the entries that match.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Matches {
    Shown,
    Hidden,
}

/// What is looked for as it stands.
#[derive(Debug)]
struct Term {
    /// With ASCII letters in lower case, not empty.
    needle: Vec<u8>,
    /// The same as bytes of a binary message, where it is hex.
    hex: Option<Vec<u8>>,
}

impl Pattern {
    pub(super) fn parse(typed: &str, check_regex: CheckRegex) -> Self {
        let (matches, rest) = typed.strip_prefix('-').map_or((Matches::Shown, typed), |rest| (Matches::Hidden, rest));
        if let Some(regex) = regex(rest) {
            return match check_regex(&regex) {
                Ok(()) => Self::of_regex(matches, rest, regex),
                Err(problem) => Self { problem: Some(problem), ..Self::default() },
            };
        }
        if let Some(literal) = typed.strip_prefix('\\').filter(|rest| rest.starts_with(['/', '-'])) {
            return Self { wanted: Term::plain(literal), ..Self::default() };
        }
        let (mut wanted, mut unwanted) = (Vec::new(), Vec::new());
        for word in typed.split(' ') {
            match word.strip_prefix('-').filter(|word| !word.is_empty()) {
                Some(word) => unwanted.push(word),
                None => wanted.push(word),
            }
        }
        if unwanted.is_empty() {
            return Self { wanted: Term::plain(typed), ..Self::default() };
        }
        let words: Vec<_> = unwanted.iter().map(|word| Quoted(word).to_string()).collect();
        let hint = format!("excludes {}; to search for the text, type \\ before -", words.join(", "));
        Self {
            wanted: Term::plain(wanted.join(" ").trim()),
            unwanted: unwanted.into_iter().filter_map(Term::plain).collect(),
            hint: Some(hint),
            ..Self::default()
        }
    }

    fn of_regex(matches: Matches, typed: &str, regex: Regex) -> Self {
        let meaning = match matches {
            Matches::Shown => "regular expression",
            Matches::Hidden => "excludes matches of a regular expression",
        };
        let hint = Some(format!("{meaning}; to search for the text, type \\{typed}"));
        Self { regex: Some((regex, matches)), hint, ..Self::default() }
    }

    /// Matched elsewhere, see [`crate::matching`].
    pub(super) fn regex(&self) -> Option<&Regex> {
        self.regex.as_ref().map(|(regex, _)| regex)
    }

    /// Whether the entries that match the regular expression are shown, and not the others.
    pub(super) fn shows_matches(&self) -> bool {
        self.regex.as_ref().is_none_or(|&(_, matches)| matches == Matches::Shown)
    }

    pub(super) fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }

    pub(super) fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    pub(super) fn marked(&self) -> Marked<'_> {
        match (&self.regex, &self.wanted) {
            (Some((regex, Matches::Shown)), _) => Marked::Regex(regex),
            // It was made of a text.
            (None, Some(term)) => Marked::Text(str::from_utf8(&term.needle).unwrap_or_default()),
            _ => Marked::Nothing,
        }
    }

    pub(super) fn matches_everything(&self) -> bool {
        self.wanted.is_none() && self.unwanted.is_empty() && self.regex.is_none()
    }

    pub(super) fn matches(&self, content: Content<'_>) -> bool {
        self.wanted.as_ref().is_none_or(|term| term.is_in(content))
            && !self.unwanted.iter().any(|term| term.is_in(content))
    }
}

impl Term {
    fn plain(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self {
            needle: text.to_ascii_lowercase().into_bytes(),
            hex: codec::decode_hex(text).ok().filter(|bytes| !bytes.is_empty()),
        })
    }

    fn is_in(&self, content: Content<'_>) -> bool {
        match content {
            Content::Text(text) => contains_ignoring_case(text.as_bytes(), &self.needle),
            Content::Binary(bytes) => {
                self.hex.as_ref().is_some_and(|hex| bytes.windows(hex.len()).any(|window| window == hex))
            }
        }
    }
}

/// Splits `/expression/flags`, where it is a regular expression as JavaScript would read it.
fn regex(typed: &str) -> Option<Regex> {
    let rest = typed.strip_prefix('/')?;
    let end = rest.rfind('/').filter(|&end| end > 0)?;
    let (expression, flags) = (&rest[..end], &rest[end + 1..]);
    let are_flags = flags.chars().all(|flag| "dgimsuvy".contains(flag) && flags.matches(flag).count() == 1);
    (are_flags && !ends_early(expression)).then(|| Regex { expression: expression.to_owned(), flags: flags.to_owned() })
}

/// Whether a slash in it, neither escaped nor in brackets, would end the expression.
fn ends_early(expression: &str) -> bool {
    let mut in_brackets = false;
    let mut chars = expression.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            '/' if !in_brackets => return true,
            _ => {}
        }
    }
    false
}

/// `needle` is in lower case and not empty. Only ASCII letters are alike in both cases.
pub(super) fn contains_ignoring_case(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let Some(last_start) = bytes.len().checked_sub(needle.len()) else { return false };
    bytes[..=last_start].iter().enumerate().any(|(start, byte)| {
        byte.to_ascii_lowercase() == *first && bytes[start..start + needle.len()].eq_ignore_ascii_case(needle)
    })
}
