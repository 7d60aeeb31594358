//! What systemd gives the program and is told by it: listening sockets
//! ([sd_listen_fds](https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html)), and how the service does
//! ([sd_notify](https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html)). Without systemd all of it does nothing.

use std::future;

use anyhow::Context;
use listenfd::ListenFd;
use sd_notify::NotifyState;
use server::{Health, ListeningSocket};
use tokio::{
    net::{TcpListener, UnixListener},
    time::{MissedTickBehavior, interval},
};

/// The listening sockets that the service manager has opened for this process.
///
/// # Errors
/// One of them is neither a TCP nor a Unix socket that connections come to.
pub(crate) fn sockets() -> anyhow::Result<Vec<ListeningSocket>> {
    let mut handed_over = ListenFd::from_env();
    let mut sockets = Vec::new();
    for number in 0..handed_over.len() {
        let neither = || format!("socket {number} of the service manager is no TCP or Unix socket that listens");
        if let Ok(socket) = handed_over.take_tcp_listener(number) {
            let Some(socket) = socket else { continue };
            socket.set_nonblocking(true)?;
            sockets.push(TcpListener::from_std(socket)?.into());
        } else if let Some(socket) = handed_over.take_unix_listener(number).with_context(neither)? {
            socket.set_nonblocking(true)?;
            sockets.push(ListeningSocket::Unix(UnixListener::from_std(socket)?.into()));
        }
    }
    Ok(sockets)
}

/// Says that the server accepts connections.
pub(crate) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// Says that the server reads its certificate again; [`ready`] follows.
pub(crate) fn reloading() {
    // Without the time, systemd takes no notice of it.
    if let Ok(now) = NotifyState::monotonic_usec_now() {
        tell(&[NotifyState::Reloading, now]);
    }
}

/// Says that the server is about to end.
pub(crate) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Tells the watchdog twice in its time that the server is alive, as long as all of its threads answer.
pub(crate) async fn watchdog(health: Health) {
    let Some(time) = sd_notify::watchdog_enabled() else { return future::pending().await };
    let mut half = interval(time / 2);
    half.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        half.tick().await;
        if health.is_good() {
            tell(&[NotifyState::Watchdog]);
        }
    }
}

fn tell(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "cannot reach the service manager: {error}");
    }
}
