//! The rows on the screen: elements that are made once and show one entry after the other, for a log that moves at
//! every frame has no time to make new ones. They never know which entries there are.

use std::collections::VecDeque;
use std::ops::Range;

use gloo_utils::document;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Element, HtmlElement};

use super::line::Line;

/// The cells of a row, in the order of the style sheet's columns.
const CELLS: [&str; 6] = ["seq", "sign", "visually-hidden", "time", "text", "size"];

/// The name of a row in the document.
pub(super) fn id(seq: u64) -> String {
    format!("entry-{seq}")
}

/// How a row stands out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) selected: bool,
    pub(super) pinned: bool,
}

/// The elements of the rows, in the order of the entries.
pub(super) struct Rows {
    window: HtmlElement,
    rows: VecDeque<Row>,
    /// The place of the first row's entry in the list.
    first: u64,
}

impl Rows {
    /// No rows yet, inside that element.
    pub(super) fn new(window: HtmlElement) -> Self {
        Self { window, rows: VecDeque::new(), first: 0 }
    }

    /// Shows these places of the list; `entry` says which number is there and whether it stands out, `line` what it
    /// says.
    pub(super) fn show(
        &mut self,
        places: Range<u64>,
        entry: impl Fn(u64) -> Option<(u64, Marks)>,
        line: impl Fn(u64) -> Option<Line>,
    ) {
        self.fit((places.end - places.start) as usize);
        self.turn_to(places.start);
        for (row, place) in self.rows.iter_mut().zip(places) {
            let Some((seq, marks)) = entry(place) else { continue };
            if row.seq != seq
                && let Some(line) = line(seq)
            {
                row.tell(seq, &line);
            }
            row.mark(marks);
        }
    }

    /// Makes each row say anew what it says.
    pub(super) fn renew(&mut self) {
        for row in &mut self.rows {
            row.seq = 0;
        }
    }

    fn fit(&mut self, count: usize) {
        while self.rows.len() > count {
            if let Some(row) = self.rows.pop_back() {
                row.element.remove();
            }
        }
        while self.rows.len() < count {
            let row = Row::new();
            append(&self.window, &row.element);
            self.rows.push_back(row);
        }
    }

    /// Carries rows from one end to the other, so that those that are still to be seen need no change.
    fn turn_to(&mut self, first: u64) {
        let len = self.rows.len() as u64;
        if first.abs_diff(self.first) < len {
            for _ in self.first..first {
                if let Some(row) = self.rows.pop_front() {
                    append(&self.window, &row.element);
                    self.rows.push_back(row);
                }
            }
            for _ in first..self.first {
                if let Some(row) = self.rows.pop_back() {
                    prepend(&self.window, &row.element);
                    self.rows.push_front(row);
                }
            }
        }
        self.first = first;
    }
}

fn append(window: &Element, row: &Element) {
    // Neither is inside the other.
    let _ = window.append_child(row);
}

fn prepend(window: &Element, row: &Element) {
    // As above.
    let _ = window.prepend_with_node_1(row);
}

struct Row {
    element: HtmlElement,
    cells: [Element; CELLS.len()],
    /// The entry that it shows, 0 for none.
    seq: u64,
    marks: Marks,
}

impl Row {
    fn new() -> Self {
        let element: HtmlElement = create("div").unchecked_into();
        set(&element, "role", "option");
        set(&element, "aria-selected", "false");
        let cells = CELLS.map(|class| {
            let cell = create("span");
            set(&cell, "class", class);
            append(&element, &cell);
            cell
        });
        set(&cells[1], "aria-hidden", "true");
        Self { element, cells, seq: 0, marks: Marks::default() }
    }

    fn tell(&mut self, seq: u64, line: &Line) {
        self.seq = seq;
        set(&self.element, "id", &id(seq));
        let number = seq.to_string();
        set(&self.element, "data-seq", &number);
        set(&self.element, "class", &["row ", &line.class].concat());
        for (cell, text) in self.cells.iter().zip([&number, line.sign, &line.kind, &line.time, &line.text, &line.size])
        {
            cell.set_text_content(Some(text));
        }
    }

    fn mark(&mut self, marks: Marks) {
        if self.marks == marks {
            return;
        }
        self.marks = marks;
        set(&self.element, "aria-selected", if marks.selected { "true" } else { "false" });
        set(&self.element, "data-pinned", if marks.pinned { "true" } else { "false" });
    }
}

fn create(name: &str) -> Element {
    document().create_element(name).expect_throw("it is the name of an element")
}

fn set(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).expect_throw("it is the name of an attribute");
}
