//! The connections at rest of one worker, each on a seat. Never looks into what a connection carries.

use std::{
    future::poll_fn,
    io, mem,
    pin::pin,
    sync::Arc,
    task::{self, Context, Waker, ready},
    time::Duration,
};

use mio::{Events, Poll, Token};
use slab::Slab;
use tokio::{
    io::{Interest, unix::AsyncFd},
    task::yield_now,
    time::Instant,
};
use tokio_util::time::{DelayQueue, delay_queue::Key};

use super::{Arrivals, door::Door, resting::Resting};
use crate::{
    connection::Connection, http::Stream, phase::Phase, server::Server, session::Next, task::Task,
    write_timeout::WriteTimeout,
};

/// How many sockets are looked at in one go.
const EVENTS: usize = 1024;
/// Where so many have had something to say, others have come meanwhile: to ask again at once is cheaper than to wait.
const MANY: usize = 4;
/// How often that is done before the worker's tasks have their turn.
const ROUNDS: usize = 16;

/// Later than anybody waits for; the queue of times ends after two years.
const FAR: Duration = Duration::from_hours(24 * 365);

/// All seats of a worker.
pub(super) struct Seats {
    server: Arc<Server>,
    door: Door,
    sockets: AsyncFd<Poll>,
    events: Events,
    /// In boxes, so that the room of who leaves is there for who comes, here and elsewhere.
    seats: Slab<Box<Seat>>,
    /// When a connection is to be looked after, whatever its socket says.
    due: DelayQueue<usize>,
    /// Who had more to say than one look takes.
    busy: Vec<usize>,
}

struct Seat {
    connection: Connection<Resting>,
    /// For the keep-alive; while answers wait, for the end of the write timeout.
    due: Key,
    is_busy: bool,
    /// There while answers wait for the socket: how many bytes it had taken when they began to.
    stalled_at: Option<u64>,
}

impl Seats {
    pub(super) fn new(server: Arc<Server>) -> io::Result<Self> {
        #[expect(deprecated, reason = "a `Poll` keeps its descriptor for life; the successor is `unsafe`")]
        let sockets = AsyncFd::with_interest(Poll::new()?, Interest::READABLE)?;
        Ok(Self {
            server,
            door: Door::default(),
            sockets,
            events: Events::with_capacity(EVENTS),
            seats: Slab::new(),
            due: DelayQueue::new(),
            busy: Vec::new(),
        })
    }

    /// Serves those who arrive, for as long as anyone can.
    pub(super) async fn run(mut self, mut arrivals: Arrivals) {
        let server = Arc::clone(&self.server);
        let mut draining = pin!(server.phase.reached(Phase::Draining));
        let mut is_draining = false;
        poll_fn(|cx| {
            while let task::Poll::Ready(arrival) = arrivals.poll_recv(cx) {
                match arrival {
                    Some(connection) => self.admit(connection),
                    None => return task::Poll::Ready(()),
                }
            }
            if !is_draining && draining.as_mut().poll(cx).is_ready() {
                is_draining = true;
                self.clear();
            }
            self.poll(cx);
            task::Poll::Pending
        })
        .await;
    }

    /// Does all that there is to do now.
    fn poll(&mut self, cx: &mut Context<'_>) {
        for index in mem::take(&mut self.busy) {
            self.turn(index);
        }
        let is_dry = (0..ROUNDS).any(|_| self.poll_sockets(cx).is_pending());
        while let task::Poll::Ready(Some(due)) = self.due.poll_expired(cx) {
            self.look_after(due.into_inner());
        }
        for (connection, next) in self.door.poll(cx) {
            match next {
                Next::Rest => self.seat(connection),
                next => self.give_to_task(connection, next),
            }
        }
        if !is_dry || !self.busy.is_empty() {
            // To wake itself would keep the runtime from its own sockets and clocks.
            let _ = pin!(yield_now()).poll(cx);
        }
    }

