//! The workbench at start-up: as it was saved, with what only the browser knows.

use gloo_utils::window;
use model::{Document, Start, Workbench};

use crate::browser::{clock, memory, pattern, storage, url};

/// `address` is for a connection that has none saved.
pub(super) fn restore(address: String) -> Workbench {
    let mut workbench = Workbench::new(Start {
        address,
        seed: seed(),
        time_origin: clock::time_origin(),
        check_regex: pattern::check,
        keep: memory::keep,
        parse_url: url::parse,
    });
    for document in Document::ALL {
        if let Some(text) = storage::read(document.key()) {
            restore_document(&mut workbench, document, &text);
        }
    }
    workbench
}

/// Replaces a document of the workbench by a stored one. If a part of it cannot be read, perhaps because a newer version
/// of the page wrote it, the whole is copied to [`Document::quarantine_key`] before a change overwrites it; the workbench
/// shows why.
pub(super) fn restore_document(workbench: &mut Workbench, document: Document, text: &str) {
    if workbench.restore(document, text).is_err() {
        // Without room for a copy there is nothing more to do; the original is still there until the next change.
        let _ = storage::write(&document.quarantine_key(), text);
    }
}

/// A random seed; 0 where there is no `crypto`.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window().crypto() {
        // Throws only beyond 65 536 bytes.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u64::from_le_bytes(bytes)
}
