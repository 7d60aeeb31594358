//! What the page keeps over reloads, in the browser's
//! [local storage](https://developer.mozilla.org/en-US/docs/Web/API/Window/localStorage). It never reads what it keeps:
//! the model does.

use gloo_storage::{LocalStorage, Storage as _};
use gloo_utils::window;
use model::StorageError;
use wasm_bindgen::JsCast;
use web_sys::{DomException, Storage};

/// What was kept under that key.
pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// Keeps a text until it is replaced or forgotten.
///
/// # Errors
/// [`StorageError`]: the page goes on, and the person should know.
pub fn keep(key: &str, text: &str) -> Result<(), StorageError> {
    storage().ok_or(StorageError::Denied)?.set_item(key, text).map_err(|thrown| {
        let is_full = thrown.dyn_ref::<DomException>().is_some_and(|error| error.name() == "QuotaExceededError");
        if is_full { StorageError::Full } else { StorageError::Denied }
    })
}

/// Forgets what was kept under that key.
pub fn forget(key: &str) {
    if let Some(storage) = storage() {
        // The specification knows no failure.
        let _ = storage.remove_item(key);
    }
}

/// `LocalStorage` panics where the person does not let pages keep anything.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten().map(|_| LocalStorage::raw())
}
