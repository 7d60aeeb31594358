//! Plain echoes: one thread per worker that polls the sockets of all its connections, answers what has come, and never waits
//! for one of them. A connection stays here from its handshake to its end, without a task.

mod handle;
mod registration;
mod socket;
#[cfg(test)]
mod tests;
mod timer;

use std::{
    collections::{BTreeSet, VecDeque},
    io, mem,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{Receiver, TryRecvError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use mio::{Events, Token};
use slab::Slab;

pub(crate) use self::handle::EventLoopHandle;
use self::{registration::Registration, timer::Timer};
use crate::{budget::RETRY, faults::Fault, protocol::Status, pulse::Pulse, shared::Shared};

/// How many events one poll returns at the most.
const EVENTS: usize = 1024;
/// How long connections that have yielded are served between two polls.
const BUSY_SLICE: Duration = Duration::from_millis(2);
/// How often a poll may fail in a row before the loop gives up, and how long it waits in between.
const POLL_FAILURES: u32 = 3;
const POLL_PAUSE: Duration = Duration::from_millis(100);
/// The event of the waker: connections have come, or the server shuts down.
const WAKER: Token = Token(usize::MAX);
/// The event of the timer.
const TIMER: Token = Token(usize::MAX - 1);

/// One thread's connections.
struct EventLoop {
    shared: Arc<Shared>,
    incoming: Receiver<Registration>,
    pulse: Arc<Pulse>,
    /// Kept alive here: dropping the last `mio::Waker` loses a pending wake-up.
    _waker: Arc<mio::Waker>,
    timer: Timer,
    poll: mio::Poll,
    registrations: Slab<Registration>,
    /// When each connection wants attention even if its socket is silent. One queue for all: keep-alive, write timeout and
    /// close timeout never run at the same time.
    deadlines: BTreeSet<(Instant, usize)>,
    /// Connections that have yielded.
    busy: VecDeque<usize>,
    /// Connections that are not read from, because memory is short.
    paused: Vec<usize>,
    /// When they are looked at again, if there are any.
    resume_at: Option<Instant>,
    /// Messages that the log has no room for and has not counted yet. It counts them once a poll, because all loops share
    /// its counter.
    unlogged: u64,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Incoming {
    Open,
    Closed,
}

impl EventLoop {
    fn new(
        poll: mio::Poll,
        shared: Arc<Shared>,
        incoming: Receiver<Registration>,
        pulse: Arc<Pulse>,
        waker: Arc<mio::Waker>,
    ) -> io::Result<Self> {
        Ok(Self {
            shared,
            incoming,
            pulse,
            _waker: waker,
            timer: Timer::new(poll.registry(), TIMER)?,
            poll,
            registrations: Slab::new(),
            deadlines: BTreeSet::new(),
            busy: VecDeque::new(),
            paused: Vec::new(),
            resume_at: None,
            unlogged: 0,
        })
    }

    /// Serves until the loop is closed. If it fails, or panics outside of a connection, its connections get close code 1011.
    fn run(mut self) {
        let end = catch_unwind(AssertUnwindSafe(|| self.serve_all()));
        match end {
            Ok(Ok(())) => return,
            Ok(Err(error)) => tracing::error!(%error, "an event loop has failed: cannot poll the sockets: {error}"),
            Err(_) => tracing::error!("an event loop has panicked"),
        }
        let incoming = mem::replace(&mut self.incoming, channel().1);
        incoming.try_iter().chain(self.registrations.drain()).for_each(Registration::give_up);
    }

    /// 1. Serves the connections whose deadline has passed, and sets the timer to the next.
    /// 2. Polls: waits for the timer, for the waker, or for sockets.
    /// 3. Notes what each socket has, then serves each connection once; those that yielded before come last, for a while.
    /// 4. Registers new connections.
    fn serve_all(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            self.poll(&mut events)?;
            // All of them before any is served: so the processor loads many connections from memory at the same time.
            for event in &events {
                if let Some(registration) = self.registrations.get_mut(event.token().0) {
                    registration.socket.notice(event);
                }
            }
            let waiting = self.busy.len();
            let mut is_woken = false;
            for event in &events {
                is_woken |= event.token() == WAKER;
                self.serve(event.token().0);
            }
            self.serve_busy(waiting);
            let incoming = if is_woken { self.wake_up() } else { Incoming::Open };
            self.shared.log.leave_out(mem::take(&mut self.unlogged));
            if incoming == Incoming::Closed {
                return Ok(());
            }
        }
    }

    /// Serves what is due, and polls. A poll that fails is tried again, but not at once, and not for ever.
    fn poll(&mut self, events: &mut Events) -> io::Result<()> {
        let mut failures = 0;
        loop {
            let wait = self.serve_due();
            let polled = self.shared.faults.check(Fault::Poll).and_then(|()| self.poll.poll(events, wait));
            match polled {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if failures < POLL_FAILURES => {
                    failures += 1;
                    tracing::error!(%error, "cannot poll the sockets: {error}; trying again in {POLL_PAUSE:?}");
                    thread::sleep(POLL_PAUSE);
                }
                polled => return polled,
            }
        }
    }

    /// Serves the connections whose deadline has passed; returns how long the poll may wait by itself.
    fn serve_due(&mut self) -> Option<Duration> {
        let now = Instant::now();
        if self.resume_at.is_some_and(|at| at <= now) {
            self.resume();
        }
        loop {
            let (deadline, index) = *self.deadlines.first()?;
            if deadline > now {
                let due = self.resume_at.map_or(deadline, |at| at.min(deadline));
                return if self.busy.is_empty() { self.timer.set(due, now) } else { Some(Duration::ZERO) };
            }
            let Some(registration) = self.registrations.get_mut(index) else { return Some(Duration::ZERO) };
            match registration.expire(&self.shared, now, &mut self.unlogged) {
                Status::Done => self.remove(index),
                _ => self.serve(index),
            }
        }
    }

    /// Serves the first `waiting` connections that have yielded, the longest waiting first, and goes back to the poll after a
    /// while: a connection that sends little waits for a slice of those that send much, however many they are.
    fn serve_busy(&mut self, waiting: usize) {
        let Some(end) = (waiting > 0).then(|| Instant::now() + BUSY_SLICE) else { return };
        for _ in 0..waiting {
            let Some(index) = self.busy.pop_front() else { return };
            if let Some(registration) = self.registrations.get_mut(index) {
                registration.is_busy = false;
            }
            self.serve(index);
            if Instant::now() >= end {
                return;
            }
        }
    }

    /// Reads again from those paused connections for which there is memory now.
    fn resume(&mut self) {
        self.resume_at = None;
        for index in mem::take(&mut self.paused) {
            match self.registrations.get_mut(index) {
                Some(registration) if registration.must_pause() => self.pause(index),
                Some(registration) => {
                    registration.is_paused = false;
                    self.serve(index);
                }
                None => {}
            }
        }
    }

    fn pause(&mut self, index: usize) {
        self.paused.push(index);
        self.resume_at.get_or_insert_with(|| Instant::now() + RETRY);
    }

    /// Takes in new connections, follows the shutdown, and answers the heartbeat.
    fn wake_up(&mut self) -> Incoming {
        self.pulse.answer();
        let _ = self.shared.faults.check(Fault::Panic);
        let incoming = loop {
            match self.incoming.try_recv() {
                Ok(registration) => self.register(registration),
                Err(TryRecvError::Empty) => break Incoming::Open,
                Err(TryRecvError::Disconnected) => break Incoming::Closed,
            }
        };
        if self.shared.shutdown.is_closed() {
            self.registrations.clear();
            self.deadlines.clear();
            self.busy.clear();
        } else if self.shared.shutdown.is_draining() {
            let all: Vec<_> = self.registrations.iter().map(|(index, _)| index).collect();
            for index in all {
                self.registrations[index].drain(&self.shared);
                self.serve(index);
            }
        }
        incoming
    }

    fn register(&mut self, mut registration: Registration) {
        let entry = self.registrations.vacant_entry();
        let index = entry.key();
        let registry = self.poll.registry();
        let registered = self
            .shared
            .faults
            .check(Fault::Register)
            .and_then(|()| registration.socket.register(registry, Token(index)));
        if let Err(error) = registered {
            tracing::error!(%error, "cannot poll a new connection's socket: {error}");
            self.pulse.fault();
            return registration.give_up();
        }
        registration.queued = registration.deadline();
        self.deadlines.insert((registration.queued, index));
        let has_input = registration.has_input();
        entry.insert(registration);
        if has_input {
            self.serve(index);
        }
    }

    /// Reads, answers and writes on one connection, unless its turn is still to come.
    fn serve(&mut self, index: usize) {
        let Some(registration) = self.registrations.get_mut(index) else { return };
        let was_paused = registration.is_paused;
        let status = match registration.is_busy {
            true => Status::NeedInput,
            false => registration.serve(&self.shared, &mut self.unlogged),
        };
        let (deadline, has_paused) = (registration.deadline(), registration.is_paused && !was_paused);
        if deadline != registration.queued {
            self.deadlines.remove(&(registration.queued, index));
            self.deadlines.insert((deadline, index));
            registration.queued = deadline;
        }
        match status {
            Status::NeedInput => {}
            Status::OutputFull => {
                if let Err(error) = registration.socket.watch_room(self.poll.registry(), Token(index)) {
                    tracing::error!(%error, "cannot poll a connection's socket: {error}");
                    self.pulse.fault();
                    self.remove(index);
                }
            }
            Status::Yield => {
                registration.is_busy = true;
                self.busy.push_back(index);
            }
            Status::Done => return self.remove(index),
        }
        if has_paused {
            self.pause(index);
        }
    }

    fn remove(&mut self, index: usize) {
        let Some(registration) = self.registrations.try_remove(index) else { return };
        if registration.is_busy {
            self.busy.retain(|busy| *busy != index);
        }
        self.deadlines.remove(&(registration.queued, index));
    }
}
