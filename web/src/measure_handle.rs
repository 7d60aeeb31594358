//! The view that measures (`web/measure`): a program of its own, that `start.js` loads when the view is first shown.

use js_sys::Function;
use wasm_bindgen::JsValue;

pub struct MeasureHandle {
    /// Shows the view for an address. Says in the page if it cannot be loaded.
    show: Function,
    /// The address that was shown last.
    url: String,
}

impl MeasureHandle {
    /// With the function of `start.js`.
    pub fn new(show: Function) -> Self {
        Self { show, url: String::new() }
    }

    /// The connection that is shown has this address.
    pub(crate) fn show(&mut self, url: &str) {
        if self.url != url {
            url.clone_into(&mut self.url);
            // It is asynchronous, so it throws nothing.
            let _ = self.show.call1(&JsValue::NULL, &url.into());
        }
    }

    /// Has the next [`Self::show`] load what could not be loaded.
    pub(crate) fn leave(&mut self) {
        self.url.clear();
    }
}
