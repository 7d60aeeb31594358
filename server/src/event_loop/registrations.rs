//! The connections at rest of one worker, each on a registration, and the thread that serves them. Never looks into what a
//! connection carries.

use std::{
    collections::BTreeSet,
    io, mem,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, TryRecvError, channel},
    },
    task::Waker,
    thread,
    time::Duration,
};

use mio::{Events, Token, event::Event};
use slab::Slab;
use tokio::{runtime::Handle, time::Instant};

use super::timer::Alarm;
use crate::{
    connection::Connection,
    session::{Look, Next},
    shared::Shared,
    task::Task,
};

/// How many sockets are looked at in one go.
const EVENTS: usize = 1024;
/// Tells that someone arrives or that nobody will any more.
const ARRIVAL: Token = Token(usize::MAX);
/// Tells that someone is due.
const ALARM: Token = Token(usize::MAX - 1);

/// Later than anybody waits for, and still a time that can be reckoned with.
const MAX_DEADLINE: Duration = Duration::from_hours(24 * 365);

/// The way to the registrations. When it is dropped, all who have one are sent away.
pub(super) struct Registrations {
    /// There until it is dropped.
    arrivals: Option<Sender<Box<Connection>>>,
    bell: Arc<mio::Waker>,
}

/// Starts the thread that serves a worker's registrations; whoever needs more goes on in that worker's runtime.
pub(super) fn start(runtime: &Handle, server: &Arc<Shared>) -> io::Result<Registrations> {
    let sockets = mio::Poll::new()?;
    let bell = Arc::new(mio::Waker::new(sockets.registry(), ARRIVAL)?);
    let (sender, arrivals) = channel();
    let hall = EventLoop {
        server: Arc::clone(server),
        runtime: runtime.clone(),
        arrivals,
        _bell: Arc::clone(&bell),
        alarm: Alarm::new(sockets.registry(), ALARM)?,
        sockets,
        registrations: Slab::new(),
        due: BTreeSet::new(),
        busy: Vec::new(),
        left_out: 0,
    };
    thread::Builder::new().name("canyon-reactor".to_owned()).spawn(move || hall.run())?;
    Ok(Registrations { arrivals: Some(sender), bell })
}

impl Registrations {
    /// Gives a quiet connection a registration.
    pub(super) fn take(&self, connection: Box<Connection>) {
        // The thread lasts for as long as this does, unless it has ended in a panic; then the connection ends, too.
        if self.arrivals.as_ref().is_some_and(|arrivals| arrivals.send(connection).is_ok()) {
            self.ring();
        }
    }

    fn ring(&self) {
        if let Err(error) = self.bell.wake() {
            tracing::error!(%error, "cannot wake the reactor: {error}");
        }
    }
}

impl Drop for Registrations {
    fn drop(&mut self) {
        self.arrivals = None;
        self.ring();
    }
}

/// All registrations of a worker.
struct EventLoop {
    server: Arc<Shared>,
    runtime: Handle,
    arrivals: Receiver<Box<Connection>>,
    /// Held here as well, for a bell that is gone is not heard any more, even if it has just rung.
    _bell: Arc<mio::Waker>,
    alarm: Alarm,
    sockets: mio::Poll,
    registrations: Slab<Registration>,
    /// When a connection is to be looked after, whatever its socket says.
    due: BTreeSet<(Instant, usize)>,
    /// Who had more to say than one look takes.
    busy: Vec<usize>,
    /// Messages that the log is still to be told of: one word for all that a look at the sockets brings, for the workers'
    /// words wait for each other.
    left_out: u64,
}

struct Registration {
    connection: Box<Connection>,
    /// For the keep-alive; while answers wait, for the end of the write timeout.
    due: Instant,
    is_busy: bool,
    /// There while answers wait for the socket: how many bytes it had taken when they began to.
    stalled_at: Option<u64>,
}

/// Whether there may be arrivals.
#[derive(PartialEq, Eq)]
enum Way {
    Open,
    Closed,
}

