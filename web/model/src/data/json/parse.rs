//! Reading JSON into values that borrow from the text.
//!
//! `hifijson` reads the tokens. This file has the order in which they may come, the place of a mistake, and the
//! limit on depth; numbers and strings stay as they were written.

use hifijson::num::LexWrite as _;
use hifijson::str::{Error as StringError, LexWrite as _};
use hifijson::token::Lex as _;
use hifijson::{Read as _, SliceLexer, escape};

use super::{JsonError, JsonErrorKind, JsonString, Value};
use crate::data::visible::{Quoted, QuotedChar};

/// Arrays and objects inside one another. Each level is a call of its own, so that more could overflow the stack.
const MAX_DEPTH: usize = 256;

/// Reads a text that is one value.
///
/// # Errors
/// The first mistake, with its place.
pub fn parse(text: &str) -> Result<Value<'_>, JsonError> {
    let mut parser = Parser { text, lexer: SliceLexer::new(text.as_bytes()) };
    let value = parser.value(0)?;
    parser.lexer.eat_whitespace();
    match parser.next_char() {
        None => Ok(value),
        Some(c) => Err(parser.error(format!("{} after the end of the value", QuotedChar(c)))),
    }
}

struct Parser<'a> {
    text: &'a str,
    /// Consumes bytes of `text`. After an error its position is the wrong character.
    lexer: SliceLexer<'a>,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        match self.lexer.ws_peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b'a'..=b'z') => self.word(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.open(depth)?;
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            if self.lexer.ws_peek() != Some(b'"') {
                return Err(self.unexpected("a name in quotes"));
            }
            let name = self.string()?;
            if !self.take(b':') {
                return Err(self.unexpected("a colon"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.take(b'}') {
                return Ok(Value::Object(members));
            }
            if !self.take(b',') {
                return Err(self.unexpected("a comma or }"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.open(depth)?;
        let mut elements = Vec::new();
        if self.take(b']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            if self.take(b']') {
                return Ok(Value::Array(elements));
            }
            if !self.take(b',') {
                return Err(self.unexpected("a comma or ]"));
            }
        }
    }

    /// Takes the bracket that begins an array or an object.
    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth == MAX_DEPTH {
            let reason = format!("nested deeper than {MAX_DEPTH} arrays and objects");
            return Err(JsonError { kind: JsonErrorKind::TooDeep, ..self.error(reason) });
        }
        self.lexer.take_next();
        Ok(())
    }

    /// Called at the opening quote. The slice that the lexer gives is the string as written, escapes and all.
    fn string(&mut self) -> Result<JsonString<'a>, JsonError> {
        self.lexer.take_next();
        let start = self.place();
        let mut written = &[][..];
        match self.lexer.str_bytes(&mut written) {
            Ok(()) => Ok(JsonString(&self.text[start..start + written.len()])),
            Err(StringError::Control) => {
                let c = self.next_char().unwrap_or_default();
                Err(self.error(format!("{} in a string has to be escaped", QuotedChar(c))))
            }
            Err(StringError::Escape(escape::Error::InvalidHex(_))) => Err(self.unexpected("four hex digits after \\u")),
            Err(StringError::Escape(escape::Error::InvalidKind(_))) => {
                Err(self.unexpected("one of \"\\/bfnrtu after a backslash"))
            }
            Err(_) => Err(self.unexpected("the closing quote of a string")),
        }
    }

    fn number(&mut self) -> Result<Value<'a>, JsonError> {
        let Ok((digits, _)) = self.lexer.num_string().validated() else { return Err(self.unexpected("a digit")) };
        match (digits.trim_start_matches('-'), self.lexer.peek_next()) {
            ("0", Some(b'0'..=b'9')) => Err(self.error("a number cannot have leading zeros".to_owned())),
            _ => Ok(Value::Number(digits)),
        }
    }

    fn word(&mut self) -> Result<Value<'a>, JsonError> {
        let rest = &self.text[self.place()..];
        let word = &rest[..rest.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(self.error(format!("{} is not a value; a string needs quotes", Quoted(word)))),
        };
        self.lexer.strip_prefix(word.as_bytes());
        Ok(value)
    }

    /// Whether this is the next character but for white space; then it is taken.
    fn take(&mut self, wanted: u8) -> bool {
        self.lexer.expect(SliceLexer::ws_peek, wanted).is_some()
    }

    /// The position of the lexer, an offset in `text`.
    fn place(&self) -> usize {
        self.text.len() - self.lexer.as_slice().len()
    }

    fn next_char(&self) -> Option<char> {
        self.text[self.place()..].chars().next()
    }

    fn unexpected(&self, wanted: &str) -> JsonError {
        match self.next_char() {
            Some(c) => self.error(format!("expected {wanted}, found {}", QuotedChar(c))),
            None => self.error(format!("expected {wanted}, found the end")),
        }
    }

    fn error(&self, reason: String) -> JsonError {
        let before = &self.text[..self.place()];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        JsonError {
            kind: JsonErrorKind::Syntax,
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            reason,
        }
    }
}

/// Resolves the escapes of a string that [`parse`] has accepted. A surrogate without its partner becomes U+FFFD, where
/// `hifijson` would refuse the string: this page shows what a peer sent.
pub(super) fn unescape(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('n') => text.push('\n'),
            Some('r') => text.push('\r'),
            Some('t') => text.push('\t'),
            Some('u') => text.push(code_point(&mut chars)),
            Some(itself) => text.push(itself),
            None => {}
        }
    }
    text
}

/// The character of a `\u` escape, whose digits come next. One beyond U+FFFF is two escapes: a high surrogate and a low
/// one.
fn code_point(chars: &mut std::str::Chars<'_>) -> char {
    let first = unit(chars);
    let mut ahead = chars.clone();
    let is_high = (0xd800..0xdc00).contains(&first);
    if is_high && ahead.next() == Some('\\') && ahead.next() == Some('u') {
        let second = unit(&mut ahead);
        if (0xdc00..0xe000).contains(&second) {
            *chars = ahead;
            let code = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            return char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
    }
    char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn unit(chars: &mut std::str::Chars<'_>) -> u32 {
    chars.by_ref().take(4).filter_map(|c| c.to_digit(16)).fold(0, |unit, digit| unit << 4 | digit)
}
