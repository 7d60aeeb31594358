//! What a connection does in a task of its own. Never lets it outlast the server or hurt another one.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;

use crate::{shared::Shared, shutdown::UnlessCut};

pin_project! {
    /// Work for a connection: it ends when connections are cut, and a panic in it is counted.
    pub(crate) struct Task<Work> {
        #[pin]
        work: UnlessCut<Work>,
        panics: CountPanic,
    }
}

impl<Work> Task<Work> {
    pub(crate) fn new(work: Work, server: Arc<Shared>) -> Self {
        Self { work: server.phase.unless_cut(work), panics: CountPanic(server) }
    }
}

impl<Work: Future<Output = ()>> Future for Task<Work> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.project().work.poll(cx)
    }
}

/// Counts a panic that ends the work in which it stands.
struct CountPanic(Arc<Shared>);

impl Drop for CountPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            count_panic(&self.0);
        }
    }
}

/// Counts a panic that ended a connection.
pub(crate) fn count_panic(server: &Shared) {
    server.totals.panics.add(1);
    tracing::error!("a connection ended in a panic; the others go on");
}
