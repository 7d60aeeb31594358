//! Wakes the page at a time of its choice, in a background tab, too. It never wakes twice for one wish.

use gloo_events::EventListener;
use model::Time;
use wasm_bindgen::JsValue;
use web_sys::Worker;

use crate::browser::clock;

/// What a worker runs; see there for the reason. Trunk puts it beside the page.
const SCRIPT: &str = "pacer.js";

/// An alarm clock with one alarm. Dropped, it rings no more.
#[derive(Debug)]
pub struct Pacer {
    worker: Worker,
    /// The alarm that is set.
    set_to: Option<Time>,
    _listener: EventListener,
}

impl Pacer {
    /// Calls `ring` at each time that is asked for. Without a worker, as where the page is opened from a file, there
    /// is no pacer.
    pub fn new(ring: impl Fn() + 'static) -> Option<Self> {
        let worker = Worker::new(SCRIPT).ok()?;
        let listener = EventListener::new(&worker, "message", move |_| ring());
        Some(Self { worker, set_to: None, _listener: listener })
    }

    /// Rings at that time instead of any asked for before.
    pub fn set(&mut self, at: Option<Time>) {
        if self.set_to == at {
            return;
        }
        self.set_to = at;
        if let Some(at) = at {
            let milliseconds = at.since(clock::now()).as_secs_f64() * 1000.0;
            // A number can always be cloned.
            let _ = self.worker.post_message(&JsValue::from_f64(milliseconds.ceil()));
        }
    }

    /// The alarm has rung: the next wish is a new one.
    pub fn rung(&mut self) {
        self.set_to = None;
    }
}

impl Drop for Pacer {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}
