//! What becomes of a promise. It never waits.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::Closure;

/// What a promise comes to: its value, or the reason why there is none.
type Outcome = Result<JsValue, JsValue>;

/// Does something once the promise has been kept or broken.
pub(crate) fn settled(promise: &Promise, done: impl FnOnce(Outcome) + 'static) {
    boxed(promise, Box::new(done));
}

fn boxed(promise: &Promise, done: Box<dyn FnOnce(Outcome)>) {
    let done = Rc::new(Cell::new(Some(done)));
    // The two callbacks keep each other until one of them has been called.
    let kept = Rc::new(RefCell::new(None));
    let callback = |outcome: fn(JsValue) -> Outcome| {
        let (done, kept) = (done.clone(), kept.clone());
        Closure::<dyn FnMut(JsValue)>::new(move |value| {
            let _callbacks: Option<[_; 2]> = kept.take();
            if let Some(done) = done.take() {
                done(outcome(value));
            }
        })
    };
    let callbacks = [callback(Ok), callback(Err)];
    let _ = promise.then2(&callbacks[0], &callbacks[1]);
    kept.replace(Some(callbacks));
}
