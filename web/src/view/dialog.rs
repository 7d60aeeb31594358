//! The dialog: one `<dialog>` element, with the form of whichever dialog is open.

mod close;
mod confirm;
mod export_import;
mod keys;
mod options;
mod preset;
mod relay;
mod saved;
mod settings;
mod share;

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlDialogElement};

use super::controls::{focus, sign_button, target};
use super::{View, deferred, html};
use crate::page::{Dialog, Page};

fn title(dialog: Dialog) -> &'static str {
    match dialog {
        Dialog::Close => "Close the connection",
        Dialog::Options => "Connection options",
        Dialog::Through => "Connect through Canyon",
        Dialog::Handshake => "Handshake",
        Dialog::ExportImport => "Export and import",
        Dialog::Share => "Share this connection",
        Dialog::Preset => "Ask the server to",
        Dialog::Save => "Save message",
        Dialog::Saved => "Edit saved message",
        Dialog::Settings => "Settings",
        Dialog::Keys => "Keyboard",
        Dialog::Remove => "Remove this connection?",
        Dialog::ClearAllData => "Clear all data?",
    }
}

fn form(dialog: Dialog, page: &Page) -> View {
    match dialog {
        Dialog::Close => close::form(),
        Dialog::Options => options::form(),
        Dialog::Through => relay::form("options"),
        Dialog::Handshake => relay::form("handshake"),
        Dialog::ExportImport => export_import::form(page),
        Dialog::Share => share::form(),
        Dialog::Preset => preset::form(page),
        Dialog::Save => saved::save_form(),
        Dialog::Saved => saved::edit_form(),
        Dialog::Settings => settings::form(),
        Dialog::Keys => keys::form(),
        Dialog::Remove => confirm::remove_form(page),
        Dialog::ClearAllData => confirm::clear_form(),
    }
}

/// A modal dialog: the browser keeps the focus inside, closes it by Escape, and gives the focus back.
pub(super) fn dialog() -> View {
    let dialog = html("<dialog aria-labelledby=dialog-title><slot></slot><slot name=form></slot></dialog>")
        .on("close", closed)
        // The submit button has a listener of its own; without this the page would be left.
        .on("submit", |_, event| event.prevent_default())
        .at("slot")
        .keyed(key, |page| header(page.dialog.map_or("", title)))
        .at("[name=form]");
    deferred::keyed(dialog, key, |page| page.dialog.map_or_else(|| html("<form></form>"), |dialog| form(dialog, page)))
        // After the form has been built, because a field of it gets the focus.
        .at_root()
        .on_toggle(|page| page.dialog.is_some(), show)
        // One dialog in place of another, too.
        .on_toggle(
            |page| matches!(page.dialog, Some(Dialog::Remove | Dialog::ClearAllData)),
            |_, asks| {
                if asks {
                    focus("dialog footer button");
                }
            },
        )
}

fn key(page: &Page) -> Option<String> {
    Some((page.dialog? as u8).to_string())
}

fn header(title: &str) -> View {
    html("<header><h2 id=dialog-title></h2></header>")
        .child(sign_button("×", "Close dialog", |page, _| page.dialog = None))
        .at("h2")
        .text(title)
}

/// The `close` event comes asynchronously: another dialog may be open by then.
fn closed(page: &mut Page, event: &Event) {
    if !target::<HtmlDialogElement>(event).open() {
        page.dialog = None;
    }
}

fn show(dialog: &Element, open: bool) {
    let dialog: &HtmlDialogElement = dialog.unchecked_ref();
    if open {
        // A popover closes when a dialog opens, and could not get the focus back: its button can.
        focus(".folding:has(> :popover-open) > button");
        // Throws only if the element is not in the document.
        let _ = dialog.show_modal();
        focus("dialog form :is(input, select)");
    } else {
        dialog.close();
    }
}
