//! What the page waits for: it ends with whoever wants it.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, eval};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web::browser::task::Task;

use crate::wait::until;

/// A promise that is kept when that function is called.
fn promise() -> (Promise, Function) {
    let both: Array = eval("(() => { let keep; return [new Promise((kept) => { keep = kept; }), keep]; })()")
        .unwrap()
        .unchecked_into();
    (both.get(0).unchecked_into(), both.get(1).unchecked_into())
}

/// A task that waits for a promise, what keeps that, and whether the task has gone on behind it.
fn waiting() -> (Task, Function, Rc<Cell<bool>>) {
    let (promise, keep) = promise();
    let went_on = Rc::new(Cell::new(false));
    let report = Rc::clone(&went_on);
    let task = Task::spawn(async move {
        JsFuture::from(promise).await.unwrap();
        report.set(true);
    });
    (task, keep, went_on)
}

#[wasm_bindgen_test]
async fn a_task_goes_on_when_its_promise_is_kept() {
    let (_task, keep, went_on) = waiting();
    keep.call0(&keep).unwrap();
    until("it goes on", || went_on.get().then_some(())).await;
}

#[wasm_bindgen_test]
async fn a_task_that_is_dropped_changes_nothing_afterwards() {
    let (dropped, keep, went_on) = waiting();
    let (_other, keep_other, other_went_on) = waiting();
    drop(dropped);
    // The first would go on before the other.
    keep.call0(&keep).unwrap();
    keep_other.call0(&keep_other).unwrap();
    until("the other goes on", || other_went_on.get().then_some(())).await;
    assert!(!went_on.get());
    // What it held is gone as well.
    assert_eq!(Rc::strong_count(&went_on), 1);
}

#[wasm_bindgen_test]
async fn a_task_dropped_after_its_promise_was_kept_does_not_go_on_either() {
    let (dropped, keep, went_on) = waiting();
    let (_other, keep_other, other_went_on) = waiting();
    keep.call0(&keep).unwrap();
    drop(dropped);
    keep_other.call0(&keep_other).unwrap();
    until("the other goes on", || other_went_on.get().then_some(())).await;
    assert!(!went_on.get());
}
