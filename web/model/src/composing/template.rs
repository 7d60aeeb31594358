//! Templates: each `{{…}}` in a message is replaced when the message is sent, by a value from [`Sources`].

use std::borrow::Cow;

use fastrand::Rng;
use thiserror::Error;

use crate::data::json::{self, Path, Value};
use crate::data::time::iso_8601;
use crate::data::visible::{Beginning, Quoted};

const TEMPLATES: &str = "n, now, now ms, uuid, random 1 100, last.$.path";

#[derive(Debug)]
pub struct Sources<'a> {
    /// The value of `{{n}}`; incremented by each message that has one.
    pub n: &'a mut u64,
    /// The current time, in milliseconds since 1970.
    pub epoch_ms: u64,
    /// For `{{uuid}}` and `{{random}}`.
    pub random: &'a mut Rng,
    /// The newest received JSON.
    pub last: Option<&'a str>,
}

/// How `{{last}}` inserts a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strings {
    Plain,
    /// With its escapes, for use inside another JSON string.
    Escaped,
}

/// Places are counted in characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TemplateError {
    #[error("unknown {{{{{}}}}} at character {place}; known: {TEMPLATES}, and {{{{{{{{ for a literal {{{{", Beginning(.name))]
    Unknown {
        /// The text between the braces.
        name: String,
        place: usize,
    },
    #[error("{{{{ at character {place} has no }}}}; {{{{{{{{ is a literal {{{{")]
    Open { place: usize },
    #[error("{} at character {place} is not two whole numbers, the smaller one first, as in random 1 100", Quoted(.bounds))]
    Bounds { bounds: String, place: usize },
    /// `{{last}}` finds nothing.
    #[error("{{{{{}}}}} at character {place}: {why}", Beginning(.name))]
    Last {
        /// The text between the braces.
        name: String,
        place: usize,
        why: String,
    },
}

/// `{{{{` becomes `{{`. The text is borrowed where it has no braces.
pub fn substitute<'t>(
    text: &'t str,
    strings: Strings,
    sources: &mut Sources<'_>,
) -> Result<Cow<'t, str>, TemplateError> {
    let mut out = String::new();
    let mut rest = text;
    let mut counted = false;
    while let Some((literal, after)) = rest.split_once("{{") {
        out.push_str(literal);
        if let Some(after) = after.strip_prefix("{{") {
            out.push_str("{{");
            rest = after;
            continue;
        }
        let place = text[..text.len() - after.len() - 2].chars().count() + 1;
        let (name, after) = after.split_once("}}").ok_or(TemplateError::Open { place })?;
        let name = name.trim();
        counted |= name == "n";
        out.push_str(&value(name, place, strings, sources)?);
        rest = after;
    }
    if rest.len() == text.len() {
        return Ok(Cow::Borrowed(text));
    }
    out.push_str(rest);
    if counted {
        *sources.n += 1;
    }
    Ok(Cow::Owned(out))
}

fn value(name: &str, place: usize, strings: Strings, sources: &mut Sources<'_>) -> Result<String, TemplateError> {
    match name {
        "n" => return Ok(sources.n.to_string()),
        "now" => return Ok(iso_8601(sources.epoch_ms)),
        "now ms" => return Ok(sources.epoch_ms.to_string()),
        "uuid" => return Ok(uuid(sources.random)),
        _ => {}
    }
    if let Some(bounds) = name.strip_prefix("random").filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
        return random(bounds.trim(), sources.random)
            .ok_or_else(|| TemplateError::Bounds { bounds: bounds.trim().to_owned(), place });
    }
    if let Some(path) = name.strip_prefix("last").filter(|rest| rest.is_empty() || rest.starts_with('.')) {
        return last(path.strip_prefix('.').unwrap_or("$"), strings, sources.last).map_err(|why| TemplateError::Last {
            name: name.to_owned(),
            place,
            why,
        });
    }
    Err(TemplateError::Unknown { name: name.to_owned(), place })
}

/// A random UUID, [version 4](https://www.rfc-editor.org/rfc/rfc9562#section-5.4).
fn uuid(random: &mut Rng) -> String {
    let (high, low) = (random.u64(..), random.u64(..));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff
    )
}

fn random(bounds: &str, random: &mut Rng) -> Option<String> {
    let mut bounds = bounds.split_whitespace();
    let (from, to): (i64, i64) = (bounds.next()?.parse().ok()?, bounds.next()?.parse().ok()?);
    (from <= to && bounds.next().is_none()).then(|| random.i64(from..=to).to_string())
}

