//! Selecting entries of the log, and scrolling to them.

use model::{ConnectionMsg, Entry};

use super::Page;

impl Page {
    /// The selected entry, unless the log has dropped it.
    pub(crate) fn selected(&self) -> Option<Entry<'_>> {
        self.shown().log().entry(self.pane.detail.seq?)
    }

    /// Moves the selection by rows, negative ones up. If nothing is selected, one step selects the newest entry, and more
    /// steps count from there. The ends of the list stop it.
    pub(crate) fn move_selection(&mut self, rows: i64) {
        let list = self.shown().rows();
        let (first, end) = (list.first(), list.end());
        if first == end {
            return;
        }
        let ordinal = match self.pane.detail.seq {
            Some(seq) => list.ordinal(seq).saturating_add_signed(rows),
            None if matches!(rows, -1 | 1) => end - 1,
            None => (end - 1).saturating_add_signed(rows),
        };
        self.select_ordinal(ordinal.clamp(first, end - 1));
    }

    /// Selects an entry and, unless the filter hides it, scrolls to it.
    pub(crate) fn go_to(&mut self, seq: u64) {
        let list = self.shown().rows();
        let ordinal = list.ordinal(seq);
        if (list.first()..list.end()).contains(&ordinal) {
            self.select_ordinal(ordinal);
        }
        self.pane.detail.select(Some(seq));
    }

    fn select_ordinal(&mut self, ordinal: u64) {
        let seq = self.shown().rows().seq(ordinal);
        self.pane.detail.select(seq);
        let shown = self.store.workbench().shown();
        // Messages may have come since the last render.
        self.pane.log_scroll.log_changed(shown);
        self.pane.log_scroll.reveal(ordinal);
    }

    /// Pins an entry, or unpins it if it is pinned.
    pub(crate) fn toggle_pin(&mut self, seq: u64) {
        let pinned = self.shown().log().is_pinned(seq);
        self.dispatch_shown(if pinned { ConnectionMsg::Unpin(seq) } else { ConnectionMsg::Pin(seq) });
    }
}
