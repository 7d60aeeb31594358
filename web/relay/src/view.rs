//! The two dialogs: what is asked of the relay, and the handshake of the newest connection through it.

mod handshake;
mod options;

use dom::{AppState, Mounted};
use gloo_utils::document;
use js_sys::{Array, Function};
use relay::options::RelayOptions;
use relay::through::Through;
use relay::why::sentence;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::known;
use crate::program::called;

type View = dom::View<Dialog>;

/// [`dom::View::html`] for these dialogs.
fn html(markup: &'static str) -> View {
    View::html(markup)
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    Options,
    Handshake,
}

pub(crate) struct Dialog {
    connection: u32,
    which: Which,
    options: RelayOptions,
    through: Option<Through>,
    /// What is wrong; empty if nothing is.
    problem: String,
    /// Gets what of the options is to be stored.
    keep: Function,
    /// Connects, and returns what was wrong.
    connect: Function,
}

impl AppState for Dialog {}

/// Draws the dialog for a connection into `parent`, in the place of what is there.
pub(crate) fn open(
    parent: &HtmlElement,
    which: Which,
    connection: u32,
    stored: &str,
    keep: Function,
    connect: Function,
) -> Mounted<Dialog> {
    parent.set_text_content(None);
    let dialog = Mounted::new(
        parent,
        |_| {
            let (options, through) = (known::options(connection, stored), known::through(connection));
            Dialog { connection, which, options, through, problem: String::new(), keep, connect }
        },
        |_| {
            let shown = html("<slot></slot>").keyed(
                |dialog| Some((dialog.which as u8).to_string()),
                |dialog| match dialog.which {
                    Which::Options => options::form(),
                    Which::Handshake => handshake::form(dialog),
                },
            );
            vec![shown]
        },
    );
    // The page has given the focus to its own button meanwhile, because there was no field.
    let field = document().query_selector("dialog[open] textarea").ok().flatten();
    if let Some(field) = field.and_then(|field| field.dyn_into::<HtmlElement>().ok()) {
        // Fails for no element.
        let _ = field.focus();
    }
    dialog
}

impl Dialog {
    fn change(&mut self, change: impl FnOnce(&mut RelayOptions)) {
        change(&mut self.options);
        known::choose(self.connection, &self.options);
        called(&self.keep, &Array::of2(&self.connection.into(), &self.options.to_stored().into()));
        self.problem.clear();
    }

    fn connect(&mut self) {
        self.problem = match self.options.request("ws://localhost/", &[]) {
            Ok(_) => called(&self.connect, &Array::of1(&self.connection.into())),
            Err(error) => sentence(&error.to_string()),
        };
    }
}
