//! What the page shows: the store, and what only the view needs to know, such as which dialog is open. It never holds
//! what the model knows.

use model::{Connection, ConnectionId, ConnectionMsg, Msg};

use crate::browser::document::link;
use crate::dom::{Handle, State};
use crate::store::Store;
use crate::view::{Detail, Dialog, Editor, Forms, News, PickedFile, Reader, Wish};

/// The state of the whole page.
pub struct Page {
    pub(crate) store: Store,
    /// About the connection that is seen.
    pub(crate) pane: Pane,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    /// What is filled in there.
    pub(crate) forms: Forms,
    /// Whether the lists are seen where there is no room for them beside the connection.
    pub(crate) drawer: bool,
    /// Where the pointer took hold of a line between the parts, and how large the part was then, in CSS pixels.
    pub(crate) drag: Option<(i32, i32)>,
    /// What was wrong with the link that has opened the page.
    pub(crate) wrong_link: String,
    /// Whether the person has read that the browser keeps nothing.
    pub(crate) not_kept_is_read: bool,
    /// For what happens later.
    pub(crate) handle: Handle<Self>,
}

/// What the view knows of the connection that is seen, for as long as it is.
pub(crate) struct Pane {
    pub(crate) id: ConnectionId,
    /// Where the reader is in the log.
    pub(crate) reader: Reader,
    /// The entry that is told in detail.
    pub(crate) detail: Detail,
    /// What is told to those who listen.
    pub(crate) news: News,
    /// The sequence that is seen, in place of the selected entry.
    pub(crate) editor: Option<Editor>,
    /// The file that was picked or dropped, until it is sent or not.
    pub(crate) file: Option<PickedFile>,
    /// Whether the fields for repeating are seen.
    pub(crate) repeats: bool,
    /// What is filled in there.
    pub(crate) repeat: Wish,
}

impl Pane {
    fn new(connection: &Connection) -> Self {
        Self {
            id: connection.id(),
            reader: Reader::default(),
            detail: Detail::default(),
            news: News::new(connection),
            editor: None,
            file: None,
            repeats: connection.repetition().is_some(),
            repeat: Wish::default(),
        }
    }
}

impl Page {
    /// The page as it was left, with that address in the first connection.
    pub(crate) fn new(address: String, handle: Handle<Self>) -> Self {
        let mut store = Store::new(address, handle.clone());
        let wrong_link = follow_link(&mut store).err().unwrap_or_default();
        let pane = Pane::new(store.workbench().shown());
        Self {
            store,
            pane,
            dialog: None,
            forms: Forms::default(),
            drawer: false,
            drag: None,
            wrong_link,
            not_kept_is_read: false,
            handle,
        }
    }

    /// The connection that is seen.
    pub(crate) fn shown(&self) -> &Connection {
        self.store.workbench().shown()
    }

    /// Tells the model what the person did.
    pub(crate) fn dispatch(&mut self, msg: Msg) {
        self.store.dispatch(msg);
    }

    /// Tells the connection that is seen what the person did.
    pub(crate) fn tell(&mut self, msg: ConnectionMsg) {
        self.dispatch(Msg::Connection(self.shown().id(), msg));
    }

    /// Opens a dialog, with nothing filled in.
    pub(crate) fn open(&mut self, dialog: Dialog) {
        self.forms = Forms::default();
        self.dialog = Some(dialog);
    }

    /// Closes the dialog if nothing was wrong with what it has asked the workbench for.
    pub(crate) fn close_if_done(&mut self) {
        if self.store.workbench().saved_problem().is_none() {
            self.dialog = None;
        }
    }
}

/// Shows what the page's address asks for, or tells why not.
fn follow_link(store: &mut Store) -> Result<(), String> {
    if let Some(link) = link() {
        store.dispatch(Msg::Follow(link?));
    }
    Ok(())
}

impl State for Page {
    fn settle(&mut self) {
        let shown = self.store.workbench().shown();
        if self.pane.id != shown.id() {
            self.pane = Pane::new(shown);
        }
        let Pane { reader, news, .. } = &mut self.pane;
        reader.settle(shown);
        news.settle(shown, &self.handle);
    }
}
