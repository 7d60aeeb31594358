//! How the value of a parameter is written.

use crate::inspect_id::InspectId;
use crate::value::{ByteSize, TimeSpan, ValueError};

/// What a parameter's value may be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Grammar {
    /// From one to another.
    Duration(TimeSpan, TimeSpan),
    /// In bytes, from one to another.
    Size(ByteSize, ByteSize),
    /// The same a second; `/s` may follow.
    Rate(ByteSize, ByteSize),
    /// A whole number from one to another.
    Count(u64, u64),
    /// A whole number of 16 bits, or `none`.
    CloseCode,
    /// One of these names.
    Choice(&'static [&'static str]),
    /// At most so many bytes of these characters; at least one.
    Text(Charset, usize),
    /// An [`InspectId`].
    InspectId,
}

/// Which characters a text may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// All.
    Any,
    /// Those of a path that need no escape ([RFC 3986, 2.3](https://www.rfc-editor.org/rfc/rfc3986#section-2.3)).
    Unreserved,
    /// Those of a token in HTTP ([RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
    Token,
    /// Those of a cookie's value ([RFC 6265, 4.1.1](https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1)).
    Cookie,
    /// ASCII that is visible.
    Visible,
}

/// A value that was read. Durations are in milliseconds, sizes and rates in bytes, and a choice is its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Number(u64),
    Text(String),
}

/// The number that stands for no close code.
pub(crate) const NO_CODE: u64 = 1 << 16;

impl Grammar {
    pub(crate) fn read(&self, text: &str) -> Result<Value, ValueError> {
        let number = match *self {
            Self::Duration(least, most) => TimeSpan::within(text, least..=most)?.as_millis() as u64,
            Self::Size(least, most) => ByteSize::within(text, least..=most)?.as_u64(),
            Self::Rate(least, most) => {
                ByteSize::within(text.strip_suffix("/s").unwrap_or(text), least..=most)?.as_u64()
            }
            Self::CloseCode if text == "none" => NO_CODE,
            Self::CloseCode => count(text, 0, NO_CODE - 1)?,
            Self::Count(least, most) => count(text, least, most)?,
            Self::Choice(names) => {
                let place = names.iter().position(|name| *name == text).ok_or(ValueError::NotAChoice(names))?;
                place as u64
            }
            Self::Text(charset, most) => {
                if text.is_empty() || text.len() > most || !text.bytes().all(|byte| charset.has(byte)) {
                    return Err(ValueError::NotAText { charset, most });
                }
                return Ok(Value::Text(text.to_owned()));
            }
            Self::InspectId => return Ok(Value::Text(text.parse::<InspectId>()?.to_string())),
        };
        Ok(Value::Number(number))
    }

    pub(crate) fn print(&self, value: &Value) -> String {
        let number = match value {
            Value::Text(text) => return text.clone(),
            Value::Number(number) => *number,
        };
        match self {
            Self::Duration(..) => TimeSpan::ms(number).to_string(),
            Self::Size(..) => ByteSize::b(number).to_string(),
            Self::Rate(..) => ByteSize::b(number).to_string() + "/s",
            Self::CloseCode if number == NO_CODE => "none".to_owned(),
            Self::Choice(names) => names[number as usize].to_owned(),
            Self::Count(..) | Self::CloseCode | Self::Text(..) | Self::InspectId => number.to_string(),
        }
    }
}

fn count(text: &str, least: u64, most: u64) -> Result<u64, ValueError> {
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match number {
        Some(number) if is_number => Ok(number),
        _ if is_number => Err(ValueError::OutOfRange { least: least.to_string(), most: most.to_string() }),
        _ => Err(ValueError::NotACount),
    }
}

impl Charset {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Any => true,
            Self::Unreserved => byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
            Self::Token => byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte),
            Self::Cookie => byte.is_ascii_graphic() && !b"\",;\\".contains(&byte),
            Self::Visible => byte.is_ascii_graphic(),
        }
    }

    /// Its characters in words.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Any => "of any characters",
            Self::Unreserved => "of letters, digits and -._~",
            Self::Token => "of letters, digits and !#$%&'*+-.^_`|~",
            Self::Cookie => "of visible ASCII without quotes, commas, semicolons and backslashes",
            Self::Visible => "of visible ASCII",
        }
    }
}
