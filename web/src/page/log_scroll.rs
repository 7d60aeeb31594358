//! Where the person is in the log.
//!
//! The list *follows* its tail: it scrolls with each new entry, until the person scrolls away. From then on it stands
//! still: when the log drops old entries above, the scroll position moves up by the same number of rows, so that the
//! rows on the screen stay where they are.
//!
//! Positions in the list are *ordinals*, as in [`model::Rows`], which do not change when older rows are dropped. Only
//! here, where pixels are computed, are they turned into indices, which count from the first row that is left.
//!
//! Both the browser and the page scroll. [`LogScroll::scrolled`] and [`LogScroll::resized`] take over what the browser did.
//! What the page wants is [`LogScroll::scroll_top`], which the view sets whenever [`LogScroll::scrolls`] has changed. Setting it
//! makes the browser fire a `scroll` event with the position rounded to device pixels; `Viewport::at_tail` allows for
//! that, or the list would stop following.

use std::ops::Range;

use model::{Connection, Viewport};

#[derive(Debug, Default)]
pub(crate) struct LogScroll {
    /// The list's ordinals when `viewport` was computed.
    extent: Extent,
    viewport: Viewport,
    mode: Mode,
    /// How often the page has scrolled the list.
    scrolls: u32,
}

/// Ordinals: of the first row, and of the next row to come.
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
enum Mode {
    #[default]
    Following,
    /// `end` is the list's end when the person scrolled away; rows from there on count as unseen.
    Stopped { end: u64 },
}

impl LogScroll {
    /// Follows a change of the rows, by new or dropped entries or by another filter.
    pub(super) fn log_changed(&mut self, connection: &Connection) {
        let extent = Extent::of(connection);
        if extent == self.extent {
            return;
        }
        let moved = match extent.first.checked_sub(self.extent.first) {
            Some(dropped) => self.viewport.without_first(dropped as usize),
            // A regular expression finds the newest rows first.
            None => self.viewport.with_more_first((self.extent.first - extent.first) as usize),
        };
        self.extent = extent;
        match self.mode {
            Mode::Following => self.follow(),
            Mode::Stopped { .. } => self.scroll_to(moved),
        }
    }

    /// Ordinals of the rows to draw: those on the screen and a few around them.
    pub(crate) fn visible(&self) -> Range<u64> {
        let rows = self.viewport.rows(self.extent.len());
        self.extent.first + rows.start as u64..self.extent.first + rows.end as u64
    }

    pub(crate) fn is_following(&self) -> bool {
        self.mode == Mode::Following
    }

    /// Rows that came since the person scrolled away from the tail.
    pub(crate) fn unseen(&self) -> u64 {
        match self.mode {
            Mode::Following => 0,
            Mode::Stopped { end } => self.extent.end.saturating_sub(end),
        }
    }

    /// Height of the whole list, in CSS pixels.
    pub(crate) fn list_height(&self) -> u64 {
        self.viewport.list_height(self.extent.len()) as u64
    }

    /// Distance from the top of the list to the first row that is drawn, in CSS pixels.
    pub(crate) fn drawn_top(&self) -> i64 {
        let len = self.extent.len();
        self.viewport.row_top(self.viewport.rows(len).start, len) as i64
    }

    /// Changes when the browser has to scroll to [`Self::scroll_top`].
    pub(crate) fn scrolls(&self) -> u32 {
        self.scrolls
    }

    /// In CSS pixels.
    pub(crate) fn scroll_top(&self) -> i32 {
        self.viewport.scroll_top(self.extent.len()).round() as i32
    }

    /// Rows on a screen: how far Page Up and Page Down move the selection.
    pub(crate) fn page_rows(&self) -> i64 {
        self.viewport.page() as i64
    }

    /// Scrolls to the tail and follows it.
    pub(crate) fn follow(&mut self) {
        self.scroll_to(self.viewport.tail(self.extent.len()));
    }

    /// Scrolls no farther than needed for a row to be on the screen.
    pub(super) fn reveal(&mut self, ordinal: u64) {
        let index = (ordinal - self.extent.first) as usize;
        self.scroll_to(self.viewport.showing(index));
    }

    /// Takes over where the browser has scrolled to, in CSS pixels.
    pub(crate) fn scrolled(&mut self, scroll_top: f64) {
        self.set_viewport(self.viewport.scrolled(scroll_top, self.extent.len()));
    }

    /// Takes over the list's height on the screen and its scroll position, in CSS pixels.
    pub(crate) fn resized(&mut self, height: f64, scroll_top: f64) {
        self.viewport.height = height;
        match self.mode {
            Mode::Following => self.follow(),
            Mode::Stopped { .. } => self.scrolled(scroll_top),
        }
    }

    fn scroll_to(&mut self, viewport: Viewport) {
        self.scrolls += 1;
        let lowest = viewport.tail(self.extent.len()).top;
        self.set_viewport(Viewport { top: viewport.top.min(lowest), ..viewport });
    }

    /// Reaching the tail by any way follows it again; leaving it stops.
    fn set_viewport(&mut self, viewport: Viewport) {
        self.viewport = viewport;
        match (self.mode, viewport.at_tail(self.extent.len())) {
            (Mode::Following, false) => self.mode = Mode::Stopped { end: self.extent.end },
            (_, true) => self.mode = Mode::Following,
            (Mode::Stopped { .. }, false) => {}
        }
    }
}
