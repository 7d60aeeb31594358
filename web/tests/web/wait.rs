//! Waiting with a time-out. The runner's own would not say what a test was waiting for.

use std::pin::pin;

use futures_util::future::{Either, select};
use gloo_timers::future::TimeoutFuture;

const LIMIT_MS: u32 = 5_000;
const POLL_MS: u32 = 5;

/// The future's output; panics with `what` after [`LIMIT_MS`].
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match select(pin!(future), TimeoutFuture::new(LIMIT_MS)).await {
        Either::Left((output, _)) => output,
        Either::Right(_) => panic!("timed out waiting for: {what}"),
    }
}

/// Polls until there is a value; panics with `what` after [`LIMIT_MS`].
pub(crate) async fn until<T>(what: &str, value: impl Fn() -> Option<T>) -> T {
    let polling = async {
        loop {
            if let Some(value) = value() {
                return value;
            }
            TimeoutFuture::new(POLL_MS).await;
        }
    };
    within(what, polling).await
}
