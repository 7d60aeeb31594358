//! The wire made visible: what each request, response and frame was, told to those who watch a connection
//! (`/inspect/{id}`) and written to a file (`--record`). A connection that nobody may watch has no [`Tap`], and pays nothing.

mod frames;
mod record;
mod tap;
mod watch;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hyper::Uri;
use wire::{
    InspectId,
    event::{Event, Happened},
};

use crate::{
    budget::{Budget, Charge},
    peer::Source,
};
pub use record::{Recorder, Recording, RecordingError};
pub(crate) use tap::{Plain, Tap, headers};
pub(crate) use watch::{Full, Over, Watcher};
use watch::{Inspected, Inspections};

/// The paths of those who watch.
const WATCHERS: &str = "/inspect/";

/// Whether a path is of those who watch.
pub(crate) fn is_watcher(path: &str) -> bool {
    path.starts_with(WATCHERS)
}

/// The id that a query has, if there is one.
fn id(query: &str) -> Option<InspectId> {
    let name = wire::Parameter::Inspect.name();
    if !query.contains(name) {
        return None;
    }
    wire::form::pairs(query).find(|(given, _)| given == name)?.1.parse().ok()
}

/// All of a server that watches its connections.
#[derive(Debug)]
pub(crate) struct Inspect {
    inspections: Arc<Inspections>,
    recorder: Option<Arc<Recorder>>,
    /// The memory of what waits to be written to the recording.
    _charge: Charge,
    clock: Clock,
    /// The number of the next connection.
    next: AtomicU64,
}

impl Inspect {
    /// `limit` is that of the budget, in bytes.
    pub(crate) fn new(budget: &Arc<Budget>, limit: u64, recorder: Option<Recorder>) -> Self {
        let mut charge = Charge::new(budget, None);
        if recorder.is_some() {
            // The smallest budget is larger.
            let _ = charge.set(record::WAITING as u64);
        }
        Self {
            inspections: Arc::new(Inspections::new(budget, limit)),
            recorder: recorder.map(Arc::new),
            _charge: charge,
            clock: Clock::start(),
            next: AtomicU64::new(1),
        }
    }

    /// A number for a new connection.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What is told about a connection of `peer` with that URL: to those who watch the id that it has, and to the recording,
    /// if there is one. The URL need not be right, but those who watch are not watched.
    ///
    /// # Errors
    /// There is no room for the id.
    pub(crate) fn tap(&self, url: &Uri, peer: impl Into<Source>, connection: u64) -> Result<Option<Tap>, Full> {
        let id = url.query().and_then(id);
        if (id.is_none() && self.recorder.is_none()) || is_watcher(url.path()) {
            return Ok(None);
        }
        let inspected = id.map(|id| self.inspections.inspect(&id, peer)).transpose()?;
        let sinks = Sinks { inspected, recorder: self.recorder.clone(), clock: self.clock };
        Ok(Some(Tap::new(connection, sinks)))
    }

    /// Watches the connections of an id, those that are there and those that come.
    ///
    /// # Errors
    /// There is no room for the id.
    pub(crate) fn watch(&self, id: &InspectId, peer: impl Into<Source>) -> Result<Watcher, Full> {
        self.inspections.watch(id, peer)
    }

    /// Forgets ids that have had no connection for a minute, for as long as it is polled.
    pub(crate) async fn run(&self) {
        self.inspections.run().await;
    }

    /// Ends the recording when all that waits is written.
    pub(crate) fn end(&self) {
        if let Some(recorder) = &self.recorder {
            recorder.end();
        }
    }
}

/// Where the events of a connection go.
#[derive(Debug)]
struct Sinks {
    inspected: Option<Inspected>,
    recorder: Option<Arc<Recorder>>,
    clock: Clock,
}

impl Sinks {
    fn tell(&self, connection: u64, at: u64, happened: Happened) {
        let event = Event { connection, at, happened };
        if let Some(inspected) = &self.inspected {
            inspected.tell(&event);
        }
        if let Some(recorder) = &self.recorder {
            recorder.record(event);
        }
    }
}

/// The system's time at the start, and from there the time that never goes back.
#[derive(Debug, Clone, Copy)]
struct Clock {
    unix: Duration,
    start: Instant,
}

impl Clock {
    fn start() -> Self {
        Self { unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(), start: Instant::now() }
    }

    /// Microseconds since 1970.
    fn now(&self) -> u64 {
        u64::try_from((self.unix + self.start.elapsed()).as_micros()).unwrap_or(u64::MAX)
    }
}
