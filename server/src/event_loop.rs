//! Where the connections of a worker are at rest: those on which nothing but plain messages passes. None of them has a
//! task. A thread of their own asks for all their sockets at once, answers what has come, and gives a connection that
//! needs more than that to a task, which sends it back when all is said. Never waits for any of them.

#[cfg(unix)]
mod newcomers;
#[cfg(unix)]
mod registrations;
pub(crate) mod socket;
#[cfg(unix)]
mod timer;

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

#[cfg(unix)]
use crate::task::Task;
use crate::{connection::Connection, shared::Shared};

/// The way into a worker's reactor. Where there is none, every connection keeps a task.
#[derive(Debug, Clone)]
pub(crate) struct EventLoopHandle(UnboundedSender<Box<Connection>>);

type Incoming = UnboundedReceiver<Box<Connection>>;

impl EventLoopHandle {
    /// Whether there is a reactor.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// Lets a connection rest; it comes back where there is no reactor.
    pub(crate) fn enter(&self, connection: Box<Connection>) -> Result<(), Box<Connection>> {
        self.0.send(connection).map_err(|refused| refused.0)
    }
}

/// Starts a worker's reactor, which lasts until the server drains or the worker's runtime ends.
pub(crate) fn start(runtime: &Handle, server: &Arc<Shared>) -> EventLoopHandle {
    // Each connection is in there once at the most.
    let (event_loop, incoming) = unbounded_channel();
    watch(runtime, server, incoming);
    EventLoopHandle(event_loop)
}

#[cfg(unix)]
fn watch(runtime: &Handle, server: &Arc<Shared>, incoming: Incoming) {
    match registrations::start(runtime, server) {
        Ok(registrations) => {
            let door = newcomers::Newcomers::new(registrations, Arc::clone(server));
            drop(runtime.spawn(Task::new(door.run(incoming), Arc::clone(server))));
        }
        Err(error) => tracing::warn!(%error, "cannot watch sockets: {error}; every connection keeps a task"),
    }
}

/// Elsewhere a socket cannot go from one set of sockets to another.
#[cfg(not(unix))]
fn watch(_: &Handle, _: &Arc<Shared>, _: Incoming) {}
