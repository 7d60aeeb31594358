//! The browser's [local storage](https://developer.mozilla.org/en-US/docs/Web/API/Window/localStorage).

use gloo_storage::{LocalStorage, Storage as _};
use gloo_utils::window;
use model::StorageError;
use wasm_bindgen::JsCast;
use web_sys::{DomException, Storage};

/// `None` also where storage is denied.
pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok().flatten()
}

/// # Errors
/// `Full` beyond the origin's quota (some 5 million characters), `Denied` where the person lets sites store nothing. What
/// was stored under the key stays.
pub fn write(key: &str, text: &str) -> Result<(), StorageError> {
    storage().ok_or(StorageError::Denied)?.set_item(key, text).map_err(|thrown| {
        let is_full = thrown.dyn_ref::<DomException>().is_some_and(|error| error.name() == "QuotaExceededError");
        if is_full { StorageError::Full } else { StorageError::Denied }
    })
}

pub fn remove(key: &str) {
    if let Some(storage) = storage() {
        // The specification has no error for it.
        let _ = storage.remove_item(key);
    }
}

/// Asks first, because `LocalStorage::raw` panics where storage is denied.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten().map(|_| LocalStorage::raw())
}
