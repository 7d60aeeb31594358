//! Changes of an element's size.

use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Element, ResizeObserver};

/// A [`ResizeObserver`](https://developer.mozilla.org/en-US/docs/Web/API/ResizeObserver) of one element. Dropping it stops
/// it.
pub(crate) struct SizeWatch {
    observer: ResizeObserver,
    /// The observer calls it.
    _callback: Closure<dyn FnMut()>,
}

impl SizeWatch {
    /// Calls `on_resize` once at the beginning and after each change.
    pub(crate) fn new(element: &Element, on_resize: impl FnMut() + 'static) -> Self {
        let callback = Closure::new(on_resize);
        let observer = ResizeObserver::new(callback.as_ref().unchecked_ref())
            .expect_throw("throws only if the callback is not a function");
        observer.observe(element);
        Self { observer, _callback: callback }
    }
}

impl Drop for SizeWatch {
    fn drop(&mut self) {
        self.observer.disconnect();
    }
}
