//! A message laid out for reading: as text or as JSON, in rows that fit a given width, so that the page draws no more of
//! it than is on the screen.
//!
//! A *line* is a line of the text or of the indented JSON, or a part of one that is longer than `MAX_LINE`. It is cut
//! into *rows*. A line is a place in the text and little else; what its rows show is made when they are asked for. JSON
//! stays as it was written: numbers, escapes, order and repeated names.

mod json;
mod text;

use model::visible;
use serde::{Deserialize, Serialize};

pub use crate::class::Class;
use crate::decode::{Format, Outline};

/// Bytes of a line at most: a longer one goes on in the next, so that a row is found without reading megabytes.
const MAX_LINE: usize = 4096;
/// Columns that a level of JSON is indented by.
const INDENT: usize = 2;
/// Fewer would make rows of a character or two.
const MIN_COLUMNS: usize = 8;
/// Columns between two tab stops. The style sheet has the same.
const TAB: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Layout {
    Text,
    Json,
    /// In the format that a person chose, or that the message itself shows.
    Decoded(Option<Format>),
}

/// Whether a row can be folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fold {
    No,
    Unfolded,
    Folded,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The index of its line, for folding.
    pub line: u32,
    pub fold: Fold,
    /// Levels of JSON around it.
    pub depth: u16,
    pub spans: Vec<(Class, String)>,
}

#[derive(Debug, Default)]
pub(crate) struct Document {
    text: String,
    lines: Vec<Line>,
    /// Of a decoded message: the class of each part of the text, and where the part ends.
    parts: Vec<(Class, u32)>,
    columns: usize,
    /// Lines that are not inside a folded one, each with the number of its first row. Ascending.
    unfolded: Vec<(u32, u32)>,
    rows: u32,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    /// Bytes of the text.
    start: u32,
    len: u16,
    depth: u16,
    kind: Kind,
    is_folded: bool,
    /// In the current width.
    rows: u16,
    /// Of [`Kind::Open`]: the line that closes it. Of [`Kind::Branch`]: the last one inside.
    close: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// A value that is whole, with its name if it has one.
    Value,
    /// `{` or `[`, with its name if it has one, and something inside.
    Open,
    Close,
    /// A name, or the colon behind its last part; its value is in the lines that follow.
    Name,
    /// A part of a name or of a string that is too long for a line.
    NamePart,
    StringPart,
    /// The last part of a string.
    StringEnd,
    /// A value of a decoded message.
    Leaf,
    /// A part of one that is too long for a line.
    LeafPart,
    /// A value of a decoded message that has others inside.
    Branch,
}

impl Document {
    pub(crate) fn text(text: String, columns: usize) -> Self {
        let lines = text::lines(&text);
        Self { text, lines, ..Self::default() }.in_columns(columns)
    }

    /// # Errors
    /// Why the text is not JSON.
    pub(crate) fn json(text: String, columns: usize) -> Result<Self, model::json::JsonError> {
        model::json::parse(&text)?;
        let lines = json::lines(&text);
        Ok(Self { text, lines, ..Self::default() }.in_columns(columns))
    }

    pub(crate) fn decoded(outline: Outline, columns: usize) -> Self {
        let Outline { text, parts, .. } = &outline;
        let ends = outline.lines.iter().skip(1).map(|next| next.start).chain([text.len() as u32]);
        let lines = outline.lines.iter().zip(ends).map(|(line, end)| Line {
            start: line.start,
            len: (end - line.start) as u16,
            depth: line.depth,
            kind: match line {
                line if line.is_part => Kind::LeafPart,
                line if line.last > 0 => Kind::Branch,
                _ => Kind::Leaf,
            },
            is_folded: false,
            rows: 1,
            close: line.last,
        });
        Self { lines: lines.collect(), parts: parts.clone(), text: text.clone(), ..Self::default() }.in_columns(columns)
    }