    /// Answers what has come on all sockets.
    fn poll_sockets(&mut self, cx: &mut Context<'_>) -> task::Poll<()> {
        // It fails when the runtime ends, and the reactor with it.
        let Ok(mut sockets) = ready!(self.sockets.poll_read_ready_mut(cx)) else { return task::Poll::Pending };
        if let Err(error) = sockets.get_inner_mut().poll(&mut self.events, Some(Duration::ZERO)) {
            // Asked again: they will not tell twice.
            tracing::debug!(%error, "cannot ask the sockets: {error}");
            return task::Poll::Ready(());
        }
        if self.events.iter().count() < MANY {
            sockets.clear_ready();
        }
        let events = mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            let Token(index) = event.token();
            if let Some(seat) = self.seats.get_mut(index) {
                seat.connection.session.stream_mut().notice(event);
                // Who is busy has its turn when the others have had theirs.
                if !seat.is_busy {
                    self.turn(index);
                }
            }
        }
        self.events = events;
        task::Poll::Ready(())
    }

    /// Takes in a connection that is quiet.
    fn admit(&mut self, connection: Connection<Stream>) {
        if self.server.phase.is_at_least(Phase::Draining) {
            self.give_to_task(connection, Next::Converse);
        } else if connection.session.has_answered() {
            self.seat(connection);
        } else {
            self.door.admit(connection);
        }
    }

    /// Gives a connection a seat.
    fn seat(&mut self, connection: Connection<Stream>) {
        let entry = self.seats.vacant_entry();
        let index = entry.key();
        let registry = self.sockets.get_ref().registry();
        let watched = connection.try_map(|stream| Resting::watch(stream.into_inner(), registry, Token(index)));
        let Some(connection) = unless_lost(watched) else { return };
        let frames = connection.session.frames();
        let has_work = frames.has_input() || frames.is_blocked();
        let due = self.due.insert_at(index, connection.session.check());
        entry.insert(Box::new(Seat { connection, due, is_busy: false, stalled_at: None }));
        if has_work {
            self.turn(index);
        }
    }

    /// Answers what has come on one socket.
    fn turn(&mut self, index: usize) {
        let Some(seat) = self.seats.get_mut(index) else { return };
        seat.is_busy = false;
        match seat.connection.session.turn(Waker::noop()) {
            task::Poll::Pending => self.stay(index),
            task::Poll::Ready(next) => self.send_away(index, next),
        }
    }

    /// Has a connection wait for its socket, or for its next turn.
    fn stay(&mut self, index: usize) {
        let Some(seat) = self.seats.get_mut(index) else { return };
        let session = &mut seat.connection.session;
        if session.frames().is_blocked() {
            let sent = session.frames().sent().bytes;
            if seat.stalled_at.is_none()
                && let Err(error) = session.stream_mut().watch_room(self.sockets.get_ref().registry(), Token(index))
            {
                tracing::debug!(%error, "lost: {error}");
                self.remove(index).map(|lost| lost.session.end());
                return;
            }
            if seat.stalled_at.replace(sent) != Some(sent) {
                self.due.reset_at(&seat.due, Instant::now() + (*self.server.config.limits.write_timeout).min(FAR));
            }
            return;
        }
        if seat.stalled_at.take().is_some() {
            self.due.reset_at(&seat.due, session.check());
        }
        if session.frames().get_ref().has_more() {
            seat.is_busy = true;
            self.busy.push(index);
        }
    }

    /// Looks after a connection whose time has come: for its keep-alive, or because its socket takes nothing.
    fn look_after(&mut self, index: usize) {
        if self.seats.get(index).is_some_and(|seat| seat.stalled_at.is_none()) {
            return self.send_away(index, Next::Converse);
        }
        if let Some(connection) = self.remove(index) {
            tracing::debug!("lost: the peer has read nothing for {}", self.server.config.limits.write_timeout);
            connection.session.end().reset();
        }
    }

    /// Sends everyone away.
    fn clear(&mut self) {
        let everyone: Vec<_> = self.seats.iter().map(|(index, _)| index).collect();
        everyone.into_iter().for_each(|index| self.send_away(index, Next::Converse));
        while let Some(connection) = self.door.pop() {
            self.give_to_task(connection, Next::Converse);
        }
    }

    /// Has a task go on with a connection that has a seat.
    fn send_away(&mut self, index: usize, next: Next) {
        let Some(connection) = self.remove(index) else { return };
        let registry = self.sockets.get_ref().registry();
        let time = *self.server.config.limits.write_timeout;
        let woken = connection.try_map(|resting| Ok(WriteTimeout::new(resting.into_tokio(registry)?, time)));
        if let Some(connection) = unless_lost(woken) {
            self.give_to_task(connection, next);
        }
    }

    /// Has a task go on with a connection.
    fn give_to_task(&self, connection: Connection<Stream>, next: Next) {
        tokio::spawn(Task::new(connection.go_on(next), Arc::clone(&self.server)));
    }

    /// Takes a connection from its seat.
    fn remove(&mut self, index: usize) -> Option<Connection<Resting>> {
        let Seat { connection, due, is_busy, .. } = *self.seats.try_remove(index)?;
        if is_busy {
            self.busy.retain(|busy| *busy != index);
        }
        // Whose time has come is not in there any more.
        self.due.try_remove(&due);
        Some(connection)
    }
}

fn unless_lost<S>(moved: io::Result<Connection<S>>) -> Option<Connection<S>> {
    moved.inspect_err(|error| tracing::debug!(%error, "lost: {error}")).ok()
}
