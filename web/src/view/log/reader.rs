//! Where a reader is in the log. It follows the newest entry until the reader scrolls away from it, and never moves
//! what somebody is reading.

use std::ops::Range;

use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use model::{Connection, Viewport};

use crate::resize::SizeWatch;
use crate::view::tab::Tab;

/// The list that is read, and the place in it. Places are counted as [`model::Rows`] does.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    tab: Tab,
    /// All that the list's shape depends on.
    pub(super) extent: Memo<Extent>,
    /// What is seen, as the browser told last.
    viewport: RwSignal<Viewport>,
    place: RwSignal<Place>,
    /// The places on the screen.
    pub(super) visible: Memo<Range<u64>>,
    /// The element that scrolls.
    pub(super) scroller: NodeRef<Div>,
    /// The element inside it that is as high as all rows together.
    pub(super) list: NodeRef<Div>,
}

/// The places of the oldest entry that is listed, and of the one that comes next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) first: u64,
    pub(super) end: u64,
}

impl Extent {
    fn of(connection: &Connection) -> Self {
        let rows = connection.rows();
        Self { first: rows.first(), end: rows.end() }
    }

    pub(super) fn len(self) -> usize {
        (self.end - self.first) as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    /// At the newest entry, whichever that is.
    Tail,
    /// Somewhere else, since this was where the next entry would come.
    Above(u64),
}

fn seen(viewport: Viewport, place: Place, len: usize) -> Viewport {
    match place {
        Place::Tail => viewport.tail(len),
        Place::Above(_) => viewport,
    }
}

impl Reader {
    pub(super) fn new(tab: Tab) -> Self {
        let extent = tab.fact(Extent::of);
        let viewport = RwSignal::new(Viewport::default());
        let place = RwSignal::new(Place::Tail);
        let visible = Memo::new(move |_| {
            let Extent { first, .. } = extent.get();
            let len = extent.get().len();
            let rows = seen(viewport.get(), place.get(), len).rows(len);
            first + rows.start as u64..first + rows.end as u64
        });
        let reader = Self { tab, extent, viewport, place, visible, scroller: NodeRef::new(), list: NodeRef::new() };
        reader.keep_place();
        reader.watch_size();
        reader
    }

    /// What is seen, also in the moment before the browser has scrolled there.
    fn viewport(self) -> Viewport {
        seen(self.viewport.get(), self.place.get(), self.extent.get().len())
    }

    pub(super) fn follows(self) -> bool {
        self.place.get() == Place::Tail
    }

    /// Entries that came since the reader left the tail.
    pub(super) fn unseen(self) -> u64 {
        match self.place.get() {
            Place::Tail => 0,
            Place::Above(end) => self.extent.get().end.saturating_sub(end),
        }
    }

    /// Moves the rows that exist to where they are among all.
    pub(super) fn window_transform(self) -> String {
        let extent = self.extent.get();
        let row = (self.visible.get().start - extent.first) as usize;
        format!("translateY({}px)", self.viewport().row_top(row, extent.len()) as i64)
    }

    /// Whenever the list changes: its height, and the scroll position that keeps the reader where they are.
    fn keep_place(self) {
        Effect::new(move |before: Option<Extent>| {
            let extent = self.extent.get();
            let Some(list) = self.list.get() else { return extent };
            let viewport = self.viewport.get_untracked();
            list.style(("height", format!("{}px", viewport.list_height(extent.len()) as u64)));
            let gone = before.map_or(0, |before| extent.first.saturating_sub(before.first));
            self.scroll_to(match self.place.get_untracked() {
                Place::Tail => viewport.tail(extent.len()),
                Place::Above(_) => viewport.without_first(gone as usize),
            });
            extent
        });
    }

    fn watch_size(self) {
        Effect::new(move |_| {
            let scroller = self.scroller.get()?;
            let resized = move || {
                let Some(scroller) = self.scroller.get_untracked() else { return };
                let follows = self.place.get_untracked() == Place::Tail;
                self.viewport.update(|viewport| viewport.height = scroller.client_height().into());
                if follows { self.follow() } else { self.scrolled() }
            };
            // Kept by the effect, and dropped with it.
            Some(SizeWatch::new(&scroller, resized))
        });
    }

    fn scroll_to(self, viewport: Viewport) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        scroller.set_scroll_top(viewport.scroll_top(self.extent.get_untracked().len()).round() as i32);
        self.scrolled();
    }

    /// Takes over where the browser has scrolled to.
    pub(super) fn scrolled(self) {
        let Some(scroller) = self.scroller.get_untracked() else { return };
        let extent = self.extent.get_untracked();
        let viewport = self.viewport.get_untracked().scrolled(scroller.scroll_top().into(), extent.len());
        if self.viewport.get_untracked() != viewport {
            self.viewport.set(viewport);
        }
        match (self.place.get_untracked(), viewport.at_tail(extent.len())) {
            (Place::Tail, false) => self.place.set(Place::Above(extent.end)),
            (Place::Above(_), true) => self.place.set(Place::Tail),
            (Place::Tail, true) | (Place::Above(_), false) => {}
        }
    }

    /// Goes to the newest entry and stays there.
    pub(super) fn follow(self) {
        self.scroll_to(self.viewport.get_untracked().tail(self.extent.get_untracked().len()));
    }

    pub(super) fn key(self, event: &KeyboardEvent) {
        if event.ctrl_key() || event.alt_key() || event.meta_key() {
            return;
        }
        let page = self.viewport.get_untracked().page() as i64;
        match event.key().as_str() {
            "ArrowUp" => self.step(-1),
            "ArrowDown" => self.step(1),
            "PageUp" => self.step(-page),
            "PageDown" => self.step(page),
            "Home" => self.step(i64::MIN),
            "End" => self.step(i64::MAX),
            "Enter" => self.tab.focus_detail(),
            "Escape" => self.tab.selected.set(None),
            "p" => self.tab.pin_selected(),
            _ => return,
        }
        event.prevent_default();
    }

    /// Selects an entry so many rows away from the selected one; from the newest where none is.
    pub(super) fn step(self, rows: i64) {
        let Extent { first, end } = self.extent.get_untracked();
        if first == end {
            return;
        }
        let selected = self.tab.selected.get_untracked();
        let place = match selected.map(|seq| self.tab.read(|connection| connection.rows().ordinal(seq))) {
            Some(place) => place.saturating_add_signed(rows),
            None if rows.abs() == 1 => end - 1,
            None => (end - 1).saturating_add_signed(rows),
        };
        self.select(place.clamp(first, end - 1));
    }

    fn select(self, place: u64) {
        self.tab.selected.set(self.tab.read(|connection| connection.rows().seq(place)));
        let row = (place - self.extent.get_untracked().first) as usize;
        self.scroll_to(self.viewport.get_untracked().showing(row));
    }

    /// Selects an entry and brings it into view.
    pub(super) fn go_to(self, seq: u64) {
        let place = self.tab.read(|connection| connection.rows().ordinal(seq));
        let Extent { first, end } = self.extent.get_untracked();
        if (first..end).contains(&place) {
            self.select(place);
        }
    }
}
