//! Which engine carries a connection after its handshake. The choice is made once, and nothing travels back:
//! - the [event loop](crate::event_loop): what is echoed at once, over plain TCP, on systems that have such a loop;
//! - a [session](crate::session) in a tokio task of the worker: everything else.

use std::{mem, net::SocketAddr, sync::Arc};

use bytes::BytesMut;
use socket2::SockRef;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use crate::{
    behaviour::Behaviour,
    budget::CONNECTION,
    connection::{Connected, Guards},
    http::{
        self, Next,
        handshake::{Accepted, Route},
        http2,
    },
    linger,
    protocol::Protocol,
    relay,
    session::{self, Farewell, FrameLayer, Meter, Opening},
    shared::Shared,
    tls::Tls,
    traffic::Carrier,
    transport::Transport,
    workers::Worker,
    write_timeout::WriteTimeout,
};

/// Serves a new connection: TLS, if its listener has it, and HTTP on the runtime that this runs on, and perhaps a
/// WebSocket, which goes to an engine.
pub(crate) async fn serve(
    stream: TcpStream,
    tls: Option<Arc<Tls>>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    guards: Guards,
    worker: Arc<Worker>,
) {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // An urgent byte is one of the stream (RFC 6093, 5): without it, a frame would lack a byte.
    let _ = SockRef::from(&stream).set_out_of_band_inline(true);
    // A socket without a local address is gone already, as the first read would tell.
    let Ok(local) = stream.local_addr() else { return };
    let limits = &shared.config.limits;
    let stream = WriteTimeout::new(stream, *limits.write_timeout);
    let transport = match &tls {
        None => Transport::Tcp(stream),
        Some(tls) => match tls.accept(stream, local, *limits.handshake_timeout).await {
            Ok(transport) => transport,
            Err(error) => return shared.log.no_tls(peer, guards.connection, &error),
        },
    };
    let http::Parts { transport, rest: read_ahead, next } = if transport.has_agreed_on_http2() {
        http::Parts { transport, rest: BytesMut::new(), next: Next::Http2 }
    } else {
        let client = http::Client { peer, local: local.ip(), connection: guards.connection };
        http::serve(transport, client, &shared).await
    };
    match next {
        Next::End => transport.close().await,
        Next::WebSocket(accepted) => carry(transport, read_ahead, accepted, peer, shared, guards, &worker).await,
        Next::Http2 => {
            let client = http::Client { peer, local: local.ip(), connection: guards.connection };
            let ends_with = Arc::clone(&shared);
            worker
                .runtime()
                .spawn(ends_with.shutdown.until_closed(serve_http2(transport, read_ahead, client, guards, shared)));
        }
    }
}

/// Hands a WebSocket over to its engine.
async fn carry(
    transport: Transport,
    read_ahead: BytesMut,
    accepted: Box<Accepted>,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut guards: Guards,
    worker: &Worker,
) {
    let mut connected = Connected::new(peer, guards.connection, Arc::clone(&shared));
    let behaviour = Behaviour::new(&accepted.target, fastrand::u64(..));
    let limits = shared.frame_limits();
    let reply = if accepted.route == Route::Relay { None } else { behaviour.reply() };
    let transport = match (transport, worker.event_loop(), reply) {
        // The event loop tells nobody what it reads and writes.
        (Transport::Tcp(stream), Some(event_loop), Some(reply)) if accepted.tap.is_none() => {
            connected.carried_by(Carrier::EventLoop);
            // Less than HTTP may have taken: there is room for that.
            let _ = guards.charge.set(CONNECTION + read_ahead.capacity() as u64);
            let protocol = Protocol::new(read_ahead, limits, accepted.deflate);
            event_loop.register(stream.into_inner(), protocol, reply, connected, guards).await;
            return;
        }
        (transport, ..) => transport,
    };
    connected.carried_by(Carrier::Session);
    let agreed = accepted.deflate;
    let ends_with = Arc::clone(&shared);
    worker.runtime().spawn(ends_with.shutdown.until_closed(async move {
        let transport = match transport.move_to_this_runtime(*shared.config.limits.write_timeout) {
            Ok(transport) => transport,
            Err(error) => return tracing::debug!(connection = guards.connection, %error, "lost: {error}"),
        };
        let meter = Meter::new(mem::take(&mut guards.charge), *shared.config.limits.message_timeout);
        let Accepted { mut tap, request, feed, route, .. } = *accepted;
        if let Some(tap) = &mut tap {
            tap.received(&read_ahead);
        }
        let limits = if route == Route::Relay { relay::near_limits(limits) } else { limits };
        let frames = FrameLayer::new(transport, read_ahead, limits, agreed).with_meter(meter, Transport::has_hung_up);
        let frames = frames.with_tap(tap);
        let (mut transport, farewell) = match route {
            Route::Relay => relay::serve(frames, &guards, connected, shared).await,
            Route::Behaviour => session::run(frames, Opening { behaviour, request, feed }, connected, shared).await,
        };
        if farewell == Farewell::Reset {
            transport.reset_at_end();
        }
        transport.close().await;
        drop(guards);
    }));
}

/// Serves a connection of HTTP/2 on the runtime that this runs on, with a session for each WebSocket among its streams.
async fn serve_http2(
    transport: Transport,
    read_ahead: BytesMut,
    client: http::Client,
    guards: Guards,
    shared: Arc<Shared>,
) {
    let transport = match transport.move_to_this_runtime(*shared.config.limits.write_timeout) {
        Ok(transport) => transport,
        Err(error) => return tracing::debug!(connection = guards.connection, %error, "lost: {error}"),
    };
    let (peer, context) = (client.peer, Arc::clone(&shared));
    let open = move |accepted: Accepted, stream: http2::Stream, mut guards: Guards| {
        let shared = Arc::clone(&context);
        async move {
            let connected = Connected::new(peer, guards.connection, Arc::clone(&shared));
            let behaviour = Behaviour::new(&accepted.target, fastrand::u64(..));
            let opening = Opening { behaviour, request: accepted.request, feed: accepted.feed };
            let meter = Meter::new(mem::take(&mut guards.charge), *shared.config.limits.message_timeout);
            let limits = shared.frame_limits();
            let limits = if accepted.route == Route::Relay { relay::near_limits(limits) } else { limits };
            let frames = FrameLayer::new(stream, BytesMut::new(), limits, accepted.deflate)
                .with_meter(meter, http2::Stream::has_hung_up)
                .with_tap(accepted.tap);
            // A reset is the end of the stream here: hyper has no other.
            let (mut stream, _) = match accepted.route {
                Route::Relay => relay::serve(frames, &guards, connected, shared).await,
                Route::Behaviour => session::run(frames, opening, connected, shared).await,
            };
            // Whatever happens now, the stream ends here.
            let _ = timeout(linger::TIME, stream.shutdown()).await;
            drop(guards);
        }
    };
    if let Some(transport) = http2::serve(transport, read_ahead, client, guards, shared, open).await {
        transport.close().await;
    }
}
