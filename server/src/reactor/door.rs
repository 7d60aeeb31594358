//! Those who have not sent a message yet. They wait as they came, with a socket that tokio watches: who says nothing, or
//! only goodbye, never takes a seat. Never answers more than the first messages.

use std::{
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;
use slab::Slab;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use crate::{connection::Connection, http::Stream, session::Next};

/// The newcomers of a worker.
#[derive(Default)]
pub(super) struct Door {
    waiting: Slab<Box<Newcomer>>,
    /// When a newcomer is to be looked after, whatever its socket says.
    due: DelayQueue<usize>,
    calls: Arc<Calls>,
}

struct Newcomer {
    connection: Connection<Stream>,
    due: Key,
    /// Tells whose socket it is that has something.
    waker: Waker,
}

/// Whose sockets have something.
#[derive(Default)]
struct Calls {
    called: Mutex<Vec<usize>>,
    reactor: AtomicWaker,
}

struct Call {
    index: usize,
    calls: Arc<Calls>,
}

impl Door {
    /// Lets a newcomer wait.
    pub(super) fn admit(&mut self, connection: Connection<Stream>) {
        let entry = self.waiting.vacant_entry();
        let index = entry.key();
        let due = self.due.insert_at(index, connection.session.check());
        let waker = Waker::from(Arc::new(Call { index, calls: Arc::clone(&self.calls) }));
        // There may be something already, and nobody is told who has not asked.
        waker.wake_by_ref();
        entry.insert(Box::new(Newcomer { connection, due, waker }));
    }

    /// Those who do not wait any more, and how each goes on: it has sent something, or is to be looked after.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Vec<(Connection<Stream>, Next)> {
        self.calls.reactor.register(cx.waker());
        let called = mem::take(&mut *self.calls.called());
        let mut gone: Vec<_> = called.into_iter().filter_map(|index| self.turn(index)).collect();
        while let Poll::Ready(Some(due)) = self.due.poll_expired(cx) {
            gone.extend(self.remove(due.into_inner()).map(|connection| (connection, Next::Converse)));
        }
        gone
    }

    /// Looks at a newcomer whose socket has something.
    fn turn(&mut self, index: usize) -> Option<(Connection<Stream>, Next)> {
        let Newcomer { connection, waker, .. } = &mut **self.waiting.get_mut(index)?;
        let next = match connection.session.turn(waker) {
            Poll::Pending if connection.session.has_answered() => Next::Rest,
            Poll::Pending => return None,
            Poll::Ready(next) => next,
        };
        Some((self.remove(index)?, next))
    }

    /// Anyone who waits, to be sent away.
    pub(super) fn pop(&mut self) -> Option<Connection<Stream>> {
        let (index, _) = self.waiting.iter().next()?;
        self.remove(index)
    }

    fn remove(&mut self, index: usize) -> Option<Connection<Stream>> {
        let Newcomer { connection, due, .. } = *self.waiting.try_remove(index)?;
        // Whose time has come is not in there any more.
        self.due.try_remove(&due);
        Some(connection)
    }
}

impl Calls {
    fn called(&self) -> MutexGuard<'_, Vec<usize>> {
        // Nothing panics while it holds the lock, so what is in there is right.
        self.called.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.calls.called().push(self.index);
        self.calls.reactor.wake();
    }
}
