//! Systems on which a socket cannot leave tokio: every connection has a session there.

use std::{io, sync::Arc};

use crate::{
    connection::{Connected, Guards},
    protocol::Protocol,
    pulse::Pulse,
    shared::Shared,
};

/// There is none.
#[derive(Debug)]
pub(crate) enum EventLoopHandle {}

impl EventLoopHandle {
    pub(crate) fn start(_: &Arc<Shared>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn has_ended(&self) -> bool {
        match *self {}
    }

    pub(crate) fn is_alive(&self) -> bool {
        match *self {}
    }

    pub(crate) fn pulse(&self) -> &Pulse {
        match *self {}
    }

    pub(crate) async fn register(&self, _: crate::socket::Socket, _: Protocol, _: Connected, _: Guards) {
        match *self {}
    }

    pub(crate) fn wake(&self) {
        match *self {}
    }
}
