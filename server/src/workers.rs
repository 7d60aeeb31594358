//! The threads that carry WebSockets. A connection stays at the worker that it got when it was accepted.

use std::{
    hint::black_box,
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use tokio::{
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{connection::Load, event_loop::EventLoopHandle, shared::Shared};

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

/// All workers of a server. None of them carries HTTP: that has the runtime to itself on which they were started, so that
/// handshakes and `/healthz` wait for no WebSocket.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
}

#[derive(Debug)]
struct Worker {
    engines: Engines,
    /// How many connections it carries.
    load: Arc<AtomicUsize>,
    /// Present if it has a thread of its own, which ends when this is dropped, with all that runs on it.
    _end: Option<oneshot::Sender<()>>,
}

/// The two ways to carry a WebSocket at one worker.
#[derive(Debug, Clone)]
pub(crate) struct Engines {
    /// Where its sessions go.
    pub(crate) runtime: Handle,
    /// Where its plain echoes go; `None` if there is no such loop on this system.
    pub(crate) event_loop: Option<Arc<EventLoopHandle>>,
}

impl Workers {
    /// Starts as many workers as the settings say, or one for each processor, or as many of them as the system allows.
    /// Each of `connections` is one that they carry.
    pub(crate) fn start(server: &Arc<Shared>, connections: &TaskTracker) -> Self {
        let count = server.config.workers.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let mut workers = Vec::new();
        while workers.len() < count.get() {
            match check_room().and_then(|()| Worker::start(server)) {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    let started = workers.len();
                    tracing::warn!(%error, "cannot start worker {} of {count}: {error}; going on with {started}", started + 1);
                    break;
                }
            }
        }
        if workers.is_empty() {
            tracing::warn!("WebSockets share the thread of HTTP");
            workers.push(Worker::new(Handle::current(), None, server));
        }
        Self { workers, connections: connections.clone() }
    }

    /// A place for a connection at the worker that has the fewest.
    pub(crate) fn place(&self) -> Option<Place> {
        let worker = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed))?;
        let (load, tracked) = (Load::add(&worker.load), self.connections.token());
        Some(Place { load, tracked, engines: worker.engines.clone() })
    }

    /// Wakes all event loops.
    pub(crate) fn wake(&self) {
        let event_loops = self.workers.iter().filter_map(|worker| worker.engines.event_loop.as_ref());
        event_loops.for_each(|event_loop| event_loop.wake());
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
    fn new(runtime: Handle, end: Option<oneshot::Sender<()>>, server: &Arc<Shared>) -> Self {
        let event_loop = EventLoopHandle::start(server).map(Arc::new);
        if let Err(error) = &event_loop {
            tracing::warn!(%error, "cannot start an event loop: {error}; every connection gets a task");
        }
        Self { engines: Engines { runtime, event_loop: event_loop.ok() }, load: Arc::default(), _end: end }
    }

    /// Starts a worker on a thread of its own.
    fn start(server: &Arc<Shared>) -> io::Result<Self> {
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
            runtime.map(|runtime| runtime.block_on(ended))
        };
        match thread::Builder::new().name("canyon-worker".to_owned()).spawn(run) {
            Ok(_) => drop(sender.send(runtime)),
            Err(error) => {
                runtime.shutdown_background();
                return Err(error);
            }
        }
        // Its memory is taken before somebody asks whether there is more. It tells by dropping its end.
        let _ = is_up.recv();
        Ok(Self::new(handle, Some(end), server))
    }
}

/// A connection's place at its worker.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) load: Load,
    /// The drain waits for it.
    pub(crate) tracked: TaskTrackerToken,
    pub(crate) engines: Engines,
}
