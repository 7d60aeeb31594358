//! One connection's whole life: HTTP, perhaps a WebSocket, and the close. Never knows of any other connection.

use std::{net::SocketAddr, sync::Arc};

use bytes::BytesMut;
use tokio::net::TcpStream;

use crate::{
    behaviour::Behaviour,
    config::Limits,
    frames::{self, Frames},
    handshake::Accepted,
    http::{self, Stream},
    linger,
    message_log::MessageLog,
    server::Server,
    session::Session,
    write_timeout::{Progress, WriteTimeout},
};

pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, server: Arc<Server>) {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // A socket without a local address is gone already, which the first read will tell.
    let Ok(local) = stream.local_addr() else { return };
    let stream = WriteTimeout::new(stream, *server.config.limits.write_timeout);
    // In a box, so that a WebSocket does not hold the room that HTTP needed for as long as it lives.
    let http::Parts { stream, rest, accepted } = Box::pin(http::serve(stream, local.ip(), &server)).await;
    let stream = match accepted {
        Some(accepted) => serve_websocket(stream, rest, accepted, peer, &server).await,
        None => stream,
    };
    if stream.progress() == Progress::TimedOut {
        // What the peer does not read shall not wait for it in the system either: the connection is reset.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        linger::close(stream.into_inner()).await;
    }
}

async fn serve_websocket(
    stream: Stream,
    rest: BytesMut,
    accepted: Accepted,
    peer: SocketAddr,
    server: &Server,
) -> Stream {
    let _connected = Connected::new(peer, &server.log);
    server.totals.opened.add(1);
    let Accepted { behaviour, deflate, .. } = accepted;
    let limits = &server.config.limits;
    let frames = Frames::new(stream, rest, frame_limits(limits), deflate);
    let behaviour = Behaviour::new(behaviour, fastrand::u64(..));
    Session::new(behaviour, server).run(frames).await.into_inner()
}

fn frame_limits(limits: &Limits) -> frames::Limits {
    frames::Limits {
        message: limits.max_message_size.as_u64(),
        fragments: u32::try_from(limits.max_fragments.get()).unwrap_or(u32::MAX),
    }
}

/// Says when a client comes and, however it leaves, when it is gone.
struct Connected<'server>(SocketAddr, &'server MessageLog);

impl<'server> Connected<'server> {
    fn new(peer: SocketAddr, log: &'server MessageLog) -> Self {
        log.connected(peer);
        Self(peer, log)
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.1.disconnected(self.0);
    }
}
