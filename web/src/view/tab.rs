//! One connection as the view sees it: what is known of it, and what can be done with it. It never outlives the
//! connection's place on the page.

use leptos::ev::DragEvent;
use leptos::html::Pre;
use leptos::prelude::*;
use model::{Connection, ConnectionId, ConnectionMsg, Msg, Workbench};

use crate::dynamic::{flag, text};
use crate::files::{self, ReadFile};
use crate::store::Store;
use crate::view::dialog::Dialog;

/// The handle that the parts of a connection's pane share.
#[derive(Clone, Copy)]
pub(super) struct Tab {
    pub(super) store: Store,
    pub(super) id: ConnectionId,
    /// The number of the entry that is told in detail.
    pub(super) selected: RwSignal<Option<u64>>,
    /// The dialog that is open, on the whole page.
    pub(super) dialog: RwSignal<Option<Dialog>>,
    /// Whether the sequence is seen, in place of the selected entry.
    pub(super) sequence: RwSignal<bool>,
    /// The file that was picked or dropped, until it is sent or not.
    pub(super) file: RwSignal<Option<Result<ReadFile, String>>>,
    /// Where the selected entry's content is read.
    pub(super) content: NodeRef<Pre>,
}

impl Tab {
    pub(super) fn new(store: Store, id: ConnectionId, dialog: RwSignal<Option<Dialog>>) -> Self {
        Self {
            store,
            id,
            selected: RwSignal::new(None),
            dialog,
            sequence: RwSignal::new(false),
            file: RwSignal::new(None),
            content: NodeRef::new(),
        }
    }

    /// One fact of the connection, which tells its readers only when it differs.
    pub(super) fn fact<T>(self, read: impl Fn(&Connection) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        self.store.fact(move |workbench| read(self.connection(workbench)))
    }

    /// A text about the connection.
    pub(super) fn text(self, read: impl Fn(&Connection) -> String + Send + Sync + 'static) -> Signal<String> {
        text(move || self.follow(&read))
    }

    /// What holds for the connection or does not.
    pub(super) fn flag(self, read: impl Fn(&Connection) -> bool + Send + Sync + 'static) -> Signal<bool> {
        flag(move || self.follow(&read))
    }

    /// Reads the connection and follows it.
    pub(super) fn follow<T>(self, read: impl FnOnce(&Connection) -> T) -> T {
        self.store.with(|workbench| read(self.connection(workbench)))
    }

    /// Reads the connection as it is now.
    pub(super) fn read<T>(self, read: impl FnOnce(&Connection) -> T) -> T {
        self.store.with_untracked(|workbench| read(self.connection(workbench)))
    }

    /// A connection that was just removed may be asked for until its pane is gone.
    fn connection(self, workbench: &Workbench) -> &Connection {
        workbench.connection(self.id).unwrap_or_else(|| workbench.shown())
    }

    /// Tells the model what the person did.
    pub(super) fn tell(self, msg: ConnectionMsg) {
        self.store.dispatch(Msg::Connection(self.id, msg));
    }

    /// Takes in a file that was dropped.
    pub(super) fn drop_file(self, event: &DragEvent) {
        event.prevent_default();
        let files = event.data_transfer().and_then(|dropped| dropped.files());
        files::read_first(files, move |read| self.file.set(Some(read)));
    }

    /// Moves the keyboard to the selected entry's content.
    pub(super) fn focus_detail(self) {
        if let Some(content) = self.content.get_untracked() {
            // It fails only for an element that cannot have the focus.
            let _ = content.focus();
        }
    }

    pub(super) fn pin_selected(self) {
        if let Some(seq) = self.selected.get_untracked() {
            self.pin(seq);
        }
    }

    /// Pins an entry, or lets it go.
    pub(super) fn pin(self, seq: u64) {
        let pinned = self.read(|connection| connection.log().is_pinned(seq));
        self.tell(if pinned { ConnectionMsg::Unpin(seq) } else { ConnectionMsg::Pin(seq) });
    }
}
