//! View state of the connection that is shown. Showing another connection starts with a new one.

use model::{Connection, ConnectionId};

use super::detail::Detail;
use super::live_region::LiveRegion;
use super::log_scroll::LogScroll;
use super::{Editor, Page, PickedFile, RepeatForm};
use crate::browser::task::Task;
use crate::dom::Handle;

pub(crate) struct Pane {
    pub(crate) id: ConnectionId,
    pub(crate) log_scroll: LogScroll,
    pub(crate) detail: Detail,
    pub(crate) live_region: LiveRegion,
    /// The sequence editor, when it is open. It takes the place of the detail.
    pub(crate) editor: Option<Editor>,
    /// Reads the file that was picked or dropped.
    pub(crate) reading: Option<Task>,
    /// Picked or dropped, and neither sent nor cancelled yet.
    pub(crate) file: Option<PickedFile>,
    /// Whether the repeat form is open. What is filled in stays while it is closed.
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
            reading: None,
            file: None,
            repeat_open: connection.repetition().is_some(),
            repeat: RepeatForm::default(),
        }
    }
}
