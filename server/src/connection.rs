//! One connection's whole life: HTTP, perhaps a WebSocket, and the close. Never knows of any other connection.

use std::{net::SocketAddr, sync::Arc};

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
    // What comes before a WebSocket and after it is in boxes, so that it does not hold that room for as long as it lives.
    let Some(parts) = Box::pin(answer(stream, &server)).await else { return };
    let mut opened = open(parts, &server);
    if let Ok(session) = &mut opened {
        let _connected = Connected::new(peer, &server);
        session.run().await;
    }
    let stream = opened.map_or_else(|stream| stream, Session::into_stream);
    Box::pin(close(stream)).await;
}

async fn answer(stream: TcpStream, server: &Server) -> Option<http::Parts> {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // A socket without a local address is gone already, which the first read will tell.
    let local = stream.local_addr().ok()?;
    let stream = WriteTimeout::new(stream, *server.config.limits.write_timeout);
    Some(http::serve(stream, local.ip(), server).await)
}

/// The WebSocket, if the last request opened one; else the stream alone.
fn open(http::Parts { stream, rest, accepted }: http::Parts, server: &Server) -> Result<Session<'_, Stream>, Stream> {
    let Some(Accepted { behaviour, deflate, .. }) = accepted else { return Err(stream) };
    let frames = Frames::new(stream, rest, frame_limits(&server.config.limits), deflate);
    Ok(Session::new(frames, Behaviour::new(behaviour, fastrand::u64(..)), server))
}

async fn close(stream: Stream) {
    if stream.progress() == Progress::TimedOut {
        // What the peer does not read shall not wait for it in the system either: the connection is reset.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        linger::close(stream.into_inner()).await;
    }
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
    fn new(peer: SocketAddr, server: &'server Server) -> Self {
        server.totals.opened.add(1);
        server.log.connected(peer);
        Self(peer, &server.log)
    }
}

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.1.disconnected(self.0);
    }
}
