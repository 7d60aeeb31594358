//! Which engine carries a connection after its handshake. The choice is made once, and nothing travels back:
//! - the [event loop](crate::event_loop): what is echoed at once, over TCP, on systems that have such a loop;
//! - a [session](crate::session) in a tokio task of the worker: everything else.

use std::{net::SocketAddr, sync::Arc};

use futures_util::FutureExt;
use socket2::SockRef;
use tokio::{io::Interest, net::TcpStream};

use crate::{
    behaviour::Behaviour,
    connection::{Connected, Guards},
    http::{self, Stream},
    linger,
    protocol::Protocol,
    session::{self, FrameLayer},
    shared::Shared,
    workers::Engines,
    write_timeout::{Progress, WriteTimeout},
};

/// Serves a new connection: HTTP on the runtime that this runs on, and perhaps a WebSocket, which goes to an engine.
pub(crate) async fn serve(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    guards: Guards,
    Engines { runtime, event_loop }: Engines,
) {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // An urgent byte is one of the stream (RFC 6093, 5): without it, a frame would lack a byte.
    let _ = SockRef::from(&stream).set_out_of_band_inline(true);
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
    let socket = match stream.into_inner().into_std() {
        Ok(socket) => socket,
        Err(error) => return tracing::debug!(%error, "lost: {error}"),
    };
    let agreed = accepted.deflate;
    let ends_with = Arc::clone(&shared);
    runtime.spawn(ends_with.shutdown.until_closed(async move {
        let stream = match TcpStream::from_std(socket) {
            Ok(stream) => WriteTimeout::new(stream, *shared.config.limits.write_timeout),
            Err(error) => return tracing::debug!(%error, "lost: {error}"),
        };
        let frames = FrameLayer::new(stream, read_ahead, limits, agreed);
        close(session::run(frames, has_hung_up, behaviour, connected, shared).await).await;
        drop(guards);
    }));
}

/// Whether the peer has ended or reset the connection. Nothing is read for that: what came before may still lie there.
fn has_hung_up(stream: &Stream) -> bool {
    let ready = stream.inner().ready(Interest::READABLE | Interest::ERROR).now_or_never();
    ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed() || ready.is_error()))
}

async fn close(stream: Stream) {
    if stream.progress() == Progress::TimedOut {
        // The system forgets what the peer does not read: the connection is reset.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        linger::close(stream.into_inner()).await;
    }
}
