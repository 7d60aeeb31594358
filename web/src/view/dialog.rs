//! The dialogs: one at a time, each asking for one thing.

use model::SavedName;
use model::preset::Form;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement};
use wire::Behaviour;

use super::controls::{Wrong, focus, sign_button, target};
use super::{View, archive, close, html, options, preset, saved, settings, share};
use crate::page::Page;

/// Which dialog.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dialog {
    /// Close the connection with a code and a reason.
    Close,
    /// How the connection behaves: its name, reconnecting, waiting messages.
    Options,
    /// Take the log out, or another one in.
    Archive,
    /// A link with the set-up.
    Share,
    /// What the server shall do.
    Preset,
    /// Save what the message box holds.
    Save,
    /// A saved message.
    Saved,
    /// What holds for the whole page.
    Settings,
}

/// What is filled in, until a dialog is opened.
pub(crate) struct Forms {
    pub(super) close: close::Typed,
    pub(super) share: share::Share,
    pub(super) preset: Form,
    /// Whether only the entries that the filter shows are to be exported.
    pub(super) only_shown: bool,
    /// The figures that cannot be as they were typed, the newest at last.
    pub(super) wrong: Wrong,
    /// Whether everything is really to be forgotten.
    pub(super) is_sure: bool,
    /// The name that a message is to have.
    pub(super) name: SavedName,
    /// The name that it has.
    pub(super) name_before: SavedName,
}

impl Default for Forms {
    fn default() -> Self {
        Self {
            close: close::Typed::default(),
            share: share::Share::default(),
            preset: Form::new(Behaviour::ALL[0]),
            only_shown: false,
            wrong: Wrong::default(),
            is_sure: false,
            name: SavedName::default(),
            name_before: SavedName::default(),
        }
    }
}

impl Dialog {
    fn title(self) -> &'static str {
        match self {
            Self::Close => "Close the connection",
            Self::Options => "Options of this connection",
            Self::Archive => "Export and import",
            Self::Share => "A link to this set-up",
            Self::Preset => "Ask the server to",
            Self::Save => "Save this message",
            Self::Saved => "Saved message",
            Self::Settings => "Settings",
        }
    }

    fn form(self, page: &Page) -> View {
        match self {
            Self::Close => close::form(),
            Self::Options => options::form(),
            Self::Archive => archive::form(page),
            Self::Share => share::form(),
            Self::Preset => preset::form(page),
            Self::Save => saved::save_form(),
            Self::Saved => saved::form(),
            Self::Settings => settings::form(),
        }
    }
}

/// The place of the open dialog. The browser keeps the keyboard inside and closes it by Escape.
pub(super) fn dialogs() -> View {
    html("<dialog aria-labelledby=dialog-title><slot></slot><slot name=form></slot></dialog>")
        .on("close", closed)
        // Enter in a field is as good as the primary button.
        .on("submit", |_, event| event.prevent_default())
        .at("slot")
        .part(key, |page| header(page.dialog.map_or("", Dialog::title)))
        .at("[name=form]")
        .part(key, |page| page.dialog.map_or_else(|| html("<form></form>"), |dialog| dialog.form(page)))
        // At last, for something in it gets the focus.
        .top()
        .when(|page| page.dialog.is_some(), show)
}

fn key(page: &Page) -> Option<String> {
    Some((page.dialog? as u8).to_string())
}

fn header(title: &str) -> View {
    html("<header><h2 id=dialog-title></h2></header>")
        .child(sign_button("×", "Close the dialog", |page, _| page.dialog = None))
        .at("h2")
        .text(title)
}

/// The browser tells that late: another one may be open by now.
fn closed(page: &mut Page, event: &Event) {
    if !target::<HtmlDialogElement>(event).open() {
        page.dialog = None;
    }
}

fn show(dialog: &Element, open: bool) {
    let dialog: &HtmlDialogElement = dialog.unchecked_ref();
    if open {
        // It fails only for an element that is not in the document.
        let _ = dialog.show_modal();
        focus("dialog form :is(input, select)");
    } else {
        dialog.close();
    }
}
