//! The state of the whole page: the [`Store`] with the model and its sockets, and the *view state*, which a reload
//! forgets and the model does not know: what is open, selected, scrolled to or half typed.
//!
//! `view/` reads this state and changes it; nothing here knows the view.

mod archive;
mod detail;
mod dialog;
mod document;
mod editor;
mod field_errors;
mod forms;
mod live_region;
mod log_scroll;
mod pane;
mod picked_file;
mod relay;
mod repeat_form;
mod selection;

use std::cell::{Cell, RefCell};

use dom::{AppState, Handle};
use gloo_events::EventListener;
use model::preset::Form as PresetForm;
use model::{Connection, ConnectionId, ConnectionMsg, ConnectionState, Msg, Subject};
use web_sys::KeyboardEvent;

pub(crate) use self::archive::Exports;
pub(crate) use self::detail::ContentFormat;
pub(crate) use self::dialog::Dialog;
pub(crate) use self::document::{DocumentReader, DocumentView};
pub(crate) use self::editor::Editor;
pub(crate) use self::forms::{CloseForm, Forms};
pub(crate) use self::pane::Pane;
pub(crate) use self::picked_file::PickedFile;
pub(crate) use self::repeat_form::RepeatForm;

use crate::browser::document::link;
use crate::browser::keyboard::on_keys;
use crate::browser::leaving::before_unload;
use crate::browser::service_worker::{self, NewerVersion};
use crate::browser::task::Task;
use crate::browser::url;
use crate::compute_handle::ComputeHandle;
use crate::deferred::Deferred;
use crate::program_handle::{Program, ProgramHandle};
use crate::relay_handle::RelayHandle;
use crate::store::Store;

/// Keys that work everywhere outside fields.
const SHORTCUTS: &[&str] = &["/", "?", "Escape"];

/// What is beside the sidebar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shows {
    /// The messages of the connection that is shown.
    Messages,
    Program(Program),
}

/// The state of the whole page.
pub struct Page {
    pub(crate) store: Store,
    /// View state of the connection that is shown.
    pub(crate) pane: Pane,
    /// View state of others that have been shown.
    hidden_panes: Vec<Pane>,
    pub(crate) shows: Shows,
    /// Gets the focus when the connection is shown next, which it may not be yet.
    pub(crate) focus_next: Cell<Option<&'static str>>,
    programs: ProgramHandle,
    /// The address that a connection connects to when it has closed.
    connect_next: Option<(ConnectionId, String)>,
    /// The dialog that is open.
    pub(crate) dialog: Option<Dialog>,
    /// What draws the dialog, if that is another program.
    relay_dialog: RefCell<Option<self::relay::RelayDialog>>,
    /// The fields of the dialog.
    pub(crate) forms: Forms,
    /// Whether the sidebar is open on a narrow screen, where it covers the connection.
    pub(crate) drawer: bool,
    /// While a splitter is dragged: the pointer's coordinate where the drag began, and the size of the part then, in CSS
    /// pixels.
    pub(crate) drag: Option<(i32, i32)>,
    /// Why the link that opened the page could not be followed; empty if it could.
    pub(crate) link_problem: String,
    /// Whether the notice that nothing can be saved has been dismissed.
    pub(crate) storage_notice_dismissed: bool,
    /// What is not needed until the first click.
    pub(crate) deferred: Deferred,
    /// Offered until the person wants it, now or later.
    pub(crate) newer_version: Option<NewerVersion>,
    /// Watches for one.
    _service_worker: Option<Task>,
    /// Reads the file that is to be imported.
    pub(crate) importing: Option<Task>,
    pub(crate) exports: Exports,
    documents: DocumentReader,
    pub(crate) compute: ComputeHandle,
    /// [`SHORTCUTS`].
    _keys: EventListener,
    /// Has the browser ask before the page is left, if that loses something.
    _before_unload: EventListener,
    /// Looks for what the filter has found. Apart, because a regular expression that takes too long ends its worker.
    pub(crate) marker: ComputeHandle,
    /// For timers, promises and observers.
    pub(crate) handle: Handle<Self>,
}

impl Page {
    /// Restores the page as it was left. `address` is for a connection that has none saved. `shortcut` gets each of
    /// [`SHORTCUTS`] that is pressed outside a field.
    pub(crate) fn new(
        address: String,
        mut programs: ProgramHandle,
        relay: RelayHandle,
        handle: Handle<Self>,
        shortcut: fn(&mut Self, &KeyboardEvent),
    ) -> Self {
        let mut store = Store::new(address, relay, handle.part(|page| &mut page.store));
        programs.connect_with({
            let handle = handle.clone();
            move |url| handle.update(|page| page.connect_to(url))
        });
        let link_problem = follow_link(&mut store).err().unwrap_or_default();
        let pane = Pane::new(store.workbench().shown(), &handle);
        let deferred = Self::loading(&handle);
        store.deferred_loaded(&deferred);
        Self {
            store,
            pane,
            hidden_panes: Vec::new(),
            shows: Shows::Messages,
            focus_next: Cell::default(),
            programs,
            connect_next: None,
            dialog: None,
            relay_dialog: RefCell::default(),
            forms: Forms::default(),
            drawer: false,
            drag: None,
            link_problem,
            storage_notice_dismissed: false,
            deferred,
            newer_version: None,
            _service_worker: service_worker::register({
                let handle = handle.clone();
                move |newer| handle.update(|page| page.newer_version = Some(newer))
            }),
            importing: None,
            exports: Exports::default(),
            documents: DocumentReader::default(),
            _before_unload: before_unload({
                let handle = handle.clone();
                move |event| {
                    let event = event.clone();
                    handle.update_silently(move |page| {
                        if page.has_losses() {
                            event.prevent_default();
                        }
                    });
                }
            }),
            _keys: on_keys(SHORTCUTS, {
                let handle = handle.clone();
                move |event| {
                    let event = event.clone();
                    handle.update(move |page| shortcut(page, &event));
                }
            }),
            compute: ComputeHandle::default(),
            marker: ComputeHandle::default(),
            handle,
        }
    }

