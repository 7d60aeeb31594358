//! Waiting for what the browser has promised.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use wasm_bindgen_futures::spawn_local;

/// A future that runs on behalf of an owner and is dropped with it: then its outcome is not wanted any more, as when a
/// connection is left while a file is read for it.
#[must_use = "dropped, it does nothing more"]
pub struct Task {
    _future: Owned,
}

type Owned = Rc<RefCell<Pin<Box<dyn Future<Output = ()>>>>>;

impl Task {
    /// Starts it.
    pub fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        Self::spawn_boxed(Box::pin(future))
    }

    fn spawn_boxed(future: Pin<Box<dyn Future<Output = ()>>>) -> Self {
        let owned: Owned = Rc::new(RefCell::new(future));
        let future = Rc::downgrade(&owned);
        spawn_local(poll_fn(move |context| match future.upgrade() {
            Some(future) => future.borrow_mut().as_mut().poll(context),
            None => Poll::Ready(()),
        }));
        Self { _future: owned }
    }
}
