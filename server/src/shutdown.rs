//! How far the server is on its way out, for all connections to see. Never goes back.

use std::{
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Waker},
};

use pin_project_lite::pin_project;
use tokio::sync::{Notify, futures::OwnedNotified};

/// A part of the server's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Phase {
    /// Everyone is served.
    Serving,
    /// WebSockets say goodbye, and new requests get 503.
    Draining,
    /// Connections are dropped as they are.
    Cut,
}

/// The phase that a server is in.
#[derive(Debug)]
pub(crate) struct ShutdownPhase {
    phase: AtomicU8,
    changed: Arc<Notify>,
}

impl Default for ShutdownPhase {
    fn default() -> Self {
        Self { phase: AtomicU8::new(Phase::Serving as u8), changed: Arc::default() }
    }
}

impl ShutdownPhase {
    /// Goes on to a later phase.
    pub(crate) fn advance(&self, phase: Phase) {
        self.phase.fetch_max(phase as u8, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// Whether the phase has begun.
    pub(crate) fn is_at_least(&self, phase: Phase) -> bool {
        self.phase.load(Ordering::Relaxed) >= phase as u8
    }

    /// Completes when the phase has begun.
    pub(crate) async fn reached(&self, phase: Phase) {
        let mut changed = pin!(self.changed.notified());
        loop {
            changed.as_mut().enable();
            if self.is_at_least(phase) {
                return;
            }
            changed.as_mut().await;
            changed.set(self.changed.notified());
        }
    }

    /// Does the work, unless the connections are cut before it is done; the work's task is also woken at every change.
    pub(crate) fn unless_cut<Work>(self: &Arc<Self>, work: Work) -> UnlessCut<Work> {
        let changed = Arc::clone(&self.changed).notified_owned();
        UnlessCut { work, told: Waker::noop().clone(), current: Arc::clone(self), changed }
    }
}

pin_project! {
    /// Work for as long as connections are not cut. An own future rather than an async function, which would hold the work
    /// twice: as what it was given, and as what it works at.
    #[derive(Debug)]
    pub(crate) struct UnlessCut<Work> {
        #[pin]
        work: Work,
        // Who is told of a change. While that stays the same, a look at the phase is enough, which is all that a busy
        // connection pays.
        told: Waker,
        current: Arc<ShutdownPhase>,
        #[pin]
        changed: OwnedNotified,
    }
}

impl<Work: Future<Output = ()>> Future for UnlessCut<Work> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut this = self.project();
        if !this.told.will_wake(cx.waker()) || this.current.is_at_least(Phase::Draining) {
            this.told.clone_from(cx.waker());
            while this.changed.as_mut().poll(cx).is_ready() {
                this.changed.set(Arc::clone(&this.current.changed).notified_owned());
            }
            if this.current.is_at_least(Phase::Cut) {
                return Poll::Ready(());
            }
        }
        this.work.poll(cx)
    }
}