    fn loading(handle: &Handle<Self>) -> Deferred {
        let handle = handle.clone();
        Deferred::load(move |outcome| handle.update(move |page| page.deferred_loaded(outcome)))
    }

    fn deferred_loaded(&mut self, outcome: Deferred) {
        self.deferred = outcome;
        self.store.deferred_loaded(&self.deferred);
    }

    /// Loads the code that is not needed until the first click, once more.
    pub(crate) fn load_deferred(&mut self) {
        self.deferred = Self::loading(&self.handle);
    }

    /// What [`AppState::before_render`] derives for deferred views.
    fn derive_deferred(&mut self) {
        if self.dialog == Some(Dialog::Preset) && self.forms.preset.is_none() {
            let address = &self.shown().setup().address;
            self.forms.preset = Some(PresetForm::for_address(self.forms.path, address, url::parse));
        }
        self.read_document();
    }

    /// The connection that is shown.
    pub(crate) fn shown(&self) -> &Connection {
        self.store.workbench().shown()
    }

    /// Gives the model a message.
    pub(crate) fn dispatch(&mut self, msg: Msg) {
        self.store.dispatch(msg);
    }

    /// Gives the connection that is shown a message.
    pub(crate) fn dispatch_shown(&mut self, msg: ConnectionMsg) {
        self.dispatch(Msg::Connection(self.shown().id(), msg));
    }

    /// Has the connection that is shown connect to another address, after closing it if it is open.
    pub(crate) fn connect_to(&mut self, url: String) {
        self.connect_next = Some((self.shown().id(), url));
        if !matches!(self.shown().state(), ConnectionState::Idle(_)) {
            self.dispatch_shown(ConnectionMsg::Disconnect);
        }
    }

    fn connect_if_closed(&mut self) {
        let next = self.connect_next.take_if(|(id, _)| {
            let connection = self.store.workbench().connection(*id);
            connection.is_none_or(|connection| matches!(connection.state(), ConnectionState::Idle(_)))
        });
        if let Some((id, url)) = next {
            self.dispatch(Msg::Connection(id, ConnectionMsg::AddressTyped(url)));
            self.dispatch(Msg::Connection(id, ConnectionMsg::Connect));
        }
    }

    /// What is lost when the connection is removed.
    pub(crate) fn losses(&self, id: ConnectionId) -> Vec<String> {
        let mut losses = self.store.workbench().connection(id).map(Connection::losses).unwrap_or_default();
        let mut panes = self.hidden_panes.iter().chain([&self.pane]);
        if panes.any(|pane| pane.id == id && pane.has_unsaved_sequence()) {
            losses.push("an unsaved sequence".to_owned());
        }
        losses
    }

    /// Whether anything is lost when the page is left.
    fn has_losses(&self) -> bool {
        self.store.workbench().connections().iter().any(|connection| !self.losses(connection.id()).is_empty())
    }

    /// Removes a connection; asks first if that loses something.
    pub(crate) fn remove(&mut self, id: ConnectionId) {
        if self.losses(id).is_empty() {
            self.dispatch(Msg::Remove(id));
        } else {
            self.open(Dialog::Remove);
            self.forms.removed = Some(id);
        }
    }

    /// Opens a dialog with empty fields.
    pub(crate) fn open(&mut self, dialog: Dialog) {
        self.forms = Forms::default();
        self.dispatch(Msg::DismissProblem(Subject::Logs));
        self.dialog = Some(dialog);
    }

    /// Shows the connection, and moves the focus to the first element of it that matches.
    pub(crate) fn focus_in_messages(&mut self, selector: &'static str) {
        self.shows = Shows::Messages;
        self.focus_next.set(Some(selector));
    }

    /// Closes the dialog, unless the model has rejected its change: then it shows the reason.
    pub(crate) fn close_if_done(&mut self) {
        let workbench = self.store.workbench();
        if [Subject::SavedMessages, Subject::Sequences, Subject::Logs]
            .iter()
            .all(|&subject| workbench.problem(subject).is_none())
        {
            self.dialog = None;
        }
    }
}

/// Applies the link in the page's own address, if there is one.
fn follow_link(store: &mut Store) -> Result<(), String> {
    if let Some(link) = link() {
        store.dispatch(Msg::Follow(link?));
    }
    Ok(())
}

impl AppState for Page {
    fn before_render(&mut self) {
        self.connect_if_closed();
        let shown = self.store.workbench().shown();
        if self.pane.id != shown.id() {
            let pane = match self.hidden_panes.iter().position(|pane| pane.id == shown.id()) {
                Some(index) => {
                    let mut pane = self.hidden_panes.swap_remove(index);
                    pane.show_again(shown, &self.handle);
                    pane
                }
                None => Pane::new(shown, &self.handle),
            };
            let mut hidden = std::mem::replace(&mut self.pane, pane);
            hidden.hide();
            self.hidden_panes.push(hidden);
            self.hidden_panes.retain(|pane| self.store.workbench().connection(pane.id).is_some());
        }
        let Pane { log_scroll, live_region, .. } = &mut self.pane;
        log_scroll.log_changed(shown);
        live_region.announce(shown);
        if let Some(loaded) = self.deferred.loaded() {
            loaded.run(|| self.derive_deferred());
        }
        match self.shows {
            Shows::Messages => self.programs.leave(),
            Shows::Program(program) => {
                self.programs.show(program, &self.store.workbench().shown().setup().address);
            }
        }
    }
}
