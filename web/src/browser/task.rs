//! Waiting for what the browser has promised.

use futures_util::future::{AbortHandle, abortable};
use wasm_bindgen_futures::spawn_local;

/// A future that runs by itself, on behalf of an owner. Dropped before it is done, it does nothing more: what it was to do
/// is not wanted any more, as when a connection is left while a file is read for it.
#[derive(Debug)]
#[must_use = "dropped, it does nothing more"]
pub struct Task(AbortHandle);

impl Task {
    /// Starts it.
    pub fn spawn(future: impl Future<Output = ()> + 'static) -> Self {
        let (future, handle) = abortable(future);
        spawn_local(async {
            // An error says that it was aborted.
            let _ = future.await;
        });
        Self(handle)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
