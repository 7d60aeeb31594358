//! Systems on which a socket cannot leave tokio: every connection has a session there.

use std::{io, sync::Arc};

use tokio::net::TcpStream;

use crate::{
    connection::{Connected, Guards},
    protocol::{Protocol, Reply},
    shared::Shared,
};

/// There is none.
#[derive(Debug)]
pub(crate) enum EventLoopHandle {}

impl EventLoopHandle {
    pub(crate) fn start(_: &Arc<Shared>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) async fn register(&self, _: TcpStream, _: Protocol, _: Reply, _: Connected, _: Guards) {
        match *self {}
    }

    pub(crate) fn wake(&self) {
        match *self {}
    }
}
