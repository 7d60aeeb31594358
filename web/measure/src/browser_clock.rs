//! The worker's clock.

use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::Performance;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;
}

/// Milliseconds since [`epoch`].
pub(crate) fn now() -> f64 {
    PERFORMANCE.with(Performance::now)
}

/// When [`now`] was zero, in milliseconds since 1970.
pub(crate) fn epoch() -> f64 {
    PERFORMANCE.with(Performance::time_origin)
}
