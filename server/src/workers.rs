//! The threads that carry connections: the one that accepts them, and one more for each further worker. Never moves a
//! connection from one to another.

use std::{
    io,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    net::TcpStream,
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
};
use tokio_util::task::TaskTracker;

/// How many tasks run between two looks at the sockets: as many as one look may find ready.
const EVENT_INTERVAL: u32 = 512;

/// A runtime as a worker wants it: all on one thread, so that nothing is handed from one processor to another.
///
/// # Errors
///
/// What the system said when it had no more descriptors or memory.
pub fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().event_interval(EVENT_INTERVAL).build()
}

/// All workers of a server; the first is the runtime that they were started on.
#[derive(Debug)]
pub(crate) struct Workers {
    workers: Vec<Worker>,
    connections: TaskTracker,
}

#[derive(Debug)]
struct Worker {
    thread: Option<Thread>,
    /// How many connections it carries.
    load: Arc<AtomicUsize>,
}

/// A runtime on a thread of its own. Dropped, it ends with all that runs on it.
#[derive(Debug)]
struct Thread {
    runtime: Handle,
    _end: oneshot::Sender<()>,
}

impl Workers {
    /// Starts that many workers, one for each processor if it is not said, or as many of them as the system allows.
    pub(crate) fn start(count: Option<NonZeroUsize>, connections: TaskTracker) -> Self {
        let count = count.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN);
        let mut workers = vec![Worker { thread: None, load: Arc::default() }];
        while workers.len() < count.get() {
            match Thread::start() {
                Ok(thread) => workers.push(Worker { thread: Some(thread), load: Arc::default() }),
                Err(error) => {
                    let started = workers.len();
                    tracing::warn!(%error, "cannot start worker {} of {count}: {error}; going on with {started}", started + 1);
                    break;
                }
            }
        }
        Self { workers, connections }
    }

    /// Has the worker with the fewest connections serve this one.
    pub(crate) fn serve<Served>(
        &self,
        stream: TcpStream,
        serve: impl FnOnce(TcpStream, Share) -> Served + Send + 'static,
    ) where
        Served: Future<Output = ()> + Send + 'static,
    {
        let Some(worker) = self.workers.iter().min_by_key(|worker| worker.load.load(Ordering::Relaxed)) else { return };
        let share = Share::of(worker);
        let Some(Thread { runtime, .. }) = &worker.thread else {
            self.connections.spawn(serve(stream, share));
            return;
        };
        let moved = {
            let _there = runtime.enter();
            stream.into_std().and_then(TcpStream::from_std)
        };
        // A socket that cannot be moved is dropped, as one that cannot be accepted is.
        if let Ok(stream) = moved {
            self.connections.spawn_on(serve(stream, share), runtime);
        }
    }
}

impl Thread {
    fn start() -> io::Result<Self> {
        let runtime = runtime()?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel();
        thread::Builder::new().name("canyon-worker".to_owned()).spawn(move || drop(runtime.block_on(ended)))?;
        Ok(Self { runtime: handle, _end: end })
    }
}

/// One connection in its worker's load, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share(Arc<AtomicUsize>);

impl Share {
    fn of(worker: &Worker) -> Self {
        worker.load.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(&worker.load))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
