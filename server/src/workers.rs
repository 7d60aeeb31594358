//! The threads that carry WebSockets. A connection stays at the worker that it got when it was accepted.

#[cfg(test)]
mod tests;

use std::{
    hint::black_box,
    io, iter,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    time::{MissedTickBehavior, interval},
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{connection::Load, event_loop::EventLoopHandle, pulse::Pulse, shared::Shared};

/// A runtime as this server wants it: all on one thread, so that nothing is handed from one processor to another.
///
/// # Errors
///
/// What the system said when it had no more descriptors or memory.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// What must be free for a further worker, in bytes: the stacks and heaps of its threads, and as much again, because a thread
/// that starts where nothing is free takes the program with it.
const ROOM: usize = 256 << 20;

/// How often each thread is asked whether it is alive.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(1);

/// All workers of a server. None of them carries HTTP: that has the runtime to itself on which they were started, so that
/// handshakes and `/healthz` wait for no WebSocket.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Arc<Worker>>,
    connections: TaskTracker,
}

/// Two threads that carry WebSockets: one for sessions, one for plain echoes.
#[derive(Debug)]
pub(crate) struct Worker {
    /// How many connections it carries.
    load: Arc<AtomicUsize>,
    engines: Mutex<Engines>,
}

/// The two ways to carry a WebSocket at one worker; one that fails is replaced.
#[derive(Debug)]
struct Engines {
    sessions: Sessions,
    /// `None` if there is no such loop on this system.
    event_loop: Option<Arc<EventLoopHandle>>,
}

/// Where a worker's sessions go.
#[derive(Debug)]
struct Sessions {
    runtime: Handle,
    /// `None` if they share the thread of HTTP.
    thread: Option<SessionThread>,
    pulse: Arc<Pulse>,
}

#[derive(Debug)]
struct SessionThread {
    thread: JoinHandle<()>,
    /// The thread ends when this is dropped, with all that runs on it.
    _end: oneshot::Sender<()>,
}

impl Workers {
    /// Starts as many workers as the settings say, or one for each processor, or as many of them as the system allows.
    /// Each of `connections` is one that they carry.
    pub(crate) fn start(server: &Arc<Shared>, connections: &TaskTracker) -> Self {
        let count = server.config.workers.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let mut workers = Vec::new();
        while workers.len() < count.get() {
            match check_room().and_then(|()| Sessions::start()) {
                Ok(sessions) => workers.push(Worker::new(sessions, server)),
                Err(error) => {
                    let started = workers.len();
                    tracing::warn!(%error, "cannot start worker {} of {count}: {error}; going on with {started}", started + 1);
                    break;
                }
            }
        }
        if workers.is_empty() {
            tracing::warn!("WebSockets share the thread of HTTP");
            let runtime = Handle::current();
            workers.push(Worker::new(Sessions { runtime, thread: None, pulse: Arc::new(Pulse::new()) }, server));
        }
        Self { workers, connections: connections.clone() }
    }

    /// A place for a connection at the worker that has the fewest; `None` if no worker is alive.
    pub(crate) fn place(&self) -> Option<Place> {
        let alive = self.workers.iter().filter(|worker| worker.engines().are_alive());
        let worker = alive.min_by_key(|worker| worker.load.load(Ordering::Relaxed))?;
        let (load, tracked) = (Load::add(&worker.load), self.connections.token());
        Some(Place { load, tracked, worker: Arc::clone(worker) })
    }

    /// Wakes all event loops.
    pub(crate) fn wake(&self) {
        self.workers.iter().filter_map(|worker| worker.event_loop()).for_each(|event_loop| event_loop.wake());
    }

    /// Asks all threads at each heartbeat whether they are alive, and starts those again that have failed, for as long as it
    /// is polled. `/healthz` reports how many workers are not alive.
    pub(crate) async fn supervise(&self, server: &Arc<Shared>, heartbeat: Duration) {
        let mut heartbeats = interval(heartbeat);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut were_alive = vec![true; self.workers.len()];
        loop {
            heartbeats.tick().await;
            for ((worker, was_alive), number) in iter::zip(&self.workers, &mut were_alive).zip(1..) {
                let is_alive = worker.engines().beat(server, number);
                match (*was_alive, is_alive) {
                    (true, false) => tracing::error!(number, "worker {number} has failed or does not answer"),
                    (false, true) => tracing::info!(number, "worker {number} answers again"),
                    _ => {}
                }
                *was_alive = is_alive;
            }
            let failed = were_alive.iter().filter(|alive| !**alive).count();
            server.failed_workers.store(failed, Ordering::Relaxed);
        }
    }
}

