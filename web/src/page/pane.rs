//! View state of one connection. It stays while another connection is shown, so that nothing half done is lost.

use dom::Handle;
use model::{Connection, ConnectionId};

use super::detail::Detail;
use super::live_region::LiveRegion;
use super::log_scroll::LogScroll;
use super::{DocumentView, Editor, Page, PickedFile, RepeatForm};
use crate::browser::task::Task;

pub(crate) struct Pane {
    pub(crate) id: ConnectionId,
    pub(crate) log_scroll: LogScroll,
    pub(crate) detail: Detail,
    pub(crate) live_region: LiveRegion,
    /// The sequence editor, once it has been opened. What is edited stays while it is closed.
    pub(crate) editor: Option<Editor>,
    /// Whether the editor is open. It takes the place of the detail.
    pub(crate) editor_open: bool,
    /// Reads the file that was picked or dropped.
    pub(crate) reading: Option<Task>,
    /// Picked or dropped, and neither sent nor cancelled yet.
    pub(crate) file: Option<PickedFile>,
    /// Whether the repeat form is open. Its fields stay while it is closed.
    pub(crate) repeat_open: bool,
    pub(crate) repeat: RepeatForm,
}

impl Pane {
    pub(super) fn new(connection: &Connection, handle: &Handle<Page>) -> Self {
        Self {
            id: connection.id(),
            log_scroll: LogScroll::default(),
            detail: Detail::default(),
            live_region: LiveRegion::new(connection, handle.part(|page| &mut page.pane.live_region)),
            editor: None,
            editor_open: false,
            reading: None,
            file: None,
            repeat_open: connection.repetition().is_some(),
            repeat: RepeatForm::default(),
        }
    }

    /// Messages that came while another connection was shown are not announced.
    pub(super) fn show_again(&mut self, connection: &Connection, handle: &Handle<Page>) {
        self.live_region = LiveRegion::new(connection, handle.part(|page| &mut page.pane.live_region));
    }

    /// Drops what still waits for the browser: its outcome would go to the pane that is shown then.
    pub(super) fn hide(&mut self) {
        self.reading = None;
        self.detail.copying = None;
        self.detail.document = DocumentView::default();
    }

    pub(crate) fn has_unsaved_sequence(&self) -> bool {
        self.editor.as_ref().is_some_and(Editor::is_changed)
    }

    pub(crate) fn toggle_editor(&mut self, connection: &Connection) {
        self.editor_open = !self.editor_open;
        self.editor.get_or_insert_with(|| Editor::new(connection));
    }
}
