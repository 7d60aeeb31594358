//! Asks before something is lost.

use model::Msg;
use wasm_bindgen::JsCast;
use web_sys::{Event, UiEvent};

use crate::page::Page;
use crate::view::controls::button;
use crate::view::{View, html};

pub(super) fn remove_form(page: &Page) -> View {
    let losses = page.forms.removed.map(|id| page.losses(id)).unwrap_or_default();
    form(&["This is lost: ", &losses.join(", "), "."].concat(), "Remove connection", |page| {
        if let Some(id) = page.forms.removed {
            page.dispatch(Msg::Remove(id));
        }
    })
}

pub(super) fn clear_form() -> View {
    form(
        "Settings, saved messages, sequences, history and all connections with their logs are deleted.",
        "Delete everything",
        |page| page.dispatch(Msg::ClearAllData),
    )
}

/// The button ignores the second click of a double-click, which was meant for the button that opened the dialog.
fn form(text: &str, label: &str, confirmed: fn(&mut Page)) -> View {
    let buttons = html("<footer></footer>").child(button("ghost", "Cancel", |page, _| page.dialog = None)).child(
        button("primary", label, move |page, event: &Event| {
            if event.unchecked_ref::<UiEvent>().detail() < 2 {
                page.dialog = None;
                confirmed(page);
            }
        }),
    );
    html("<form></form>").child(html("<p></p>").text(text)).child(buttons)
}
