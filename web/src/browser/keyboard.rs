//! Keys pressed anywhere in the document.

use gloo_events::{EventListener, EventListenerOptions};
use gloo_utils::document;
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

/// Where a character is typed, and not pressed.
const FIELDS: &str = "input, textarea, select, dialog *";

/// Calls `press` for each key that is one of `keys`, without Ctrl, Alt or Meta, and neither typed into a field nor pressed in
/// a dialog.
pub(crate) fn on_keys(keys: &'static [&'static str], press: impl Fn(&KeyboardEvent) + 'static) -> EventListener {
    let options = EventListenerOptions::enable_prevent_default();
    EventListener::new_with_options(&document(), "keydown", options, move |event| {
        let pressed: &KeyboardEvent = event.unchecked_ref();
        if !keys.contains(&pressed.key().as_str()) || pressed.ctrl_key() || pressed.alt_key() || pressed.meta_key() {
            return;
        }
        let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        if target.is_some_and(|target| target.closest(FIELDS).is_ok_and(|field| field.is_some())) {
            return;
        }
        press(pressed);
    })
}
