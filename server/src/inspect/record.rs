//! `--record FILE`: the events of all connections as lines of JSON, written by a thread of its own. Nobody waits for it:
//! what comes faster than the disk takes is left out, and counted in the file.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use wire::{
    ByteSize,
    event::{Event, Happened},
};

/// How many bytes of events wait for the disk.
pub(super) const WAITING: usize = 4 << 20;
/// How long the end waits for the disk.
const LAST_EVENTS: Duration = Duration::from_secs(1);

/// What is recorded, and how much.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Recording")]
pub struct Recording {
    /// Write what happens on the wire of all connections to this file, as lines of JSON; it is replaced. It has all that
    /// clients send in their heads, and the first 32 bytes of each frame
    #[arg(long, env = "CANYON_RECORD", value_name = "FILE")]
    pub record: Option<PathBuf>,

    /// Size at which the recording ends
    #[arg(long, env = "CANYON_RECORD_LIMIT", value_name = "SIZE", default_value = "1GiB", value_parser = crate::config::message_size)]
    pub record_limit: ByteSize,
}

/// The same as the command line's.
impl Default for Recording {
    fn default() -> Self {
        Self { record: None, record_limit: ByteSize::gib(1) }
    }
}

/// Why nothing is recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// Give a file in a folder that exists and may be written to.
    #[error("cannot record to {}", path.display())]
    File {
        /// The file as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system has no thread for it.
    #[error("cannot start a thread for the recording")]
    Thread(#[source] io::Error),
}

impl Recording {
    /// Begins the recording, if there is to be one.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn start(&self) -> Result<Option<Recorder>, RecordingError> {
        self.record.as_deref().map(|path| Recorder::start(path, self.record_limit)).transpose()
    }
}

/// Takes events for the file.
#[derive(Debug)]
pub struct Recorder {
    queue: Arc<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: Vec<Event>,
    /// Bytes of memory that they take.
    size: usize,
    /// Events that there was no room for since the last one that waits.
    missed: u64,
    is_writing: bool,
    /// Nothing more is written.
    is_over: bool,
}

impl Recorder {
    fn start(path: &Path, limit: ByteSize) -> Result<Self, RecordingError> {
        let failed = |source| RecordingError::File { path: path.to_owned(), source };
        let file = create(path).map_err(failed)?;
        let recorder = Self { queue: Arc::default() };
        let queue = Arc::clone(&recorder.queue);
        let path = path.to_owned();
        let write = move || queue.write(file, &path, limit);
        thread::Builder::new().name("canyon-record".to_owned()).spawn(write).map_err(RecordingError::Thread)?;
        Ok(recorder)
    }

    pub(super) fn record(&self, event: Event) {
        let mut state = self.queue.state();
        if state.is_over {
            return;
        }
        let size = event.size();
        if state.size + size > WAITING {
            state.missed += 1;
            return;
        }
        let missed = std::mem::take(&mut state.missed);
        if missed > 0 {
            let at = event.at;
            state.events.push(Event { connection: 0, at, happened: Happened::Missed { count: missed } });
        }
        state.size += size;
        state.events.push(event);
        self.queue.changed.notify_all();
    }

    /// Waits until all is written that has come so far, or the disk takes too long.
    pub(super) fn end(&self) {
        let is_busy = |state: &mut State| !state.is_over && (state.is_writing || !state.events.is_empty());
        drop(self.queue.changed.wait_timeout_while(self.queue.state(), LAST_EVENTS, is_busy));
    }
}

/// Ends the thread.
impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue.state().is_over = true;
        self.queue.changed.notify_all();
    }
}

impl Queue {
    /// Writes events as they come, until the file has its size, cannot be written to, or no more come.
    fn write(&self, mut file: File, path: &Path, limit: ByteSize) {
        let mut written = 0;
        let mut lines = Vec::new();
        loop {
            let is_idle = |state: &mut State| !state.is_over && state.events.is_empty();
            let mut state = self.changed.wait_while(self.state(), is_idle).unwrap_or_else(PoisonError::into_inner);
            let events = std::mem::take(&mut state.events);
            let is_over = state.is_over;
            state.size = 0;
            state.is_writing = true;
            drop(state);
            lines.clear();
            let is_full = !add_lines(&events, limit.as_u64().saturating_sub(written), &mut lines);
            written += lines.len() as u64;
            let result = file.write_all(&lines);
            if let Err(error) = &result {
                tracing::error!(%error, "cannot record to {}: {error}; the recording has ended", path.display());
            } else if is_full {
                tracing::warn!("the recording {} has its size, {limit}, and has ended", path.display());
            }
            let mut state = self.state();
            state.is_writing = false;
            state.is_over |= is_full || result.is_err();
            let is_over = is_over || state.is_over;
            if is_over {
                state.events = Vec::new();
            }
            drop(state);
            self.changed.notify_all();
            if is_over {
                return;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a line for each event, as long as they take at most so many bytes; returns whether they did.
fn add_lines(events: &[Event], most: u64, lines: &mut Vec<u8>) -> bool {
    for event in events {
        let line = event.to_string();
        if (lines.len() + line.len() + 1) as u64 > most {
            return false;
        }
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
    }
    true
}

/// A new file that only its owner reads, because heads have cookies and passwords in them.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
