//! Where the lines between the parts of the page stand. It never lets a part become too small or too large to be used;
//! what there is room for is the style sheet's affair.

use std::ops::RangeInclusive;

/// How large the parts are that a line is the edge of, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// The list of connections.
    pub sidebar_width: u16,
    /// The selected entry.
    pub detail_width: u16,
    /// The message box.
    pub compose_height: u16,
}

impl Default for Layout {
    fn default() -> Self {
        Self { sidebar_width: 236, detail_width: 400, compose_height: 60 }
    }
}

/// A line that can be moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Between the lists and the connection.
    Sidebar,
    /// Between the log and what is beside it.
    Detail,
    /// Above the message box.
    Compose,
}

impl Edge {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Sidebar, Self::Detail, Self::Compose];

    /// The sizes that its part can have, in CSS pixels.
    pub fn range(self) -> RangeInclusive<u16> {
        match self {
            Self::Sidebar | Self::Detail => 160..=900,
            Self::Compose => 40..=600,
        }
    }

    /// A name for it in documents.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::Sidebar => "sidebarWidth",
            Self::Detail => "detailWidth",
            Self::Compose => "composeHeight",
        }
    }
}

impl Layout {
    /// How large the part of that edge is.
    pub fn size(self, edge: Edge) -> u16 {
        match edge {
            Edge::Sidebar => self.sidebar_width,
            Edge::Detail => self.detail_width,
            Edge::Compose => self.compose_height,
        }
    }

    /// The layout with a part that is so large, or as nearly as may be.
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
