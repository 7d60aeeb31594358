//! What the page keeps over reloads, in the browser's
//! [local storage](https://developer.mozilla.org/en-US/docs/Web/API/Window/localStorage). It never reads what it keeps:
//! the model does.

use gloo_storage::{LocalStorage, Storage as _};
use leptos::prelude::window;
use web_sys::Storage;

/// What was kept under that key.
pub(crate) fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text until it is replaced or forgotten.
///
/// # Errors
/// [`NotKept`]: the page goes on, and the person should know that a reload will lose this.
pub(crate) fn keep(key: &str, text: &str) -> Result<(), NotKept> {
    storage().ok_or(NotKept)?.set_item(key, text).map_err(|_| NotKept)
}

/// Forgets what was kept under that key.
pub(crate) fn forget(key: &str) {
    if let Some(storage) = storage() {
        // The specification knows no failure.
        let _ = storage.remove_item(key);
    }
}

/// The browser keeps nothing for this page, or has no room left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotKept;

/// `LocalStorage` panics where the person does not let pages keep anything.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten().map(|_| LocalStorage::raw())
}
