//! The clipboard. It never reads it.

use leptos::prelude::window;
use wasm_bindgen_futures::{JsFuture, spawn_local};

/// Copies a text and tells whether the browser let it.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    let copying = window().navigator().clipboard().write_text(text);
    spawn_local(async move { done(JsFuture::from(copying).await.is_ok()) });
}
