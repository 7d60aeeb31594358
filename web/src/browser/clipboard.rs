//! The clipboard. It never reads it.

use gloo_utils::window;
use wasm_bindgen_futures::JsFuture;

use super::task::Task;

/// Copies a text and tells whether the browser let it.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) -> Task {
    let copied = JsFuture::from(window().navigator().clipboard().write_text(text));
    Task::spawn(async { done(copied.await.is_ok()) })
}
