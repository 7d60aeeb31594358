//! The dialogs that `web/relay` draws.

use gloo_utils::document;
use wasm_bindgen::JsCast;

use crate::page::Page;
use crate::view::{View, html};

/// Of its element.
const ID: &str = "relay";

/// `which` is its name in that program.
pub(super) fn form(which: &'static str) -> View {
    let mut is_asked = false;
    html("<div><p role=status>Loading…</p></div>").attr("id", ID).on_render(move |page: &Page| {
        if !std::mem::replace(&mut is_asked, true)
            && let Some(place) = document().get_element_by_id(ID)
        {
            page.draw_relay_dialog(&place.unchecked_into(), which);
        }
    })
}
