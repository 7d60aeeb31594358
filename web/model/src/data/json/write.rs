//! Writing JSON.

use super::{JsonString, Value};

/// Writes an object member by member; [`Object::end`] closes it.
#[must_use]
pub struct Object<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl<'a> Object<'a> {
    pub fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    /// Writes a name and returns the output for its value.
    pub fn member(&mut self, name: &str) -> &mut String {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        write_string(self.out, name);
        self.out.push(':');
        self.out
    }

    pub fn text(&mut self, name: &str, text: &str) {
        write_string(self.member(name), text);
    }

    pub fn number(&mut self, name: &str, number: u64) {
        *self.member(name) += &number.to_string();
    }

    pub fn array<T>(&mut self, name: &str, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut String, T)) {
        let out = self.member(name);
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write(out, item);
        }
        out.push(']');
    }

    pub fn end(self) {
        self.out.push('}');
    }
}

/// A JSON string with its quotes.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(&mut out, text);
    out
}

pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

pub(super) fn compact(out: &mut String, value: &Value<'_>) {
    lay_out(out, value, None);
}

pub(super) fn pretty(out: &mut String, value: &Value<'_>, level: usize) {
    lay_out(out, value, Some(level));
}

/// `level` is the indentation; `None` writes all on one line.
fn lay_out(out: &mut String, value: &Value<'_>, level: Option<usize>) {
    let inner = level.map(|level| level + 1);
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(digits) => out.push_str(digits),
        Value::String(string) => as_written(out, *string),
        Value::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                separate(out, index, inner);
                lay_out(out, element, inner);
            }
            if !elements.is_empty() {
                new_line(out, level);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                separate(out, index, inner);
                as_written(out, *name);
                out.push_str(if level.is_some() { ": " } else { ":" });
                lay_out(out, member, inner);
            }
            if !members.is_empty() {
                new_line(out, level);
            }
            out.push('}');
        }
    }
}

fn as_written(out: &mut String, string: JsonString<'_>) {
    out.push('"');
    out.push_str(string.0);
    out.push('"');
}

fn separate(out: &mut String, index: usize, level: Option<usize>) {
    if index > 0 {
        out.push(',');
    }
    new_line(out, level);
}

fn new_line(out: &mut String, level: Option<usize>) {
    if let Some(level) = level {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
}
