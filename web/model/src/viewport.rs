//! Which rows of a long list are on the screen. It never holds the rows: all have one height, so that counting is
//! enough, and a log of any length costs what a screen of it costs.

use std::ops::Range;

/// Height of a row of the log, in CSS pixels.
pub const ROW_HEIGHT: u32 = 28;
const ROW: f64 = ROW_HEIGHT as f64;
/// Rows drawn beyond each edge, so that a quick scroll does not show blank.
const OVERSCAN: usize = 4;
/// How far from the end, in CSS pixels, still counts as there: browsers round scroll positions.
const TAIL_SLACK: f64 = 2.0;

/// The part of a scrolled list that is seen, in CSS pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Viewport {
    /// Distance from the list's beginning to the first pixel seen.
    pub top: f64,
    /// Height of what is seen.
    pub height: f64,
}

impl Viewport {
    /// The rows to draw out of `len`.
    pub fn rows(self, len: usize) -> Range<usize> {
        // Casts from float saturate, so that a negative or huge position needs no special care.
        let first = (self.top / ROW) as usize;
        let last = ((self.top + self.height) / ROW).ceil() as usize;
        let end = last.saturating_add(OVERSCAN).min(len);
        first.saturating_sub(OVERSCAN).min(end)..end
    }

    /// The rows that are seen whole on a screen, at least one: how far Page Up and Page Down go.
    pub fn page(self) -> usize {
        ((self.height / ROW) as usize).max(1)
    }

    /// Whether the end of the list is seen.
    pub fn at_tail(self, len: usize) -> bool {
        self.top + TAIL_SLACK >= self.tail(len).top
    }

    /// The same viewport, scrolled to the end of the list.
    pub fn tail(self, len: usize) -> Self {
        Self { top: (len as f64 * ROW - self.height).max(0.0), ..self }
    }

    /// The same viewport, scrolled no farther than needed for a row to be seen whole.
    pub fn showing(self, row: usize) -> Self {
        let row_top = row as f64 * ROW;
        let lowest = (row_top + ROW - self.height).max(0.0);
        Self { top: self.top.min(row_top).max(lowest), ..self }
    }

    /// The same viewport over the same rows, after `count` rows have gone from the list's beginning.
    pub fn without_first(self, count: usize) -> Self {
        Self { top: (self.top - count as f64 * ROW).max(0.0), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Viewport = Viewport { top: 2800.0, height: 280.0 };

    #[test]
    fn only_the_rows_on_the_screen_and_a_few_around_are_drawn() {
        assert_eq!(SCREEN.rows(1_000_000), 96..114);
        assert_eq!(SCREEN.rows(105), 96..105);
        assert_eq!(Viewport { top: 0.0, ..SCREEN }.rows(1_000_000), 0..14);
    }

    #[test]
    fn a_viewport_beyond_the_list_or_before_it_draws_no_row_that_is_not_there() {
        assert_eq!(SCREEN.rows(0), 0..0);
        assert_eq!(SCREEN.rows(50), 50..50);
        assert_eq!(Viewport { top: -90.0, ..SCREEN }.rows(3), 0..3);
    }

    #[test]
    fn the_tail_is_where_the_last_row_is_seen() {
        assert!(SCREEN.at_tail(110));
        assert!(!SCREEN.at_tail(111));
        assert!(SCREEN.tail(500).at_tail(500));
        assert_eq!(SCREEN.tail(3).top, 0.0);
    }

    #[test]
    fn showing_a_row_scrolls_no_farther_than_needed() {
        assert_eq!(SCREEN.showing(105), SCREEN);
        assert_eq!(SCREEN.showing(99).top, 99.0 * ROW);
        assert_eq!(SCREEN.showing(110).top, 101.0 * ROW);
    }

    #[test]
    fn a_reader_keeps_the_place_when_older_rows_go() {
        assert_eq!(SCREEN.without_first(10).top, 2520.0);
        assert_eq!(SCREEN.without_first(1000).top, 0.0);
    }
}
