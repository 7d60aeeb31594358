//! Where the connections of a worker are at rest: those on which nothing but plain messages passes. None of them has a
//! task: the reactor asks for all their sockets at once, answers what has come, and gives a connection that needs more
//! than that to a task, which sends it back when all is said. Never waits for any of them.

#[cfg(unix)]
mod door;
#[cfg(unix)]
mod resting;
#[cfg(unix)]
mod seats;

use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use crate::{connection::Connection, http::Stream, server::Server, task::Task};

/// The way into a worker's reactor. Where there is none, every connection keeps a task.
#[derive(Debug, Clone)]
pub(crate) struct Entrance(UnboundedSender<Connection<Stream>>);

type Arrivals = UnboundedReceiver<Connection<Stream>>;

impl Entrance {
    /// Whether there is a reactor.
    pub(crate) fn is_open(&self) -> bool {
        !self.0.is_closed()
    }

    /// Lets a connection rest; it comes back where there is no reactor.
    pub(crate) fn enter(&self, connection: Connection<Stream>) -> Result<(), Box<Connection<Stream>>> {
        self.0.send(connection).map_err(|refused| Box::new(refused.0))
    }
}

/// Starts a worker's reactor, which lasts for as long as there is a way in; whoever is at rest holds it open.
pub(crate) fn start(runtime: &Handle, server: &Arc<Server>) -> Entrance {
    // Each connection is in there once at the most.
    let (entrance, arrivals) = unbounded_channel();
    watch(runtime, server, arrivals);
    Entrance(entrance)
}

#[cfg(unix)]
fn watch(runtime: &Handle, server: &Arc<Server>, arrivals: Arrivals) {
    let _there = runtime.enter();
    match seats::Seats::new(Arc::clone(server)) {
        Ok(seats) => drop(runtime.spawn(Task::new(seats.run(arrivals), Arc::clone(server)))),
        Err(error) => tracing::warn!(%error, "cannot watch sockets: {error}; every connection keeps a task"),
    }
}

/// Elsewhere a set of sockets is no source of events itself.
#[cfg(not(unix))]
fn watch(_: &Handle, _: &Arc<Server>, _: Arrivals) {}
