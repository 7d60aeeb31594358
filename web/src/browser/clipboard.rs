//! The clipboard. It never reads it.

use gloo_utils::window;

use crate::promise::settled;

/// Copies a text and tells whether the browser let it.
pub fn copy(text: &str, done: impl FnOnce(bool) + 'static) {
    settled(&window().navigator().clipboard().write_text(text), |copied| done(copied.is_ok()));
}
