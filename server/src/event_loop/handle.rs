//! The way to an event loop, for the tasks that hand connections over and for who watches its thread.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{SendError, Sender, channel},
    },
    thread::{self, JoinHandle},
};

use tokio::task::yield_now;

use super::{EventLoop, WAKER, registration::Registration};
use crate::{
    connection::{Connected, Guards},
    protocol::Protocol,
    pulse::Pulse,
    shared::Shared,
    socket::Socket,
};

/// The way to an event loop; the loop ends when this is dropped.
#[derive(Debug)]
pub(crate) struct EventLoopHandle {
    /// `None` only while this is dropped.
    incoming: Option<Sender<Registration>>,
    waker: Arc<mio::Waker>,
    /// Whether a connection that was handed over is about to wake the loop.
    pub(super) wakes_soon: AtomicBool,
    pulse: Arc<Pulse>,
    thread: Option<JoinHandle<()>>,
}

impl EventLoopHandle {
    /// Starts an event loop on a thread of its own.
    pub(crate) fn start(shared: &Arc<Shared>) -> io::Result<Self> {
        let (event_loop, mut handle) = Self::with_event_loop(shared)?;
        handle.thread = Some(thread::Builder::new().name("canyon-loop".to_owned()).spawn(move || event_loop.run())?);
        Ok(handle)
    }

    /// An event loop that does not run yet.
    pub(super) fn with_event_loop(shared: &Arc<Shared>) -> io::Result<(EventLoop, Self)> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        let pulse = Arc::new(Pulse::new());
        let (sender, incoming) = channel();
        let event_loop = EventLoop::new(poll, Arc::clone(shared), incoming, Arc::clone(&pulse), Arc::clone(&waker))?;
        let wakes_soon = AtomicBool::new(false);
        Ok((event_loop, Self { incoming: Some(sender), waker, wakes_soon, pulse, thread: None }))
    }

    /// Whether its thread has ended, although it should not.
    pub(crate) fn has_ended(&self) -> bool {
        self.thread.as_ref().is_some_and(JoinHandle::is_finished)
    }

    pub(crate) fn is_alive(&self) -> bool {
        !self.has_ended() && self.pulse.is_alive()
    }

    /// Where it answers heartbeats, for which it is [woken](Self::wake).
    pub(crate) fn pulse(&self) -> &Pulse {
        &self.pulse
    }

    /// Hands a connection over. If the loop has ended, it is closed with 1011.
    ///
    /// Those that come at the same time wake the loop together, when the worker's other tasks have run: each wake-up costs
    /// two switches between threads, a tenth of a handshake.
    pub(crate) async fn register(&self, stream: Socket, protocol: Protocol, connected: Connected, guards: Guards) {
        let connection = guards.connection;
        let registration = match Registration::new(stream, protocol, connected, guards) {
            Ok(registration) => registration,
            Err(error) => return tracing::debug!(connection, %error, "lost: {error}"),
        };
        let Some(incoming) = &self.incoming else { return };
        if let Err(SendError(registration)) = incoming.send(registration) {
            return registration.give_up();
        }
        if !self.wakes_soon.swap(true, Ordering::AcqRel) {
            let _wakes = WakesOnDrop(self);
            yield_now().await;
        }
    }

    /// Makes the loop look at what has come, and at how far the shutdown is.
    pub(crate) fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "cannot wake the event loop: {error}");
        }
    }
}

/// Wakes the loop at the end of a wait, also if the task that waits is dropped, as it is when the server closes.
struct WakesOnDrop<'handle>(&'handle EventLoopHandle);

impl Drop for WakesOnDrop<'_> {
    fn drop(&mut self) {
        self.0.wakes_soon.store(false, Ordering::Release);
        self.0.wake();
    }
}

impl Drop for EventLoopHandle {
    fn drop(&mut self) {
        self.incoming = None;
        self.wake();
    }
}