impl EventLoop {
    /// Serves those who arrive, for as long as anyone can.
    fn run(mut self) {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let wait = self.look_after_all();
            if let Err(error) = self.sockets.poll(&mut events, wait) {
                tracing::debug!(%error, "cannot ask the sockets: {error}");
                continue;
            }
            // All of them before anyone has a turn, so that many connections are fetched from memory at once.
            for event in &events {
                let Token(index) = event.token();
                if let Some(registration) = self.registrations.get_mut(index) {
                    registration.notice(event);
                }
            }
            let busy = mem::take(&mut self.busy);
            let mut has_arrivals = false;
            for event in &events {
                let Token(index) = event.token();
                has_arrivals |= event.token() == ARRIVAL;
                // Who is busy has its turn when the others have had theirs.
                if self.registrations.get(index).is_some_and(|registration| !registration.is_busy) {
                    self.turn(index);
                }
            }
            for index in busy {
                self.turn(index);
            }
            let way = if has_arrivals { self.receive() } else { Way::Open };
            self.server.log.leave_out(mem::take(&mut self.left_out));
            if way == Way::Closed {
                return self.clear();
            }
        }
    }

    /// Looks after those whose time has come, sets the alarm for the next, and tells how long a wait may be by itself.
    fn look_after_all(&mut self) -> Option<Duration> {
        let now = Instant::now();
        loop {
            let (due, index) = *self.due.first()?;
            if due > now {
                return if self.busy.is_empty() { self.alarm.set(due, now) } else { Some(Duration::ZERO) };
            }
            self.look_after(index);
        }
    }

    /// Gives registrations to those who have arrived.
    fn receive(&mut self) -> Way {
        loop {
            match self.arrivals.try_recv() {
                Ok(connection) => self.registration(connection),
                Err(TryRecvError::Empty) => return Way::Open,
                Err(TryRecvError::Disconnected) => return Way::Closed,
            }
        }
    }

    /// Gives a connection a registration.
    fn registration(&mut self, mut connection: Box<Connection>) {
        let entry = self.registrations.vacant_entry();
        let index = entry.key();
        if let Err(error) = connection.session.socket().rest(self.sockets.registry(), Token(index)) {
            tracing::debug!(%error, "lost: {error}");
            return;
        }
        let frames = connection.session.frames();
        let has_work = frames.has_input() || frames.is_blocked();
        let due = connection.session.check();
        self.due.insert((due, index));
        entry.insert(Registration { connection, due, is_busy: false, stalled_at: None });
        if has_work {
            self.turn(index);
        }
    }

    /// Answers what has come on one socket.
    fn turn(&mut self, index: usize) {
        let Some(registration) = self.registrations.get_mut(index) else { return };
        registration.is_busy = false;
        match registration.connection.session.turn(Waker::noop(), &mut self.left_out) {
            Look::Leaves(next) => return self.send_away(index, next),
            Look::HasMore => {
                registration.is_busy = true;
                self.busy.push(index);
            }
            Look::Waits => {}
        }
        self.watch_output(index);
    }

    /// Watches over answers that wait for the socket, as long as there are any.
    fn watch_output(&mut self, index: usize) {
        let Some(registration) = self.registrations.get_mut(index) else { return };
        let session = &mut registration.connection.session;
        let due = if session.frames().is_blocked() {
            let sent = session.frames().sent().bytes;
            if registration.stalled_at.is_none()
                && let Some(socket) = session.socket().resting()
                && let Err(error) = socket.watch_room(self.sockets.registry(), Token(index))
            {
                tracing::debug!(%error, "lost: {error}");
                self.remove(index);
                return;
            }
            if registration.stalled_at.replace(sent) == Some(sent) {
                return;
            }
            Instant::now() + (*self.server.config.limits.write_timeout).min(MAX_DEADLINE)
        } else if registration.stalled_at.take().is_some() {
            session.check()
        } else {
            return;
        };
        registration.reschedule(&mut self.due, index, due);
    }

    /// Looks after a connection whose time has come: for its keep-alive, or because its socket takes nothing.
    fn look_after(&mut self, index: usize) {
        if let Some(registration) = self.registrations.get_mut(index)
            && registration.stalled_at.is_none()
        {
            if !registration.connection.session.check_alive() {
                return self.send_away(index, Next::Converse);
            }
            let due = registration.connection.session.check();
            registration.reschedule(&mut self.due, index, due);
            return self.turn(index);
        }
        if let Some(mut connection) = self.remove(index) {
            tracing::debug!("lost: the peer has read nothing for {}", self.server.config.limits.write_timeout);
            if let Some(socket) = connection.session.socket().resting() {
                socket.forget_output();
            }
        }
    }

    /// Sends everyone away.
    fn clear(mut self) {
        let everyone: Vec<_> = self.registrations.iter().map(|(index, _)| index).collect();
        everyone.into_iter().for_each(|index| self.send_away(index, Next::Converse));
    }

    /// Has a task go on with a connection.
    fn send_away(&mut self, index: usize, next: Next) {
        let Some(mut connection) = self.remove(index) else { return };
        let _there = self.runtime.enter();
        let time = *self.server.config.limits.write_timeout;
        match connection.session.socket().wake(self.sockets.registry(), time) {
            Ok(()) => drop(self.runtime.spawn(Task::new(connection.go_on(next), Arc::clone(&self.server)))),
            Err(error) => tracing::debug!(%error, "lost: {error}"),
        }
    }

    /// Takes a connection from its registration.
    fn remove(&mut self, index: usize) -> Option<Box<Connection>> {
        let Registration { connection, due, is_busy, .. } = self.registrations.try_remove(index)?;
        if is_busy {
            self.busy.retain(|busy| *busy != index);
        }
        self.due.remove(&(due, index));
        Some(connection)
    }
}

impl Registration {
    fn reschedule(&mut self, all: &mut BTreeSet<(Instant, usize)>, index: usize, due: Instant) {
        all.remove(&(self.due, index));
        all.insert((due, index));
        self.due = due;
    }

    fn notice(&mut self, event: &Event) {
        if let Some(socket) = self.connection.session.socket().resting() {
            socket.notice(event);
        }
    }
}
