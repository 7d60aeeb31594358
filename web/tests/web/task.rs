//! Tasks: a dropped task changes nothing afterwards.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Function, Promise, eval};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web::browser::task::Task;

use crate::wait::until;

/// A promise that is resolved when the function is called.
fn promise() -> (Promise, Function) {
    let both: Array = eval("(() => { let keep; return [new Promise((kept) => { keep = kept; }), keep]; })()")
        .unwrap()
        .unchecked_into();
    (both.get(0).unchecked_into(), both.get(1).unchecked_into())
}

/// A task that waits for a promise, the function that resolves it, and whether the task has continued after it.
fn waiting() -> (Task, Function, Rc<Cell<bool>>) {
    let (promise, keep) = promise();
    let continued = Rc::new(Cell::new(false));
    let report = Rc::clone(&continued);
    let task = Task::spawn(async move {
        JsFuture::from(promise).await.unwrap();
        report.set(true);
    });
    (task, keep, continued)
}

#[wasm_bindgen_test]
async fn a_task_goes_on_when_its_promise_is_kept() {
    let (_task, keep, continued) = waiting();
    keep.call0(&keep).unwrap();
    until("it continues", || continued.get().then_some(())).await;
}

#[wasm_bindgen_test]
async fn a_task_that_is_dropped_changes_nothing_afterwards() {
    let (dropped, keep, continued) = waiting();
    let (_other, keep_other, other_continued) = waiting();
    drop(dropped);
    // The first would continue before the other.
    keep.call0(&keep).unwrap();
    keep_other.call0(&keep_other).unwrap();
    until("the other continues", || other_continued.get().then_some(())).await;
    assert!(!continued.get());
    // The values that it held are dropped as well.
    assert_eq!(Rc::strong_count(&continued), 1);
}

#[wasm_bindgen_test]
async fn a_task_dropped_after_its_promise_was_kept_does_not_go_on_either() {
    let (dropped, keep, continued) = waiting();
    let (_other, keep_other, other_continued) = waiting();
    keep.call0(&keep).unwrap();
    drop(dropped);
    keep_other.call0(&keep_other).unwrap();
    until("the other continues", || other_continued.get().then_some(())).await;
    assert!(!continued.get());
}
