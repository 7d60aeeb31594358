//! The lines of JSON, and what is in one. The text has been parsed, so it is JSON: here it is only cut.

use super::{Class, Kind, Line, part_end};

pub(super) fn lines(text: &str) -> Vec<Line> {
    let bytes = text.as_bytes();
    let mut cutter = Cutter { text, lines: Vec::new(), open: Vec::new() };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => at + 1,
            b'}' | b']' => cutter.close(at),
            _ => cutter.element(at),
        };
    }
    cutter.lines
}

struct Cutter<'a> {
    text: &'a str,
    lines: Vec<Line>,
    /// The lines that opened what is around.
    open: Vec<u32>,
}

impl Cutter<'_> {
    fn close(&mut self, at: usize) -> usize {
        if let Some(open) = self.open.pop() {
            self.lines[open as usize].close = self.lines.len() as u32;
        }
        self.push(Kind::Close, at, at + 1);
        at + 1
    }

    /// A value with its name, if it has one. Returns where the next token may begin.
    fn element(&mut self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut value = value_of(bytes, at);
        if value - at > super::MAX_LINE / 2 {
            self.parts(at, string_end(bytes, at), Kind::NamePart, Kind::NamePart);
            // Its colon goes with the value.
            at = skip_blank(bytes, string_end(bytes, at));
            value = skip_blank(bytes, at + 1);
        }
        match bytes[value] {
            b'{' | b'[' => {
                let inside = skip_blank(bytes, value + 1);
                if matches!(bytes[inside], b'}' | b']') {
                    self.push(Kind::Value, at, inside + 1);
                    return inside + 1;
                }
                self.push(Kind::Open, at, value + 1);
                self.open.push(self.lines.len() as u32 - 1);
                value + 1
            }
            first => {
                let end = if first == b'"' { string_end(bytes, value) } else { scalar_end(bytes, value) };
                if end - at <= super::MAX_LINE {
                    self.push(Kind::Value, at, end);
                } else if at < value {
                    // The name stands alone, and the parts of the value follow.
                    self.push(Kind::Name, at, value);
                    self.parts(value, end, Kind::StringPart, Kind::StringEnd);
                } else {
                    self.parts(value, end, Kind::StringPart, Kind::StringEnd);
                }
                end
            }
        }
    }

    fn parts(&mut self, mut start: usize, end: usize, part: Kind, last: Kind) {
        while start < end {
            let stop = part_end(self.text, start, end);
            self.push(if stop == end { last } else { part }, start, stop);
            start = stop;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        self.lines.push(Line {
            start: start as u32,
            // White space between the parts of a line may be of any length; `spans` looks for them.
            len: (end - start).min(u16::MAX.into()) as u16,
            depth: self.open.len() as u16,
            kind,
            is_folded: false,
            rows: 1,
            close: 0,
        });
    }
}

type Span<'a> = (Class, &'a str);

/// What a line shows. `closing` is the line that closes it, where it is folded.
pub(super) fn spans<'a>(text: &'a str, line: Line, closing: Option<Line>) -> impl Iterator<Item = Span<'a>> {
    let bytes = text.as_bytes();
    let start = line.start as usize;
    let end = start + usize::from(line.len);
    let mut spans: [Span<'a>; 5] = [(Class::Plain, ""); 5];
    match line.kind {
        Kind::Text | Kind::Leaf | Kind::LeafPart | Kind::Branch => spans[0].1 = &text[start..end],
        Kind::StringPart => spans[0] = (Class::String, &text[start..end]),
        Kind::StringEnd => {
            spans[0] = (Class::String, &text[start..end]);
            spans[1].1 = comma(bytes, end);
        }
        Kind::NamePart => spans[0] = (Class::Name, &text[start..end]),
        Kind::Name => {
            if bytes[start] == b'"' {
                spans[0] = (Class::Name, &text[start..string_end(bytes, start)]);
            }
            spans[1].1 = ": ";
        }
        Kind::Close => {
            spans[0].1 = &text[start..start + 1];
            spans[1].1 = comma(bytes, start + 1);
        }
        Kind::Value | Kind::Open => {
            let value = value_of(bytes, start);
            if bytes[start] == b':' {
                spans[1].1 = ": ";
            } else if value > start {
                spans[0] = (Class::Name, &text[start..string_end(bytes, start)]);
                spans[1].1 = ": ";
            }
            let (class, stop) = match bytes[value] {
                b'{' | b'[' => (Class::Plain, value + 1),
                b'"' => (Class::String, string_end(bytes, value)),
                b'-' | b'0'..=b'9' => (Class::Number, scalar_end(bytes, value)),
                _ => (Class::Word, scalar_end(bytes, value)),
            };
            spans[2] = (class, &text[value..stop]);
            match (line.kind, closing) {
                (Kind::Open, None) => {}
                (Kind::Open, Some(closing)) => {
                    let close = closing.start as usize;
                    spans[3].1 = if bytes[value] == b'{' { "…}" } else { "…]" };
                    spans[4].1 = comma(bytes, close + 1);
                }
                _ if class == Class::Plain => {
                    let close = skip_blank(bytes, stop);
                    spans[3].1 = &text[close..close + 1];
                    spans[4].1 = comma(bytes, close + 1);
                }
                _ => spans[4].1 = comma(bytes, stop),
            }
        }
    }
    spans.into_iter().filter(|(_, text)| !text.is_empty())
}

/// Where the value begins, behind its name if it has one, or behind the colon.
fn value_of(bytes: &[u8], start: usize) -> usize {
    let colon = match bytes[start] {
        b':' => start,
        b'"' => skip_blank(bytes, string_end(bytes, start)),
        _ => return start,
    };
    // Where no colon follows, the string is the value.
    if bytes.get(colon) == Some(&b':') { skip_blank(bytes, colon + 1) } else { start }
}

/// Behind the closing quote of the string that begins here.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}

fn scalar_end(bytes: &[u8], start: usize) -> usize {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.');
    start + bytes[start..].iter().take_while(|byte| is_part(byte)).count()
}

fn skip_blank(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}

fn comma(bytes: &[u8], at: usize) -> &'static str {
    if bytes.get(skip_blank(bytes, at)) == Some(&b',') { "," } else { "" }
}
