//! Reading JSON into values that borrow from the text. It never goes deeper than the stack allows.

use std::iter::Peekable;
use std::str::CharIndices;

use super::{JsonError, JsonString, Value};
use crate::search;

/// Arrays and objects inside one another, at most.
const MAX_DEPTH: usize = 256;

/// Reads a text that is one value.
///
/// # Errors
/// The first thing that is wrong, and where.
pub fn parse(text: &str) -> Result<Value<'_>, JsonError> {
    let mut parser = Parser { text, chars: text.char_indices().peekable() };
    let value = parser.value(0)?;
    parser.skip_blanks();
    match parser.peek() {
        None => Ok(value),
        Some(c) => Err(parser.error(format!("{c:?} after the end of the value"))),
    }
}

struct Parser<'a> {
    text: &'a str,
    chars: Peekable<CharIndices<'a>>,
}

impl<'a> Parser<'a> {
    fn value(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.skip_blanks();
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string().map(Value::String),
            Some('-' | '0'..='9') => self.number(),
            Some('a'..='z') => self.word(),
            _ => Err(self.unexpected("a value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.open(depth)?;
        let mut members = Vec::new();
        self.skip_blanks();
        if self.take('}') {
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_blanks();
            if self.peek() != Some('"') {
                return Err(self.unexpected("a name in quotes"));
            }
            let name = self.string()?;
            self.skip_blanks();
            if !self.take(':') {
                return Err(self.unexpected("a colon"));
            }
            members.push((name, self.value(depth + 1)?));
            self.skip_blanks();
            if self.take('}') {
                return Ok(Value::Object(members));
            }
            if !self.take(',') {
                return Err(self.unexpected("a comma or }"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value<'a>, JsonError> {
        self.open(depth)?;
        let mut elements = Vec::new();
        self.skip_blanks();
        if self.take(']') {
            return Ok(Value::Array(elements));
        }
        loop {
            elements.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.take(']') {
                return Ok(Value::Array(elements));
            }
            if !self.take(',') {
                return Err(self.unexpected("a comma or ]"));
            }
        }
    }

    /// Takes the bracket that begins an array or an object.
    fn open(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth == MAX_DEPTH {
            return Err(self.error(format!("more than {MAX_DEPTH} levels of arrays and objects")));
        }
        self.chars.next();
        Ok(())
    }

    fn string(&mut self) -> Result<JsonString<'a>, JsonError> {
        self.chars.next();
        let start = self.place();
        loop {
            match self.peek() {
                Some('"') => {
                    let end = self.place();
                    self.chars.next();
                    return Ok(JsonString(&self.text[start..end]));
                }
                Some('\\') => self.escape()?,
                Some(c) if c < ' ' => return Err(self.error(format!("{c:?} in a string has to be escaped"))),
                Some(_) => {
                    self.chars.next();
                }
                None => return Err(self.unexpected("the closing quote of a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), JsonError> {
        self.chars.next();
        match self.peek() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => {
                self.chars.next();
                Ok(())
            }
            Some('u') => {
                self.chars.next();
                for _ in 0..4 {
                    if self.chars.next_if(|(_, c)| c.is_ascii_hexdigit()).is_none() {
                        return Err(self.unexpected("four hex digits after \\u"));
                    }
                }
                Ok(())
            }
            _ => Err(self.unexpected("one of \"\\/bfnrtu after a backslash")),
        }
    }

    fn number(&mut self) -> Result<Value<'a>, JsonError> {
        let start = self.place();
        self.take('-');
        if !self.take('0') {
            self.digits()?;
        } else if matches!(self.peek(), Some('0'..='9')) {
            return Err(self.error("a number cannot begin with 0 and go on".to_owned()));
        }
        if self.take('.') {
            self.digits()?;
        }
        if self.take('e') || self.take('E') {
            let _ = self.take('+') || self.take('-');
            self.digits()?;
        }
        let end = self.place();
        Ok(Value::Number(&self.text[start..end]))
    }

    /// At least one.
    fn digits(&mut self) -> Result<(), JsonError> {
        if self.chars.next_if(|(_, c)| c.is_ascii_digit()).is_none() {
            return Err(self.unexpected("a digit"));
        }
        while self.chars.next_if(|(_, c)| c.is_ascii_digit()).is_some() {}
        Ok(())
    }

    fn word(&mut self) -> Result<Value<'a>, JsonError> {
        let start = self.place();
        let rest = &self.text[start..];
        let word = &rest[..rest.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let value = match word {
            "null" => Value::Null,
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            _ => return Err(self.error(format!("{word:?} is no value; a string needs quotes"))),
        };
        self.chars.nth(word.len() - 1);
        Ok(value)
    }

    fn skip_blanks(&mut self) {
        while self.chars.next_if(|(_, c)| matches!(c, ' ' | '\t' | '\n' | '\r')).is_some() {}
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().map(|&(_, c)| c)
    }

    fn take(&mut self, wanted: char) -> bool {
        self.chars.next_if(|&(_, c)| c == wanted).is_some()
    }

    fn place(&mut self) -> usize {
        self.chars.peek().map_or(self.text.len(), |&(place, _)| place)
    }

    fn unexpected(&mut self, wanted: &str) -> JsonError {
        match self.peek() {
            Some(c) => self.error(format!("expected {wanted}, found {c:?}")),
            None => self.error(format!("expected {wanted}, found the end")),
        }
    }

    fn error(&mut self, reason: String) -> JsonError {
        let before = &self.text[..self.place()];
        let line_start = search::last(before, b'\n').map_or(0, |end| end + 1);
        JsonError {
            line: before.bytes().filter(|&byte| byte == b'\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            reason,
        }
    }
}

/// The text of a string that has been read, which has no wrong escape.
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

/// What the digits behind `\u` mean, with a second `\u` for what UTF-16 needs two units for.
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
