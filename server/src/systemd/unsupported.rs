//! Systems without systemd.

use std::{future, net::TcpListener};

use server::Health;

pub(crate) fn sockets() -> anyhow::Result<Vec<TcpListener>> {
    Ok(Vec::new())
}

pub(crate) fn ready() {}

pub(crate) fn reloading() {}

pub(crate) fn stopping() {}

pub(crate) async fn watchdog(_: Health) {
    future::pending().await
}
