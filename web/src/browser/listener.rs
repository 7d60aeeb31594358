//! Hears one kind of event of one target. It never outlives its owner: dropped, it hears no more.

use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{Event, EventTarget};

/// A listener with the closure that is called.
#[derive(Debug)]
pub(crate) struct Listener {
    target: EventTarget,
    name: &'static str,
    callback: Closure<dyn FnMut(Event)>,
}

impl Listener {
    /// Calls `hear` with each event of that name.
    pub(crate) fn new(target: &EventTarget, name: &'static str, hear: impl FnMut(Event) + 'static) -> Self {
        Self::boxed(target, name, Box::new(hear))
    }

    fn boxed(target: &EventTarget, name: &'static str, hear: Box<dyn FnMut(Event)>) -> Self {
        let callback = Closure::wrap(hear);
        target
            .add_event_listener_with_callback(name, callback.as_ref().unchecked_ref())
            .expect_throw("whatever is called like a function can listen");
        Self { target: target.clone(), name, callback }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // It fails only for what is no function.
        let _ = self.target.remove_event_listener_with_callback(self.name, self.callback.as_ref().unchecked_ref());
    }
}
