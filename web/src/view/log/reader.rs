//! Where a reader is in the log. It follows the newest entry until the reader scrolls away from it, and never moves
//! what somebody is reading.

use std::ops::Range;

use model::{Connection, Viewport};
use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use crate::page::Page;
use crate::view::detail;

/// The place in the list that is read. Places are counted as [`model::Rows`] does.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// All that the list's shape depends on, when it was shown last.
    extent: Extent,
    /// What is seen.
    viewport: Viewport,
    place: Place,
    /// How often the page has scrolled the list, rather than the person.
    moves: u32,
}

/// The places of the oldest entry that is listed, and of the one that comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Extent {
    first: u64,
    end: u64,
}

impl Extent {
    fn of(connection: &Connection) -> Self {
        let rows = connection.rows();
        Self { first: rows.first(), end: rows.end() }
    }

    fn len(self) -> usize {
        (self.end - self.first) as usize
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
enum Place {
    /// At the newest entry, whichever that is.
    #[default]
    Tail,
    /// Somewhere else, since this was where the next entry would come.
    Above(u64),
}

impl Reader {
    /// Keeps the reader where they are while entries come and go.
    pub(crate) fn settle(&mut self, connection: &Connection) {
        let extent = Extent::of(connection);
        if extent == self.extent {
            return;
        }
        let gone = extent.first.saturating_sub(self.extent.first);
        self.extent = extent;
        match self.place {
            Place::Tail => self.follow(),
            Place::Above(_) => self.scroll_to(self.viewport.without_first(gone as usize)),
        }
    }

    /// The places on the screen.
    pub(super) fn visible(&self) -> Range<u64> {
        let rows = self.viewport.rows(self.extent.len());
        self.extent.first + rows.start as u64..self.extent.first + rows.end as u64
    }

    pub(super) fn follows(&self) -> bool {
        self.place == Place::Tail
    }

    /// Entries that came since the reader left the tail.
    pub(super) fn unseen(&self) -> u64 {
        match self.place {
            Place::Tail => 0,
            Place::Above(end) => self.extent.end.saturating_sub(end),
        }
    }

    /// How high the list is, in CSS pixels.
    pub(super) fn list_height(&self) -> u64 {
        self.viewport.list_height(self.extent.len()) as u64
    }

    /// Where the rows that exist are among all, in CSS pixels.
    pub(super) fn window_top(&self) -> i64 {
        let len = self.extent.len();
        self.viewport.row_top(self.viewport.rows(len).start, len) as i64
    }

    /// Another number whenever the browser has to scroll.
    pub(super) fn moves(&self) -> u32 {
        self.moves
    }

    /// Where it has to scroll to, in CSS pixels.
    pub(super) fn scroll_top(&self) -> i32 {
        self.viewport.scroll_top(self.extent.len()).round() as i32
    }

    /// Has the browser scroll there.
    fn scroll_to(&mut self, viewport: Viewport) {
        self.moves += 1;
        let lowest = viewport.tail(self.extent.len()).top;
        self.sees(Viewport { top: viewport.top.min(lowest), ..viewport });
    }

    /// Goes to the newest entry and stays there.
    pub(super) fn follow(&mut self) {
        self.scroll_to(self.viewport.tail(self.extent.len()));
    }

    /// Takes over where the browser has scrolled to.
    pub(super) fn scrolled(&mut self, scroll_top: f64) {
        self.sees(self.viewport.scrolled(scroll_top, self.extent.len()));
    }

    /// Takes over how high the list is, in CSS pixels, and where it is scrolled to.
    pub(super) fn resized(&mut self, height: f64, scroll_top: f64) {
        self.viewport.height = height;
        match self.place {
            Place::Tail => self.follow(),
            Place::Above(_) => self.scrolled(scroll_top),
        }
    }

    fn sees(&mut self, viewport: Viewport) {
        self.viewport = viewport;
        match (self.place, viewport.at_tail(self.extent.len())) {
            (Place::Tail, false) => self.place = Place::Above(self.extent.end),
            (_, true) => self.place = Place::Tail,
            (Place::Above(_), false) => {}
        }
    }
}

pub(super) fn key(page: &mut Page, event: &Event) {
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.ctrl_key() || key.alt_key() || key.meta_key() {
        return;
    }
    let screen = page.pane.reader.viewport.page() as i64;
    match key.key().as_str() {
        "ArrowUp" => step(page, -1),
        "ArrowDown" => step(page, 1),
        "PageUp" => step(page, -screen),
        "PageDown" => step(page, screen),
        "Home" => step(page, i64::MIN),
        "End" => step(page, i64::MAX),
        "Enter" => detail::enter(),
        "Escape" => page.pane.detail.select(None),
        "p" => {
            if let Some(seq) = page.pane.detail.seq {
                detail::pin(page, seq);
            }
        }
        _ => return,
    }
    event.prevent_default();
}

/// Selects an entry so many rows away from the selected one; from the newest where none is.
pub(super) fn step(page: &mut Page, rows: i64) {
    let list = page.shown().rows();
    let (first, end) = (list.first(), list.end());
    if first == end {
        return;
    }
    let place = match page.pane.detail.seq {
        Some(seq) => list.ordinal(seq).saturating_add_signed(rows),
        None if matches!(rows, -1 | 1) => end - 1,
        None => (end - 1).saturating_add_signed(rows),
    };
    select(page, place.clamp(first, end - 1));
}

/// Selects an entry and brings it into view.
pub(super) fn go_to(page: &mut Page, seq: u64) {
    let list = page.shown().rows();
    let place = list.ordinal(seq);
    if (list.first()..list.end()).contains(&place) {
        select(page, place);
    }
    // It may be one that is not listed.
    page.pane.detail.select(Some(seq));
}

fn select(page: &mut Page, place: u64) {
    let seq = page.shown().rows().seq(place);
    page.pane.detail.select(seq);
    let reader = &mut page.pane.reader;
    // What has come since it was shown last counts, too.
    reader.settle(page.store.workbench().shown());
    let row = (place - reader.extent.first) as usize;
    reader.scroll_to(reader.viewport.showing(row));
}
