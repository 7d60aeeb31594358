//! HTTP on the port: the page for browsers, the handshake for WebSockets, and an answer in words for everything else.
//! Never carries a WebSocket: once the handshake is answered the socket leaves here.

pub(crate) mod accept;
pub(crate) mod access;
pub(crate) mod admission;
mod answer;
pub(crate) mod attempts;
mod cors;
mod description;
mod echo;
mod events;
pub(crate) mod handshake;
pub(crate) mod headers;
mod health;
mod http1;
pub(crate) mod http2;
pub(crate) mod last_words;
mod metrics;
pub(crate) mod no_room;
pub(crate) mod opening;
mod page;
pub(crate) mod raw_head;
pub(crate) mod refusal;
mod refused;
mod requested;
mod responder;
pub(crate) mod subprotocol;
pub(crate) mod token;
mod turn_away;

use std::future;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;

use self::{handshake::Accepted, http1::Unanswered, last_words::last_words, opening::Opening, responder::Standing};
pub(crate) use self::{
    last_words::response,
    turn_away::{refuse_at_once, refuse_connection},
};
use crate::{
    peer::{Local, Peer},
    proxy,
    shared::Shared,
    transport::Transport,
    write_timeout::Progress,
};

/// Whose requests are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) peer: Peer,
    /// What it connected to.
    pub(crate) local: Local,
    /// The number of its connection.
    pub(crate) connection: u64,
}

/// What is left of a connection when HTTP has done its part.
pub(crate) struct Parts {
    pub(crate) transport: Transport,
    /// What the client sent behind its last request.
    pub(crate) rest: BytesMut,
    pub(crate) next: Next,
}

/// What comes after HTTP/1.1 on a connection.
pub(crate) enum Next {
    End,
    /// The last request was a handshake.
    WebSocket(Box<Accepted>),
    /// The client has begun with the preface of HTTP/2 instead of a request; it is in what is left.
    Http2,
}

/// Answers requests until the client leaves, one of them opens a WebSocket, or the server drains.
pub(crate) async fn serve(transport: Transport, client: Client, server: &Shared) -> Parts {
    let peer = client.peer;
    let (mut parts, error) = http1::serve(transport, client, server, Standing::Admitted, future::pending()).await;
    if let (Next::End, Some(Unanswered { error, status })) = (&parts.next, error)
        && (status.is_some() || parts.transport.progress() == Progress::Nothing)
    {
        if last_words::is_tls(&parts.rest) {
            server.log.tls_on_plain_port(peer, client.connection);
        } else if proxy::begins_as_header(&parts.rest) {
            server.log.unread_proxy_header(peer, client.connection);
        }
        let answer = last_words(&error, status, &parts.rest, server);
        // The connection ends now, however this write ends.
        let _ = parts.transport.write_all(answer.as_bytes()).await;
    }
    let Parts { transport, rest, next } = &mut parts;
    if let Next::WebSocket(special) = next
        && special.onward.is_none()
        && opening::is_special(special)
    {
        match opening::open(transport, rest, special, server).await {
            Ok(Opening::Open) => {}
            Ok(Opening::Ended) => *next = Next::End,
            Err(error) => {
                tracing::debug!(connection = client.connection, %error, "lost: {error}");
                *next = Next::End;
            }
        }
    }
    if let Next::WebSocket(accepted) = next
        && let Accepted { target, raw_head, request, peer, .. } = &mut **accepted
        && target.path() == wire::Path::Headers
    {
        *request = Some(description::of_handshake(target, raw_head, *peer, transport).to_string());
    }
    parts
}
