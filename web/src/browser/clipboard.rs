//! Writing to the clipboard.

use gloo_utils::window;
use wasm_bindgen_futures::JsFuture;

use super::task::Task;

/// Copies a text. `done` gets whether that succeeded: a browser may refuse, for example without a click before.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) -> Task {
    let copied = JsFuture::from(window().navigator().clipboard().write_text(text));
    Task::spawn(async { done(copied.await.is_ok()) })
}
