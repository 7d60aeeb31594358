//! Which rows are shown.

use wire::event::{Direction, Happened};

use crate::trace::Row;
use crate::words;

/// Which rows, by what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kinds {
    #[default]
    All,
    Handshake,
    Data,
    /// Pings, pongs and closes.
    Control,
    Violations,
}

impl Kinds {
    pub const ALL: [(&'static str, Self); 5] = [
        ("All events", Self::All),
        ("Handshakes", Self::Handshake),
        ("Data frames", Self::Data),
        ("Control frames", Self::Control),
        ("Violations", Self::Violations),
    ];
}

/// Which rows are shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub kinds: Kinds,
    pub direction: Option<Direction>,
    /// The number of a connection.
    pub connection: Option<u64>,
    /// Part of the row's text; ASCII letters in any case.
    pub text: String,
}

impl Filter {
    pub fn shows(&self, row: &Row) -> bool {
        self.connection.is_none_or(|number| number == row.event.connection)
            && (self.direction.is_none() || words::direction(row) == self.direction)
            && self.shows_kind(row)
            && self.has_text(row)
    }

    fn shows_kind(&self, row: &Row) -> bool {
        let opcode = if let Happened::Frame(frame) = &row.event.happened { Some(frame.opcode) } else { None };
        match self.kinds {
            Kinds::All => true,
            Kinds::Handshake => matches!(row.event.happened, Happened::Request(_) | Happened::Response(_)),
            Kinds::Data => opcode.is_some_and(|opcode| opcode < 8),
            Kinds::Control => opcode.is_some_and(|opcode| opcode >= 8),
            Kinds::Violations => !row.violations.is_empty(),
        }
    }

    fn has_text(&self, row: &Row) -> bool {
        let text = self.text.trim().to_ascii_lowercase();
        let has = |line: &str| line.to_ascii_lowercase().contains(&text);
        text.is_empty() || has(words::kind(row)) || has(&words::content(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::{frame, text};
    use crate::handshake::tests::request;
    use crate::trace::tests::trace;

    #[test]
    fn rows_are_chosen_by_kind_direction_connection_and_text() {
        let unmasked = wire::event::Frame { mask: None, ..text(Direction::In, "bad") };
        let trace = trace([
            (1, 0, Happened::Request(request(&[]).into())),
            (1, 0, Happened::Frame(text(Direction::In, "Hello").into())),
            (1, 0, Happened::Frame(frame(Direction::Out, 9).into())),
            (2, 0, Happened::Frame(text(Direction::Out, "hello again").into())),
            (2, 0, Happened::Frame(unmasked.into())),
            (2, 0, Happened::End),
        ]);
        let shown = |filter: Filter| -> Vec<u64> {
            trace.range().filter(|number| trace.row(*number).is_some_and(|row| filter.shows(row))).collect()
        };
        let kinds = |kinds| Filter { kinds, ..Filter::default() };
        assert_eq!(shown(Filter::default()), [0, 1, 2, 3, 4, 5]);
        assert_eq!(shown(kinds(Kinds::Handshake)), [0]);
        assert_eq!(shown(kinds(Kinds::Data)), [1, 3, 4]);
        assert_eq!(shown(kinds(Kinds::Control)), [2]);
        assert_eq!(shown(kinds(Kinds::Violations)), [4]);
        assert_eq!(shown(Filter { direction: Some(Direction::Out), ..Filter::default() }), [2, 3]);
        assert_eq!(shown(Filter { connection: Some(2), ..Filter::default() }), [3, 4, 5]);
        assert_eq!(shown(Filter { text: " HELLO".into(), ..Filter::default() }), [1, 3]);
        assert_eq!(shown(Filter { text: "ping".into(), ..Filter::default() }), [2]);
    }
}
