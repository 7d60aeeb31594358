//! Which engine carries a connection after its handshake. The choice is made once, and nothing travels back:
//! - the [event loop](crate::event_loop): what is echoed at once, over TCP, on systems that have such a loop;
//! - a [session](crate::session) in the connection's tokio task: everything else.

use std::{net::SocketAddr, sync::Arc};

use tokio::net::TcpStream;

use crate::{
    behaviour::Behaviour,
    connection::{Connected, Guards},
    event_loop::EventLoopHandle,
    http::{self, Stream},
    linger,
    protocol::Protocol,
    session::{self, FrameLayer},
    shared::Shared,
    write_timeout::{Progress, WriteTimeout},
};

/// Serves a new connection: HTTP, and perhaps a WebSocket, unless that goes to the event loop.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    guards: Guards,
    event_loop: Option<Arc<EventLoopHandle>>,
) {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // A socket without a local address is gone already, as the first read would tell.
    let Ok(local) = stream.local_addr() else { return };
    let stream = WriteTimeout::new(stream, *shared.config.limits.write_timeout);
    let http::Parts { stream, rest: read_ahead, accepted } = http::serve(stream, local.ip(), &shared).await;
    let Some(accepted) = accepted else { return close(stream).await };
    let connected = Connected::new(peer, Arc::clone(&shared));
    let behaviour = Behaviour::new(accepted.behaviour, fastrand::u64(..));
    let limits = shared.frame_limits();
    if let (Some(event_loop), Some(reply)) = (event_loop, behaviour.reply()) {
        let protocol = Protocol::new(read_ahead, limits, accepted.deflate);
        event_loop.register(stream.into_inner(), protocol, reply, connected, guards).await;
        return;
    }
    let frames = FrameLayer::new(stream, read_ahead, limits, accepted.deflate);
    // Boxed, so that the task of a connection that leaves for the event loop has no room for it.
    let stream = Box::pin(session::run(frames, behaviour, connected, shared)).await;
    close(stream).await;
    drop(guards);
}

async fn close(stream: Stream) {
    if stream.progress() == Progress::TimedOut {
        // The system forgets what the peer does not read: the connection is reset.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        linger::close(stream.into_inner()).await;
    }
}
