//! Connections for which there is no room: each gets one answer, and not for long.

use std::{net::Shutdown, pin::pin, sync::Arc, time::Duration};

use futures_util::FutureExt;
use hyper::StatusCode;
use tokio::{io::AsyncWriteExt, sync::oneshot};

use super::{Client, Parts, http1, last_words::response, no_room::NoRoom, refused::RETRY, responder::Standing};
use crate::{
    budget::Charge,
    peer::Peer,
    shared::Shared,
    socket::Socket,
    tls::{self, Tls},
    transport::Transport,
    write_timeout::{Progress, WriteTimeout},
};

/// As much of a request as is thrown away for the client's sake where it is refused at once, in bytes.
const UNREAD: usize = 4096;

/// The time that a client for which there is no room has for its request, and again for reading the answer.
pub(super) const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// Answers one request of a client for which there is no room: `/healthz` as always, anything else with 503. It has a
/// second for that, another for a TLS handshake before, or until `is_evicted` completes because others wait for the same.
pub(crate) async fn refuse_connection(
    stream: Socket,
    peer: Peer,
    tls: Option<Arc<Tls>>,
    server: &Shared,
    no_room: NoRoom,
    mut is_evicted: oneshot::Receiver<()>,
) {
    let Ok(local) = stream.local() else { return };
    let stream = WriteTimeout::new(stream, REFUSAL_TIME);
    let transport = match tls {
        None => Transport::Plain(stream),
        Some(tls) => tokio::select! {
            accepted = tls.accept(stream, REFUSAL_TIME, Charge::default()) => match accepted {
                Ok(transport) => transport,
                Err(_) => return,
            },
            _ = &mut is_evicted => return,
        },
    };
    let evicted = async { drop((&mut is_evicted).await) };
    let client = Client { peer, local, connection: server.inspect.number() };
    let (Parts { mut transport, .. }, _) =
        http1::serve(transport, client, server, Standing::Refused(no_room), evicted).await;
    if transport.progress() == Progress::Nothing {
        // A new socket has room for these few bytes; if not, the client gets the close alone.
        let _ = transport.write_all(refusal_in_bytes(no_room).as_bytes()).now_or_never();
    }
    let mut close = pin!(transport.close());
    // The first poll ends the server's side, and throws away what has come.
    if close.as_mut().now_or_never().is_none() && !is_evicted.is_terminated() {
        tokio::select! {
            () = close => {}
            _ = is_evicted => {}
        }
    }
}

/// Tells a client without reading anything of it that there is no room for it, over TLS by an alert.
pub(crate) fn refuse_at_once(stream: &Socket, tls: Option<&Tls>, no_room: NoRoom) {
    // A new socket has room for these few bytes; if not, the client gets the close alone.
    let _ = match tls {
        None => stream.try_write(refusal_in_bytes(no_room).as_bytes()),
        Some(_) => stream.try_write(&tls::NO_ROOM),
    };
    let _ = stream.options().shutdown(Shutdown::Write);
    // A socket that is closed with unread bytes in it is reset, which can take the answer from the client.
    let _ = stream.try_read(&mut [0; UNREAD]);
}

fn refusal_in_bytes(no_room: NoRoom) -> String {
    let headers = format!("retry-after: {RETRY}\r\n");
    response(StatusCode::SERVICE_UNAVAILABLE, &headers, &no_room.to_string())
}
