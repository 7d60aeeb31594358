//! The dialogs that `web/relay` draws: options of the relay, and the handshake.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::Array;
use model::{ConnectionId, ConnectionMsg, Msg, Problem};
use wasm_bindgen::prelude::Closure;
use web_sys::HtmlElement;

use super::Page;
use crate::browser::task::Task;

/// What that program calls, and the loading of it. Until another one is opened.
pub(crate) struct RelayDialog {
    _keep: Closure<dyn FnMut(u32, String)>,
    _connect: Closure<dyn FnMut(u32) -> String>,
    _loading: Task,
}

impl Page {
    /// Has it draw a dialog for the connection that is shown into an element.
    pub(crate) fn draw_relay_dialog(&self, place: &HtmlElement, which: &str) {
        let shown = self.shown();
        let id = shown.id();
        let handle = self.handle.clone();
        let keep = Closure::new(move |_: u32, stored: String| {
            handle.update(move |page| page.dispatch(Msg::Connection(id, ConnectionMsg::RelayChosen(stored))));
        });
        let handle = self.handle.clone();
        let connect = Closure::new(move |_: u32| {
            let problem = Rc::<RefCell<String>>::default();
            let found = Rc::clone(&problem);
            handle.update(move |page| *found.borrow_mut() = page.connect_through(id));
            problem.take()
        });
        let arguments =
            Array::of5(place, &which.into(), &id.number().into(), &shown.setup().relay.as_str().into(), keep.as_ref());
        arguments.push(connect.as_ref());
        let drawn = self.store.relay().clone().run("open", arguments);
        let place = place.clone();
        let loading = Task::spawn(async move {
            if drawn.await.is_err() {
                place.set_text_content(Some(
                    "A part of the page could not be loaded: close this and try again, or reload the page.",
                ));
            }
        });
        self.relay_dialog.replace(Some(RelayDialog { _keep: keep, _connect: connect, _loading: loading }));
    }

    /// Returns what was wrong, for the dialog that stays open.
    fn connect_through(&mut self, id: ConnectionId) -> String {
        self.dispatch(Msg::Connection(id, ConnectionMsg::ConnectThrough));
        match self.shown().problem() {
            Some(Problem::Address(text) | Problem::Subprotocols(text)) => text.clone(),
            _ => {
                self.dialog = None;
                String::new()
            }
        }
    }
}
