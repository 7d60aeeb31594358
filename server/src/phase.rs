//! How far the server is on its way out, for all connections to see. Never goes back.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::{AtomicU8, Ordering},
    task::{Poll, Waker},
};

use tokio::sync::{Notify, futures::Notified};

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
pub(crate) struct Current {
    phase: AtomicU8,
    changed: Notify,
}

impl Default for Current {
    fn default() -> Self {
        Self { phase: AtomicU8::new(Phase::Serving as u8), changed: Notify::new() }
    }
}

impl Current {
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
    pub(crate) async fn unless_cut(&self, work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        let mut changed = pin!(self.changed.notified());
        // Who is told. While that stays the same, a look at the phase is enough, which is all that a busy connection pays.
        let mut told = Waker::noop().clone();
        poll_fn(|cx| {
            if !told.will_wake(cx.waker()) || self.is_at_least(Phase::Draining) {
                told.clone_from(cx.waker());
                self.listen(changed.as_mut(), cx);
                if self.is_at_least(Phase::Cut) {
                    return Poll::Ready(());
                }
            }
            work.as_mut().poll(cx)
        })
        .await;
    }

    /// Has the task woken at the next change.
    fn listen<'phase>(&'phase self, mut changed: Pin<&mut Notified<'phase>>, cx: &mut std::task::Context<'_>) {
        while changed.as_mut().poll(cx).is_ready() {
            changed.set(self.changed.notified());
        }
    }
}
