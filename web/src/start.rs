//! What the page begins with: what the browser knows and the model cannot. It never changes it later.

use gloo_utils::window;
use js_sys::RegExp;
use model::{Document, Matcher, Start, Workbench};

use crate::browser::{clock, pattern, storage};

/// The workbench as it was left, with that address in a fresh connection.
pub(crate) fn workbench(address: String) -> Workbench {
    let mut workbench = Workbench::new(Start { address, seed: seed(), time_origin: clock::time_origin(), compile });
    for document in Document::ALL {
        if let Some(text) = storage::read(document.key())
            && workbench.restore(document, &text).is_err()
        {
            // The page says so, whether there is room for it or not.
            let _ = storage::keep(&document.quarantine_key(), &text);
        }
    }
    workbench
}

fn compile(expression: &str, flags: &str) -> Result<Matcher, String> {
    let expression: RegExp = pattern::compile(expression, flags)?;
    Ok(Matcher::new(move |text| {
        // With the flags g and y it would go on where it left off.
        expression.set_last_index(0);
        expression.test(text)
    }))
}

/// Another number each time.
fn seed() -> u64 {
    let mut bytes = [0; 8];
    if let Ok(crypto) = window().crypto() {
        // It fails only for more bytes than these.
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    u64::from_le_bytes(bytes)
}
