//! The way in, and those who have not sent a message yet. They wait as they came, with a socket that tokio watches: who
//! says nothing, or only goodbye, never takes a registration. Never answers more than the first messages.

use std::{
    future::poll_fn,
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures_util::task::AtomicWaker;
use slab::Slab;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use super::{Incoming, registrations::Registrations};
use crate::{
    connection::Connection,
    session::{Look, Next},
    shared::Shared,
    shutdown::Phase,
    task::Task,
};

/// The door of a worker's reactor.
pub(super) struct Newcomers {
    server: Arc<Shared>,
    registrations: Registrations,
    waiting: Slab<Newcomer>,
    /// When a newcomer is to be looked after, whatever its socket says.
    due: DelayQueue<usize>,
    calls: Arc<Calls>,
}

struct Newcomer {
    connection: Box<Connection>,
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

impl Newcomers {
    pub(super) fn new(registrations: Registrations, server: Arc<Shared>) -> Self {
        Self { server, registrations, waiting: Slab::new(), due: DelayQueue::new(), calls: Arc::default() }
    }

    /// Lets in who comes, until the server drains; then everyone is sent away, from the registrations, too.
    pub(super) async fn run(mut self, mut incoming: Incoming) {
        poll_fn(|cx| {
            while let Poll::Ready(Some(connection)) = incoming.poll_recv(cx) {
                self.admit(connection);
            }
            self.poll(cx);
            // A task is woken when the phase changes.
            if self.server.phase.is_at_least(Phase::Draining) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        incoming.close();
        while let Some(connection) = incoming.recv().await {
            self.give_to_task(connection, Next::Converse);
        }
        for (_, newcomer) in mem::take(&mut self.waiting) {
            self.give_to_task(newcomer.connection, Next::Converse);
        }
    }

    /// Lets a connection wait, on a registration if it has shown that it wants something.
    fn admit(&mut self, connection: Box<Connection>) {
        if connection.session.has_answered() {
            return self.registrations.take(connection);
        }
        let entry = self.waiting.vacant_entry();
        let index = entry.key();
        let due = self.due.insert_at(index, connection.session.check());
        let waker = Waker::from(Arc::new(Call { index, calls: Arc::clone(&self.calls) }));
        // There may be something already, and nobody is told who has not asked.
        waker.wake_by_ref();
        entry.insert(Newcomer { connection, due, waker });
    }

    /// Does all that there is to do now.
    fn poll(&mut self, cx: &mut Context<'_>) {
        self.calls.reactor.register(cx.waker());
        let called = mem::take(&mut *self.calls.called());
        called.into_iter().for_each(|index| self.turn(index));
        while let Poll::Ready(Some(due)) = self.due.poll_expired(cx) {
            self.look_after(due.into_inner());
        }
    }

    /// Looks after a newcomer for its keep-alive.
    fn look_after(&mut self, index: usize) {
        let Some(newcomer) = self.waiting.get_mut(index) else { return };
        if newcomer.connection.session.check_alive() {
            newcomer.due = self.due.insert_at(index, newcomer.connection.session.check());
            self.turn(index);
        } else if let Some(connection) = self.remove(index) {
            self.give_to_task(connection, Next::Converse);
        }
    }

    /// Looks at a newcomer whose socket has something.
    fn turn(&mut self, index: usize) {
        let Some(Newcomer { connection, waker, .. }) = self.waiting.get_mut(index) else { return };
        let mut left_out = 0;
        let look = connection.session.turn(waker, &mut left_out);
        self.server.log.leave_out(left_out);
        let next = match look {
            Look::Leaves(next) => next,
            _ if connection.session.has_answered() => Next::Rest,
            Look::Waits => return,
            Look::HasMore => return waker.wake_by_ref(),
        };
        match (self.remove(index), next) {
            (None, _) => {}
            (Some(connection), Next::Rest) => self.registrations.take(connection),
            (Some(connection), next) => self.give_to_task(connection, next),
        }
    }

    /// Has a task go on with a connection.
    fn give_to_task(&self, connection: Box<Connection>, next: Next) {
        tokio::spawn(Task::new(connection.go_on(next), Arc::clone(&self.server)));
    }

    fn remove(&mut self, index: usize) -> Option<Box<Connection>> {
        let Newcomer { connection, due, .. } = self.waiting.try_remove(index)?;
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
