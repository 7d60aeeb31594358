//! Which rows of a long list are on the screen.
//!
//! All rows have the same height, so positions are computed, and a list of any length costs as much as the rows on the
//! screen. There are two coordinate systems, both in CSS pixels:
//!
//! 1. `top` is the distance from the beginning of the list: row × height. It can be larger than a browser can scroll.
//! 2. `scroll_top` is that of the element that stands for the list, which is at most [`MAX_ELEMENT_HEIGHT`] high.
//!
//! They are equal up to that height. Beyond it, [`Viewport::scale`] maps the range of one to the range of the other, so
//! that a step of the scrollbar skips rows, but both ends can be reached.

use std::ops::Range;

/// CSS pixels.
pub const ROW_HEIGHT: u32 = 28;
/// Rows drawn beyond each edge, so that a quick scroll shows no blank.
const OVERSCAN: usize = 4;
/// CSS pixels from the end that still count as the end, because browsers round scroll positions.
const TAIL_SLACK: f64 = 2.0;
/// CSS pixels. The highest element that every browser lays out correctly; Firefox's limit is 17.9 million.
const MAX_ELEMENT_HEIGHT: f64 = 16e6;

/// The visible part of a scrolled list, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Viewport {
    /// From the beginning of the list to the first visible pixel.
    pub top: f64,
    /// Of the visible part.
    pub height: f64,
    /// Of a row.
    pub row: u32,
}

impl Default for Viewport {
    fn default() -> Self {
        Self { top: 0.0, height: 0.0, row: ROW_HEIGHT }
    }
}

impl Viewport {
    /// The height of the element that stands for a list of `len` rows.
    pub fn list_height(self, len: usize) -> f64 {
        self.rows_height(len).min(MAX_ELEMENT_HEIGHT)
    }

    /// After the browser has scrolled the element to `scroll_top`.
    pub fn scrolled(self, scroll_top: f64, len: usize) -> Self {
        Self { top: scroll_top * self.scale(len), ..self }
    }

    /// The scroll position of the element that shows this viewport.
    pub fn scroll_top(self, len: usize) -> f64 {
        self.top / self.scale(len)
    }

    /// The position of a row in the element.
    pub fn row_top(self, row: usize, len: usize) -> f64 {
        self.scroll_top(len) + self.rows_height(row) - self.top
    }

    /// The rows to draw.
    pub fn rows(self, len: usize) -> Range<usize> {
        // Casts from `f64` saturate, so negative and huge positions need no care.
        let first = (self.top / f64::from(self.row)) as usize;
        let last = ((self.top + self.height) / f64::from(self.row)).ceil() as usize;
        let end = last.saturating_add(OVERSCAN).min(len);
        first.saturating_sub(OVERSCAN).min(end)..end
    }

    /// Whole rows on the screen, at least 1: the step of Page Up and Page Down.
    pub fn page(self) -> usize {
        ((self.height / f64::from(self.row)) as usize).max(1)
    }

    pub fn at_tail(self, len: usize) -> bool {
        self.top + TAIL_SLACK >= self.tail(len).top
    }

    /// Scrolled to the end of the list.
    pub fn tail(self, len: usize) -> Self {
        Self { top: (self.rows_height(len) - self.height).max(0.0), ..self }
    }

    /// Scrolled as little as possible to show a whole row.
    pub fn showing(self, row: usize) -> Self {
        let row_top = self.rows_height(row);
        let lowest = (self.rows_height(row + 1) - self.height).max(0.0);
        Self { top: self.top.min(row_top).max(lowest), ..self }
    }

    /// Over the same rows, after the first `count` rows were dropped.
    pub fn without_first(self, count: usize) -> Self {
        Self { top: (self.top - self.rows_height(count)).max(0.0), ..self }
    }

    /// Over the same rows, after `count` rows were put in front.
    pub fn with_more_first(self, count: usize) -> Self {
        Self { top: self.top + self.rows_height(count), ..self }
    }

    fn rows_height(self, len: usize) -> f64 {
        len as f64 * f64::from(self.row)
    }

    /// Pixels of the list for each pixel of the element.
    fn scale(self, len: usize) -> f64 {
        let room = MAX_ELEMENT_HEIGHT - self.height;
        if self.rows_height(len) <= MAX_ELEMENT_HEIGHT { 1.0 } else { (self.rows_height(len) - self.height) / room }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREEN: Viewport = Viewport { top: 2800.0, height: 280.0, row: 28 };

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
        assert_eq!(SCREEN.showing(99).top, 99.0 * 28.0);
        assert_eq!(SCREEN.showing(110).top, 101.0 * 28.0);
    }

    #[test]
    fn a_reader_keeps_the_place_when_older_rows_go() {
        assert_eq!(SCREEN.without_first(10).top, 2520.0);
        assert_eq!(SCREEN.without_first(1000).top, 0.0);
        assert_eq!(SCREEN.with_more_first(10).without_first(10), SCREEN);
    }

    #[test]
    fn a_list_that_browsers_can_draw_is_scrolled_as_it_is() {
        assert_eq!(SCREEN.list_height(1000), 28_000.0);
        assert_eq!(SCREEN.scrolled(2800.0, 1000), SCREEN);
        assert_eq!(SCREEN.row_top(7, 1000), 196.0);
    }

    #[test]
    fn a_longer_list_is_scrolled_in_larger_steps_and_seen_to_both_ends() {
        const LEN: usize = 1_000_000;
        let height = SCREEN.list_height(LEN);
        assert!(height <= 16e6);
        assert_eq!(SCREEN.scrolled(0.0, LEN).rows(LEN).start, 0);
        let end = SCREEN.scrolled(height - SCREEN.height, LEN);
        assert!(end.at_tail(LEN));
        assert_eq!(end.rows(LEN).end, LEN);
        // The last row ends where the element does.
        assert!((end.row_top(LEN, LEN) - height).abs() < 0.01);
    }
}
