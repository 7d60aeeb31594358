//! The lines of a decoded message.

use model::json::quoted;

use super::Broken;
use crate::class::Class;

/// Lines at most: a message of a megabyte can hold a million values.
const MAX_LINES: usize = 100_000;
/// Bytes of a value that stand in one line.
const MAX_PART: usize = 2048;
/// Bytes of a binary value that are shown; the hex dump has all.
const MAX_BINARY: usize = 256;
/// Values inside one another. Each level is a call of its own, so that more could overflow the stack.
pub(super) const MAX_DEPTH: usize = 256;
/// The least [`Outline::certainty`], in bits, of what is a format beyond doubt.
pub(super) const CERTAIN: u32 = 32;

#[derive(Debug, Default)]
pub(crate) struct Outline {
    pub(crate) text: String,
    /// The class of each part of the text, and where the part ends.
    pub(crate) parts: Vec<(Class, u32)>,
    pub(crate) lines: Vec<OutlineLine>,
    /// The lines that opened what is around.
    open: Vec<u32>,
    certainty: u32,
    is_doubtful: bool,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct OutlineLine {
    pub(crate) start: u32,
    pub(crate) depth: u16,
    /// The last line of what is inside; 0 where nothing is.
    pub(crate) last: u32,
    /// Whether the next line goes on with the same value.
    pub(crate) is_part: bool,
}

/// What stands before a value.
#[derive(Debug, Clone)]
pub(super) enum Name {
    None,
    Index(usize),
    Is(Class, String),
}

impl Name {
    pub(super) fn of(text: &str) -> Self {
        Self::Is(Class::Name, text.to_owned())
    }
}

impl Outline {
    /// A value, with a note about how it was written.
    ///
    /// # Errors
    /// [`Broken`] where there is no room for more lines.
    pub(super) fn value(&mut self, at: usize, name: &Name, class: Class, text: &str, note: &str) -> Result<(), Broken> {
        self.begin(at, name)?;
        self.push_long(at, class, text)?;
        self.note(note);
        Ok(())
    }

    pub(super) fn string(&mut self, at: usize, name: &Name, text: &str, note: &str) -> Result<(), Broken> {
        self.seems(text);
        self.value(at, name, Class::String, &quoted(text), note)
    }

    pub(super) fn binary(&mut self, at: usize, name: &Name, bytes: &[u8], note: &str) -> Result<(), Broken> {
        let shown = &bytes[..bytes.len().min(MAX_BINARY)];
        let left = bytes.len() - shown.len();
        let more = if left > 0 { format!("{note}, {left} more in Hex") } else { note.to_owned() };
        self.value(at, name, Class::Plain, &model::encode_hex(shown), &more)
    }

    /// A value that has others inside, up to the matching [`Self::close`].
    pub(super) fn open(&mut self, at: usize, name: &Name, note: &str) -> Result<(), Broken> {
        self.open_as(at, name, Class::Plain, "", note)
    }

    /// The same with a text of its own.
    pub(super) fn open_as(
        &mut self,
        at: usize,
        name: &Name,
        class: Class,
        text: &str,
        note: &str,
    ) -> Result<(), Broken> {
        if self.open.len() == MAX_DEPTH {
            return Err(Broken { at, why: format!("nested deeper than {MAX_DEPTH} values") });
        }
        self.value(at, name, class, text, note)?;
        self.open.push(self.lines.len() as u32 - 1);
        Ok(())
    }

    pub(super) fn close(&mut self) {
        let last = self.lines.len() as u32 - 1;
        if let Some(line) = self.open.pop().filter(|&line| line < last) {
            self.lines[line as usize].last = last;
        }
    }

    /// Closes what a broken message left open.
    pub(super) fn end(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
    }

    /// How unlikely it is that random bytes read the same, in bits: what they would have to hit by chance.
    pub(super) fn certainty(&self) -> u32 {
        if self.is_doubtful { 0 } else { self.certainty }
    }

    /// Counts a text: of 256 bytes 97 are usual in a text, so each of them counts 1.4 bits, and 1 in 8 begins a text, which
    /// counts 3.
    pub(super) fn seems(&mut self, text: &str) {
        let is_usual = |c: char| matches!(c, ' '..='~' | '\t' | '\r' | '\n' | '\u{a0}'..);
        if text.chars().all(is_usual) {
            let usual = text.bytes().filter(u8::is_ascii).count() as u32;
            self.certainty = self.certainty.saturating_add(3 + usual.saturating_mul(7) / 5);
        } else {
            self.is_doubtful = true;
        }
    }

    /// Something that real messages rarely have, and random ones often.
    pub(super) fn doubt(&mut self) {
        self.is_doubtful = true;
    }

    fn begin(&mut self, at: usize, name: &Name) -> Result<(), Broken> {
        if self.lines.len() == MAX_LINES {
            return Err(Broken { at, why: format!("only the first {MAX_LINES} values are shown") });
        }
        self.lines.push(OutlineLine {
            start: self.text.len() as u32,
            depth: self.open.len() as u16,
            last: 0,
            is_part: false,
        });
        match name {
            Name::None => return Ok(()),
            Name::Index(index) => self.push(Class::Note, &index.to_string()),
            Name::Is(class, text) => self.push_long(at, *class, text)?,
        }
        self.push(Class::Plain, ": ");
        Ok(())
    }

    /// In as many lines as it needs.
    fn push_long(&mut self, at: usize, class: Class, mut text: &str) -> Result<(), Broken> {
        while text.len() > MAX_PART {
            let (part, rest) = text.split_at(text.floor_char_boundary(MAX_PART));
            self.push(class, part);
            if let Some(line) = self.lines.last_mut() {
                line.is_part = true;
            }
            self.begin(at, &Name::None)?;
            text = rest;
        }
        self.push(class, text);
        Ok(())
    }

    fn note(&mut self, note: &str) {
        if !note.is_empty() {
            let starts = self.lines.last().is_some_and(|line| line.start as usize == self.text.len());
            let is_named = self.text.ends_with(": ");
            self.push(Class::Note, if starts || is_named { "" } else { "  " });
            self.push(Class::Note, note);
        }
    }

    fn push(&mut self, class: Class, text: &str) {
        self.text.push_str(text);
        self.parts.push((class, self.text.len() as u32));
    }
}
