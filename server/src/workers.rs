//! The threads that carry connections: the one that accepts them, and one more for each further worker. Never moves a
//! connection from one to another.

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
    net::TcpStream,
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};

use crate::{connection::Load, event_loop::EventLoopHandle, shared::Shared};

/// A runtime as a worker wants it: all on one thread, so that nothing is handed from one processor to another.
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

/// All workers of a server; the first is the runtime that they were started on.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
    server: Arc<Shared>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// Where its plain echoes go; `None` if there is no such loop on this system.
    event_loop: Option<Arc<EventLoopHandle>>,
    /// How many connections it carries.
    load: Arc<AtomicUsize>,
    /// There where it has a thread of its own, which ends when this is dropped, with all that runs on it.
    _end: Option<oneshot::Sender<()>>,
}

impl Workers {
    /// Starts as many workers as the settings say, or one for each processor, or as many of them as the system allows.
    /// Each of `connections` is one that they carry.
    pub(crate) fn start(server: &Arc<Shared>, connections: &TaskTracker) -> Self {
        let count = server.config.workers.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let mut workers = vec![Worker::new(Handle::current(), None, server)];
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
        Self { workers, connections: connections.clone(), server: Arc::clone(server) }
    }

    /// Has the worker with the fewest connections serve this one.
    pub(crate) fn serve<Served>(
        &self,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream, Place) -> Served + Send + 'static,
    ) where
        Served: Future<Output = ()> + Send + 'static,
    {
        let fewest = self.workers.iter().enumerate().min_by_key(|(_, worker)| worker.load.load(Ordering::Relaxed));
        let Some((index, worker)) = fewest else { return };
        let stream = match index {
            0 => Ok(stream),
            _ => {
                let _there = worker.runtime.enter();
                stream.into_std().and_then(TcpStream::from_std)
            }
        };
        // A socket that cannot be moved is dropped, as one that cannot be accepted is.
        if let Ok(stream) = stream {
            let place = Place {
                load: Load::add(&worker.load),
                tracked: self.connections.token(),
                event_loop: worker.event_loop.clone(),
            };
            worker.runtime.spawn(self.server.shutdown.until_closed(serve(stream, place)));
        }
    }

    /// Wakes all event loops.
    pub(crate) fn wake(&self) {
        self.workers.iter().filter_map(|worker| worker.event_loop.as_ref()).for_each(|event_loop| event_loop.wake());
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
        Self { runtime, event_loop: event_loop.ok(), load: Arc::default(), _end: end }
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
    pub(crate) event_loop: Option<Arc<EventLoopHandle>>,
}
