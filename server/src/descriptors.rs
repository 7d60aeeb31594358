//! How many connections the system's limit on file descriptors leaves room for.

use std::{fs, num::NonZeroUsize, thread};

use anyhow::Context;

/// What each worker takes beside its connections: two sets of sockets, what wakes them, and a timer.
const PER_WORKER: usize = 8;
/// What is for no connection that is served: clients that are being refused, and some to spare.
const SPARE: usize = 96;
/// Standard input, output and error, listeners, signals and the like, where the system does not tell what is open.
const USUAL: usize = 16;

/// Makes room for as many file descriptors as there may be connections, or lowers their number to the room there is;
/// gives the sentence that says so.
///
/// # Errors
/// The system does not tell its limit.
pub(crate) fn fit_connections(config: &mut server::Config) -> anyhow::Result<Option<String>> {
    let workers = config.workers.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZeroUsize::get);
    let taken = open().unwrap_or(USUAL) + workers * PER_WORKER + SPARE;
    let wanted = config.limits.max_connections;
    let descriptors = rlimit::increase_nofile_limit(wanted.get().saturating_add(taken) as u64)
        .context("cannot learn the limit on file descriptors")?;
    let room = usize::try_from(descriptors).unwrap_or(usize::MAX).saturating_sub(taken);
    let fitting = NonZeroUsize::new(room).unwrap_or(NonZeroUsize::MIN);
    if fitting >= wanted {
        return Ok(None);
    }
    config.limits.max_connections = fitting;
    Ok(Some(format!(
        "room for {fitting} connections, not {wanted}: the system allows {descriptors} file descriptors, of which {taken} \
         are for {workers} workers and the like"
    )))
}

/// How many file descriptors are open, those included that were there when the program started.
fn open() -> Option<usize> {
    Some(fs::read_dir("/dev/fd").ok()?.count())
}