/// Checks that the address space has room for a further worker, where it is limited.
fn check_room() -> io::Result<()> {
    let mut room = Vec::<u8>::new();
    let reserved = room.try_reserve_exact(ROOM).map_err(|_| io::ErrorKind::OutOfMemory.into());
    // Without this it would be optimised away, because nobody uses it.
    black_box(room);
    reserved
}

impl Worker {
    fn new(sessions: Sessions, server: &Arc<Shared>) -> Arc<Self> {
        let event_loop = EventLoopHandle::start(server).map(Arc::new);
        if let Err(error) = &event_loop {
            tracing::warn!(%error, "cannot start an event loop: {error}; every connection gets a task");
        }
        let engines = Mutex::new(Engines { sessions, event_loop: event_loop.ok() });
        Arc::new(Self { load: Arc::default(), engines })
    }

    /// Where its sessions go.
    pub(crate) fn runtime(&self) -> Handle {
        self.engines().sessions.runtime.clone()
    }

    /// Where its plain echoes go; `None` if there is no such loop on this system.
    pub(crate) fn event_loop(&self) -> Option<Arc<EventLoopHandle>> {
        self.engines().event_loop.clone()
    }

    fn engines(&self) -> MutexGuard<'_, Engines> {
        // Each of its parts is replaced as a whole, so it is right even if something panicked meanwhile.
        self.engines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engines {
    fn are_alive(&self) -> bool {
        !self.sessions.has_ended()
            && self.sessions.pulse.is_alive()
            && self.event_loop.as_ref().is_none_or(|event_loop| event_loop.is_alive())
    }

    /// Starts what has ended, asks both whether they are alive, and returns whether they were.
    fn beat(&mut self, server: &Arc<Shared>, number: usize) -> bool {
        if self.sessions.has_ended() {
            server.totals.restarts.add(1);
            match Sessions::start() {
                Ok(sessions) => {
                    sessions.pulse.doubt();
                    sessions.ask();
                    self.sessions = sessions;
                }
                Err(error) => tracing::error!(%error, "cannot start worker {number} again: {error}"),
            }
        }
        if let Some(event_loop) = self.event_loop.as_mut().filter(|event_loop| event_loop.has_ended()) {
            server.totals.restarts.add(1);
            match EventLoopHandle::start(server) {
                Ok(new) => {
                    new.pulse().doubt();
                    new.wake();
                    *event_loop = Arc::new(new);
                }
                Err(error) => tracing::error!(%error, "cannot start the event loop of worker {number} again: {error}"),
            }
        }
        self.sessions.pulse.beat(|| self.sessions.ask());
        if let Some(event_loop) = &self.event_loop {
            event_loop.pulse().beat(|| event_loop.wake());
        }
        self.are_alive()
    }
}

impl Sessions {
    /// Starts a thread for sessions.
    fn start() -> io::Result<Self> {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        // The runtime follows once there is a thread: one that is dropped together with what could not be started would
        // wait for its end, which panics in here.
        let (sender, receiver) = mpsc::channel::<Runtime>();
        let (up, is_up) = mpsc::channel::<()>();
        let run = move || {
            let runtime = receiver.recv();
            drop(up);
            if let Ok(runtime) = runtime {
                let _ = runtime.block_on(ended);
            }
        };
        let thread = match thread::Builder::new().name("canyon-worker".to_owned()).spawn(run) {
            Ok(thread) => thread,
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        };
        drop(sender.send(runtime));
        // Its memory is taken before somebody asks whether there is more. It reports that by dropping its end.
        let _ = is_up.recv();
        let thread = Some(SessionThread { thread, _end: end });
        Ok(Self { runtime: handle, thread, pulse: Arc::new(Pulse::new()) })
    }

    fn has_ended(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.thread.is_finished())
    }

    fn ask(&self) {
        let pulse = Arc::clone(&self.pulse);
        self.runtime.spawn(async move { pulse.answer() });
    }
}

/// A connection's place at its worker.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) load: Load,
    /// The drain waits for it.
    pub(crate) tracked: TaskTrackerToken,
    pub(crate) worker: Arc<Worker>,
}