    fn in_columns(mut self, columns: usize) -> Self {
        self.set_columns(columns);
        self
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u32 {
        self.rows
    }

    /// The whole laid out, without regard to what is folded and how wide the view is.
    pub(crate) fn to_text(&self) -> String {
        let mut out = String::new();
        for (index, line) in self.lines.iter().enumerate() {
            if index > 0 && !self.continues(index) {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', INDENT * usize::from(line.depth)));
            }
            self.spans(*line, None).into_iter().for_each(|(_, text)| out.push_str(text));
        }
        out
    }

    pub(crate) fn set_columns(&mut self, columns: usize) {
        self.columns = columns.max(MIN_COLUMNS);
        for index in 0..self.lines.len() {
            self.lines[index].rows = self.count_rows(index);
        }
        self.lay_out();
    }

    /// Folds a line that opens something, or unfolds it.
    pub(crate) fn toggle(&mut self, line: u32) {
        let index = line as usize;
        if let Some(line) = self.lines.get_mut(index).filter(|line| line.can_fold()) {
            line.is_folded = !line.is_folded;
            self.lines[index].rows = self.count_rows(index);
            self.lay_out();
        }
    }

    pub(crate) fn rows(&self, first: u32, count: u32) -> Vec<Row> {
        let after = self.unfolded.partition_point(|&(_, row)| row <= first);
        let lines = self.unfolded.get(after.saturating_sub(1)..).unwrap_or_default();
        let end = first.saturating_add(count);
        lines
            .iter()
            .take_while(|&&(_, row)| row < end)
            .flat_map(|&(line, row)| self.rows_of(line).into_iter().zip(row..))
            .filter(|&(_, row)| (first..end).contains(&row))
            .map(|(row, _)| row)
            .collect()
    }

    /// Goes through the lines that are not folded away.
    fn lay_out(&mut self) {
        self.unfolded.clear();
        self.rows = 0;
        let mut index = 0;
        while let Some(line) = self.lines.get(index) {
            self.unfolded.push((index as u32, self.rows));
            self.rows += u32::from(line.rows);
            index = if line.is_folded { line.close as usize + 1 } else { index + 1 };
        }
    }

    fn count_rows(&self, index: usize) -> u16 {
        let line = self.lines[index];
        let (start, end) = (line.start as usize, line.start as usize + usize::from(line.len));
        // A name's colon and blank, and a comma; or what stands for a folded part.
        let added = 24;
        let fits = self.indent(line) + usize::from(line.len) + added <= self.columns;
        if fits && self.text.as_bytes()[start..end].iter().all(|byte| matches!(byte, b' '..=b'~')) {
            return 1;
        }
        self.rows_of(index as u32).len() as u16
    }

    fn indent(&self, line: Line) -> usize {
        // So that there is room for something else.
        (INDENT * usize::from(line.depth)).min(self.columns / 2)
    }

    fn rows_of(&self, index: u32) -> Vec<Row> {
        let line = self.lines[index as usize];
        let fold = match line.kind {
            _ if line.is_folded => Fold::Folded,
            _ if line.can_fold() => Fold::Unfolded,
            _ => Fold::No,
        };
        let indent = self.indent(line);
        let row = |fold| Row { line: index, fold, depth: line.depth, spans: vec![(Class::Plain, " ".repeat(indent))] };
        let mut rows = vec![row(fold)];
        let mut column = indent;
        let closing = (line.is_folded && line.kind == Kind::Open).then(|| self.lines[line.close as usize]);
        // JSON's closing bracket is shown behind the opening one.
        let hidden = line.close.saturating_sub(index + u32::from(line.kind == Kind::Open));
        let note = line.is_folded.then(|| format!("  {hidden} {}", if hidden == 1 { "line" } else { "lines" }));
        let spans = self.spans(line, closing).into_iter();
        for (class, text) in spans.chain(note.as_deref().map(|note| (Class::Note, note))) {
            for c in visible(text).chars() {
                let width = width(c, column);
                if column + width > self.columns && column > indent {
                    rows.push(row(Fold::No));
                    column = indent;
                }
                column += width;
                if let Some(last) = rows.last_mut() {
                    match last.spans.last_mut() {
                        Some((same, text)) if *same == class => text.push(c),
                        _ => last.spans.push((class, c.to_string())),
                    }
                }
            }
        }
        rows
    }

    /// What a line shows. `closing` is the line that closes it, where it is folded JSON.
    fn spans(&self, line: Line, closing: Option<Line>) -> Vec<(Class, &str)> {
        if !matches!(line.kind, Kind::Leaf | Kind::LeafPart | Kind::Branch) {
            return json::spans(&self.text, line, closing).collect();
        }
        let end = line.start + u32::from(line.len);
        let first = self.parts.partition_point(|&(_, part_end)| part_end <= line.start);
        let parts = self.parts[first..].iter().take_while(|&&(_, part_end)| part_end <= end);
        let starts = std::iter::once(line.start).chain(parts.clone().map(|&(_, part_end)| part_end));
        parts.zip(starts).map(|(&(class, end), start)| (class, &self.text[start as usize..end as usize])).collect()
    }

    /// Whether this line is a part of the one before.
    fn continues(&self, index: usize) -> bool {
        let before = self.lines[index - 1];
        match before.kind {
            // A line end would be between them.
            Kind::Text => before.start + u32::from(before.len) == self.lines[index].start,
            Kind::Name | Kind::NamePart | Kind::StringPart | Kind::LeafPart => true,
            Kind::Value | Kind::Open | Kind::Close | Kind::StringEnd | Kind::Leaf | Kind::Branch => false,
        }
    }
}

impl Line {
    fn can_fold(self) -> bool {
        matches!(self.kind, Kind::Open | Kind::Branch)
    }
}

/// Columns that a character takes in a monospaced font. Those of East Asia, and emoji, are as wide as two others.
fn width(c: char, column: usize) -> usize {
    match c {
        '\t' => TAB - column % TAB,
        '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' | '\u{fe00}'..='\u{fe0f}' => 0,
        '\u{1100}'..='\u{115f}' | '\u{2e80}'..='\u{a4cf}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}' => 2,
        '\u{fe30}'..='\u{fe6f}' | '\u{ff00}'..='\u{ff60}' | '\u{1f300}'..='\u{1faff}' | '\u{20000}'.. => 2,
        _ => 1,
    }
}

/// The end of a part of at most [`MAX_LINE`] bytes from `start` on, which splits no character.
fn part_end(text: &str, start: usize, end: usize) -> usize {
    if end - start <= MAX_LINE { end } else { text.floor_char_boundary(start + MAX_LINE) }
}

#[cfg(test)]
mod tests;
