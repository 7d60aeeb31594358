//! The rows on the screen. While messages stream in, the log moves at every frame; creating elements at that rate costs
//! frames, so a fixed set of elements is reused.
//!
//! There are as many elements as rows fit on the screen (and a few more). When the list scrolls by three rows, three
//! elements move from one end to the other and get the texts of the three entries that came into view; the elements
//! between them are not touched. The list's real height is an element of its own, and a `transform` moves the rows to
//! their place in it (`log.rs`).

use std::collections::VecDeque;
use std::ops::Range;

use gloo_utils::document;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Element, HtmlElement};

use super::columns::{self, COLUMNS, SIGN};

/// `id` attribute of an entry's row.
pub(super) fn id(seq: u64) -> String {
    format!("entry-{seq}")
}

/// What can change in a row while it shows the same entry.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowState {
    pub(super) selected: bool,
    pub(super) pinned: bool,
}

pub(super) struct RowElements {
    /// The elements' parent.
    window: HtmlElement,
    /// From top to bottom, like the children of `window`.
    rows: VecDeque<RowElement>,
    /// Ordinal of the first row.
    first: u64,
}

impl RowElements {
    pub(super) fn new(window: HtmlElement) -> Self {
        Self { window, rows: VecDeque::new(), first: 0 }
    }

    /// Shows the rows with these ordinals, of all in the list. `entry` gives the sequence number and the state of the entry at an ordinal;
    /// `row` gives what its cells show, and is called only for entries that have no row yet.
    pub(super) fn show<'a>(
        &mut self,
        all: Range<u64>,
        ordinals: Range<u64>,
        entry: impl Fn(u64) -> Option<(u64, RowState)>,
        row: impl Fn(u64) -> Option<columns::Cells<'a>>,
    ) {
        self.resize((ordinals.end - ordinals.start) as usize);
        self.rotate_to(ordinals.start);
        for (element, ordinal) in self.rows.iter_mut().zip(ordinals) {
            let Some((seq, state)) = entry(ordinal) else { continue };
            if element.seq != Some(seq)
                && let Some(row) = row(seq)
            {
                element.fill(seq, &row);
            }
            element.set_place(ordinal - all.start + 1, all.end - all.start);
            element.set_state(state);
        }
    }

    /// Has the next [`show`](Self::show) fill every row again.
    pub(super) fn invalidate(&mut self) {
        for row in &mut self.rows {
            row.seq = None;
        }
    }

    /// Adds or removes elements at the bottom.
    fn resize(&mut self, count: usize) {
        while self.rows.len() > count {
            if let Some(row) = self.rows.pop_back() {
                row.element.remove();
            }
        }
        while self.rows.len() < count {
            let row = RowElement::new();
            append(&self.window, &row.element);
            self.rows.push_back(row);
        }
    }

    /// Moves elements from one end to the other, so that those whose entries stay on the screen are at the right place
    /// already. After a jump of a screen or more there are none, and all are filled again where they are.
    fn rotate_to(&mut self, first: u64) {
        let len = self.rows.len() as u64;
        if first.abs_diff(self.first) < len {
            // Scrolled down.
            for _ in self.first..first {
                if let Some(row) = self.rows.pop_front() {
                    append(&self.window, &row.element);
                    self.rows.push_back(row);
                }
            }
            // Scrolled up.
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

fn append(parent: &Element, child: &Element) {
    // Fails only if one contains the other.
    let _ = parent.append_child(child);
}

fn prepend(parent: &Element, child: &Element) {
    // As above.
    let _ = parent.prepend_with_node_1(child);
}

struct RowElement {
    element: HtmlElement,
    cells: [Element; COLUMNS.len()],
    /// The entry that it shows.
    seq: Option<u64>,
    /// Its position in the list, counted from 1, and the length of the list.
    place: (u64, u64),
    state: RowState,
}

impl RowElement {
    fn new() -> Self {
        let element: HtmlElement = create("div").unchecked_into();
        set(&element, "role", "option");
        set(&element, "aria-selected", "false");
        let cells = COLUMNS.each_ref().map(|column| {
            let cell = create("span");
            set(&cell, "class", column.class);
            if column.class == SIGN {
                set(&cell, "aria-hidden", "true");
            }
            append(&element, &cell);
            cell
        });
        Self { element, cells, seq: None, place: (0, 0), state: RowState::default() }
    }

    fn fill(&mut self, seq: u64, row: &columns::Cells<'_>) {
        self.seq = Some(seq);
        set(&self.element, "id", &id(seq));
        set(&self.element, "data-seq", &seq.to_string());
        set(&self.element, "class", &row.class());
        for (cell, text) in self.cells.iter().zip(row.texts()) {
            cell.set_text_content(Some(&text));
        }
    }

    /// Tells assistive technology which of how many rows this one is: only some are in the document.
    fn set_place(&mut self, position: u64, of: u64) {
        if self.place != (position, of) {
            self.place = (position, of);
            set(&self.element, "aria-posinset", &position.to_string());
            set(&self.element, "aria-setsize", &of.to_string());
        }
    }

    fn set_state(&mut self, state: RowState) {
        if self.state == state {
            return;
        }
        self.state = state;
        set(&self.element, "aria-selected", if state.selected { "true" } else { "false" });
        set(&self.element, "data-pinned", if state.pinned { "true" } else { "false" });
    }
}

fn create(tag: &str) -> Element {
    document().create_element(tag).expect_throw("the tag name is valid")
}

fn set(element: &Element, name: &str, value: &str) {
    element.set_attribute(name, value).expect_throw("the name of an attribute is valid");
}
