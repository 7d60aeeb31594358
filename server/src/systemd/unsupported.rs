//! Systems without systemd.

use std::future;

use server::{Health, ListeningSocket};

pub(crate) fn sockets() -> anyhow::Result<Vec<ListeningSocket>> {
    Ok(Vec::new())
}

pub(crate) fn ready() {}

pub(crate) fn reloading() {}

pub(crate) fn stopping() {}

pub(crate) async fn watchdog(_: Health) {
    future::pending().await
}
