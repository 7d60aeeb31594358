//! The sizes of the page's parts, within bounds that keep them usable. Where a window has less room, the style sheet
//! decides.

use std::ops::RangeInclusive;

/// CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    pub sidebar_width: u16,
    pub detail_width: u16,
    pub compose_height: u16,
}

impl Default for Layout {
    fn default() -> Self {
        Self { sidebar_width: 236, detail_width: 400, compose_height: 60 }
    }
}

/// A splitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Between the lists and the connection.
    Sidebar,
    /// Between the log and the detail.
    Detail,
    /// Above the message box.
    Compose,
}

impl Edge {
    pub const ALL: [Self; 3] = [Self::Sidebar, Self::Detail, Self::Compose];

    /// CSS pixels.
    pub fn range(self) -> RangeInclusive<u16> {
        match self {
            Self::Sidebar | Self::Detail => 160..=900,
            Self::Compose => 40..=600,
        }
    }

    /// In files.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Sidebar => "sidebarWidth",
            Self::Detail => "detailWidth",
            Self::Compose => "composeHeight",
        }
    }
}

impl Layout {
    pub fn size(self, edge: Edge) -> u16 {
        match edge {
            Edge::Sidebar => self.sidebar_width,
            Edge::Detail => self.detail_width,
            Edge::Compose => self.compose_height,
        }
    }

    /// Clamped to [`Edge::range`].
    pub fn with(mut self, edge: Edge, size: i32) -> Self {
        let range = edge.range();
        let size = size.clamp((*range.start()).into(), (*range.end()).into()) as u16;
        match edge {
            Edge::Sidebar => self.sidebar_width = size,
            Edge::Detail => self.detail_width = size,
            Edge::Compose => self.compose_height = size,
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_moves_its_own_part_and_no_other() {
        let moved = Layout::default().with(Edge::Compose, 200);
        assert_eq!(moved, Layout { sidebar_width: 236, detail_width: 400, compose_height: 200 });
        assert_eq!(moved.size(Edge::Compose), 200);
    }

    #[test]
    fn a_line_stops_where_its_part_would_be_too_small_or_too_large() {
        for edge in Edge::ALL {
            let plain = Layout::default();
            assert_eq!(plain.with(edge, i32::MIN).size(edge), *edge.range().start());
            assert_eq!(plain.with(edge, i32::MAX).size(edge), *edge.range().end());
            assert_eq!(plain.with(edge, plain.size(edge).into()), plain);
        }
    }
}
