//! The keyboard in the log.

use wasm_bindgen::JsCast;
use web_sys::{Event, KeyboardEvent};

use crate::page::Page;
use crate::view::controls::focus;
use crate::view::detail;

/// Moves the selection, pins, and goes to the selected entry's content. Other keys are left to the browser, as are all
/// with a modifier.
pub(super) fn key_pressed(page: &mut Page, event: &Event) {
    let key: &KeyboardEvent = event.unchecked_ref();
    if key.ctrl_key() || key.alt_key() || key.meta_key() {
        return;
    }
    let screen = page.pane.log_scroll.page_rows();
    match key.key().as_str() {
        "ArrowUp" => page.move_selection(-1),
        "ArrowDown" => page.move_selection(1),
        "PageUp" => page.move_selection(-screen),
        "PageDown" => page.move_selection(screen),
        "Home" => page.move_selection(i64::MIN),
        "End" => page.move_selection(i64::MAX),
        "Enter" => focus(detail::CONTENT),
        "Escape" => page.pane.detail.select(None),
        "p" => {
            if let Some(seq) = page.pane.detail.seq {
                page.toggle_pin(seq);
            }
        }
        _ => return,
    }
    event.prevent_default();
}
