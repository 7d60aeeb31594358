//! How far the server has come on its way out: it serves, then drains (WebSockets get close code 1001, new requests 503),
//! then it is closed (connections are dropped as they are).

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture, WaitForCancellationFutureOwned};

/// The way out of one server, seen by all its connections.
#[derive(Debug, Default)]
pub(crate) struct Shutdown {
    draining: CancellationToken,
    closed: CancellationToken,
}

impl Shutdown {
    pub(crate) fn drain(&self) {
        self.draining.cancel();
    }

    pub(crate) fn close(&self) {
        self.closed.cancel();
    }

    /// Whether the server drains or is closed.
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_cancelled()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.is_cancelled()
    }

    /// Completes when the server drains.
    pub(crate) fn draining(&self) -> WaitForCancellationFuture<'_> {
        self.draining.cancelled()
    }

    /// Work that ends when the server is closed.
    pub(crate) fn until_closed<Work>(&self, work: Work) -> UntilClosed<Work> {
        UntilClosed { work, closed: self.closed.clone().cancelled_owned() }
    }
}

pin_project! {
    /// An async block around `select!` would take twice the memory of the work.
    pub(crate) struct UntilClosed<Work> {
        #[pin]
        work: Work,
        #[pin]
        closed: WaitForCancellationFutureOwned,
    }
}

impl<Work: Future<Output = ()>> Future for UntilClosed<Work> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.closed.poll(cx).is_ready() { Poll::Ready(()) } else { this.work.poll(cx) }
    }
}