fn last(path: &str, strings: Strings, last: Option<&str>) -> Result<String, String> {
    let path: Path = path.parse().map_err(|error: json::PathError| error.to_string())?;
    let text = last.ok_or("no JSON has been received yet, or the log has dropped it")?;
    let value = json::parse(text).map_err(|error| format!("the last message is not valid JSON ({error})"))?;
    let found = path.find(&value).ok_or_else(|| format!("the last JSON has nothing at {path}"))?;
    Ok(match (found, strings) {
        (Value::String(string), Strings::Plain) => string.text().into_owned(),
        (Value::String(string), Strings::Escaped) => string.as_written().to_owned(),
        (value, _) => value.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;
    use proptest::prelude::*;

    use super::*;

    const LAST: &str = r#"{"token":"a\"b","items":[{"id":9007199254740993}]}"#;

    fn substituted(text: &str) -> Result<String, String> {
        with(text, &mut 7, Strings::Plain)
    }

    fn with(text: &str, n: &mut u64, strings: Strings) -> Result<String, String> {
        let mut random = Rng::with_seed(1);
        let mut sources = Sources { n, epoch_ms: 1_795_368_259_004, random: &mut random, last: Some(LAST) };
        substitute(text, strings, &mut sources).map(Cow::into_owned).map_err(|error| error.to_string())
    }

    #[test]
    fn each_template_is_put_in() {
        assert_eq!(substituted("#{{n}} {{ n }}!").as_deref(), Ok("#7 7!"));
        assert_eq!(substituted("{{now}}").as_deref(), Ok("2026-11-22T17:24:19.004Z"));
        assert_eq!(substituted("{{now ms}}").as_deref(), Ok("1795368259004"));
        assert_eq!(substituted("{{last.$.items[0].id}}").as_deref(), Ok("9007199254740993"));
        assert_eq!(substituted("{{last.$.token}}").as_deref(), Ok("a\"b"));
        assert_eq!(substituted("{{last}}").as_deref(), Ok(LAST));
    }

    #[test]
    fn a_string_keeps_its_escapes_where_it_stands_in_json() {
        let text = with(r#"{"auth":"{{last.$.token}}"}"#, &mut 1, Strings::Escaped);
        assert_eq!(text.as_deref(), Ok(r#"{"auth":"a\"b"}"#));
    }

    #[test]
    fn the_number_goes_on_with_each_message_that_has_one() {
        let mut n = 1;
        for text in ["{{n}}{{n}}", "none", "{{n}}", "{{n}} {{wrong}}"] {
            let _ = with(text, &mut n, Strings::Plain);
        }
        assert_eq!(n, 3);
    }

    #[test]
    fn a_uuid_is_of_version_4() {
        let uuid = substituted("{{uuid}}").unwrap();
        let lengths: Vec<_> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert!(uuid[14..].starts_with('4') && matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
    }

    #[test]
    fn braces_are_written_by_writing_them_twice() {
        assert_eq!(substituted("{{{{n}} }} { }").as_deref(), Ok("{{n}} }} { }"));
        assert_eq!(substituted(r#"{"a":{"b":1}}"#).as_deref(), Ok(r#"{"a":{"b":1}}"#));
    }

    #[test]
    fn a_wrong_template_is_named_with_its_place() {
        for (text, error) in [
            (
                "é {{foo}}",
                "unknown {{foo}} at character 3; known: n, now, now ms, uuid, random 1 100, last.$.path, \
                 and {{{{ for a literal {{",
            ),
            ("{{n", "{{ at character 1 has no }}; {{{{ is a literal {{"),
            (
                "{{random 5 1}}",
                r#""5 1" at character 1 is not two whole numbers, the smaller one first, as in random 1 100"#,
            ),
            ("{{random}}", r#""" at character 1 is not two whole numbers, the smaller one first, as in random 1 100"#),
            ("{{last.a}}", r#"{{last.a}} at character 1: path "a" does not begin with $"#),
            ("{{last.$.b}}", "{{last.$.b}} at character 1: the last JSON has nothing at $.b"),
        ] {
            assert_eq!(substituted(text), Err(error.to_owned()));
        }
    }

    proptest! {
        #[test]
        fn a_random_number_is_within_its_bounds(from: i64, to: i64) {
            let (from, to) = (from.min(to), from.max(to));
            let number: i64 = substituted(&format!("{{{{random {from} {to}}}}}")).unwrap().parse().unwrap();
            prop_assert!((from..=to).contains(&number));
        }

        #[test]
        fn any_text_is_itself_once_its_braces_are_doubled(text in "[{}a ]{0,20}") {
            let doubled = text.replace("{{", "{{{{");
            prop_assert_eq!(substituted(&doubled), Ok(text));
        }
    }
}
