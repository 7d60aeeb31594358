//! Which engine carries a connection after its handshake. The choice is made once, and nothing travels back:
//! - the [event loop](crate::event_loop): what is echoed at once, without TLS, on systems that have such a loop;
//! - a [session](crate::session) in a tokio task of the worker: everything else.

use std::{io, mem, sync::Arc};

use bytes::BytesMut;
use hyper::StatusCode;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::oneshot,
    time::timeout,
};

use crate::{
    behaviour::Behaviour,
    budget::CONNECTION,
    connection::{Connected, Guards},
    http::{
        self, Next,
        handshake::{Accepted, Route},
        http2,
        no_room::NoRoom,
    },
    limit::Limit,
    linger,
    peer::{Local, Peer},
    protocol::{Protocol, Reply},
    proxy::{self, Named},
    relay::{self, middle, onward::Onward},
    session::{self, Farewell, FrameLayer, Meter, Opening},
    shared::Shared,
    socket::Socket,
    tls::Tls,
    traffic::Carrier,
    transport::Transport,
    workers::Worker,
    write_timeout::WriteTimeout,
};

/// Serves a new connection: TLS, if its listener has it, and HTTP on the runtime that this runs on, and perhaps a
/// WebSocket, which goes to an engine.
pub(crate) async fn serve(
    mut stream: Socket,
    tls: Option<Arc<Tls>>,
    proxy_or_client: Peer,
    shared: Arc<Shared>,
    mut guards: Guards,
    worker: Arc<Worker>,
) {
    stream.prepare();
    // A socket without a local address is gone already, as the first read would tell.
    let Ok(local) = stream.local() else { return };
    let (peer, local) = match introduce(&mut stream, proxy_or_client, local, &shared, &mut guards).await {
        Introduced::As(peer, local) => (peer, local),
        Introduced::NoRoom(peer, no_room) => {
            shared.totals.count_refusal(StatusCode::SERVICE_UNAVAILABLE, no_room.name());
            let (_awaited, is_evicted) = oneshot::channel();
            return http::refuse_connection(stream, peer, tls, &shared, no_room, is_evicted).await;
        }
        Introduced::Nobody => return,
    };
    let client = http::Client { peer, local, connection: guards.connection };
    let Some(transport) = secure(stream, tls.as_deref(), client, &guards, &shared).await else { return };
    let http::Parts { transport, rest: read_ahead, mut next } = if transport.has_agreed_on_http2() {
        http::Parts { transport, rest: BytesMut::new(), next: Next::Http2 }
    } else {
        http::serve(transport, client, &shared).await
    };
    if let Next::WebSocket(accepted) = &mut next
        && let Some(counted) = accepted.counted.take()
    {
        guards.counts_as(counted);
    }
    match next {
        Next::End => close(transport, &shared).await,
        Next::WebSocket(mut accepted) if accepted.onward.is_some() => {
            let Some(onward) = accepted.onward.take() else { return };
            let client = middle::Client { transport, read_ahead, accepted };
            worker.runtime().spawn(Arc::clone(&shared).shutdown.until_closed(pass_on(client, *onward, guards, shared)));
        }
        Next::WebSocket(accepted) => {
            carry(transport, read_ahead, WebSocket::new(*accepted, guards, shared), &worker).await;
        }
        Next::Http2 => {
            let ends_with = Arc::clone(&shared);
            let served = serve_http2(transport, read_ahead, client, guards, shared);
            worker.runtime().spawn(ends_with.shutdown.until_closed(served));
        }
    }
}

/// Does the TLS handshake, if the connection's listener has TLS; gives nothing where that fails.
async fn secure(
    stream: Socket,
    tls: Option<&Tls>,
    client: http::Client,
    guards: &Guards,
    shared: &Shared,
) -> Option<Transport> {
    let limits = &shared.config.limits;
    let stream = WriteTimeout::new(stream, *limits.write_timeout);
    let Some(tls) = tls else { return Some(Transport::Plain(stream)) };
    match tls.accept(stream, *limits.handshake_timeout, guards.charge_beside()).await {
        Ok(transport) => Some(transport),
        Err(error) => {
            if error.kind() == io::ErrorKind::TimedOut {
                shared.totals.limits.count(Limit::HandshakeTimeout);
            }
            shared.log.no_tls(client.peer, client.connection, &error);
            None
        }
    }
}

/// Whose connection it is.
enum Introduced {
    As(Peer, Local),
    /// There is no room for that client.
    NoRoom(Peer, NoRoom),
    /// Its proxy has not said it rightly.
    Nobody,
}

/// Learns from a trusted proxy, if the connection comes from one, for whom it is.
async fn introduce(stream: &mut Socket, peer: Peer, local: Local, shared: &Shared, guards: &mut Guards) -> Introduced {
    if !shared.config.proxies.expects_header(peer) {
        return Introduced::As(peer, local);
    }
    let (client, local) = match proxy::read_header(stream, *shared.config.limits.handshake_timeout).await {
        Ok(Named::Client(client, local)) => (client, local),
        Ok(Named::Proxy) => (peer, local),
        Err(error) => {
            if error.kind() == io::ErrorKind::TimedOut {
                shared.totals.limits.count(Limit::HandshakeTimeout);
            }
            shared.log.no_proxy_header(peer, guards.connection, &error);
            return Introduced::Nobody;
        }
    };
    if shared.config.proxies.forwards(client) {
        return Introduced::As(client, local);
    }
    match guards.count_for(client) {
        Ok(()) => Introduced::As(client, local),
        Err(no_room) => Introduced::NoRoom(client, no_room),
    }
}

/// Ends a connection, and counts the limit that it has reached, if that is why.
async fn close(transport: Transport, shared: &Shared) {
    if transport.has_timed_out() {
        shared.totals.limits.count(Limit::WriteTimeout);
    }
    transport.close().await;
}

/// A WebSocket on its way to its engine.
struct WebSocket {
    accepted: Accepted,
    behaviour: Behaviour,
    connected: Connected,
    guards: Guards,
    shared: Arc<Shared>,
}

impl WebSocket {
    fn new(accepted: Accepted, guards: Guards, shared: Arc<Shared>) -> Self {
        let behaviour = Behaviour::new(&accepted.target, fastrand::u64(..));
        let connected = Connected::new(accepted.peer, guards.connection, Arc::clone(&shared));
        Self { accepted, behaviour, connected, guards, shared }
    }

    /// What the event loop answers, if it can. It tells nobody what it reads and writes.
    fn plain_reply(&self) -> Option<Reply> {
        let Accepted { route, tap, .. } = &self.accepted;
        if *route == Route::Relay || tap.is_some() { None } else { self.behaviour.reply() }
    }

    /// Carries it to its end, and gives the stream back to be closed.
    async fn run_session<S: AsyncRead + AsyncWrite + Unpin>(
        self,
        stream: S,
        read_ahead: BytesMut,
        has_hung_up: fn(&S) -> bool,
    ) -> (S, Farewell, Guards) {
        let Self { accepted, behaviour, mut connected, mut guards, shared } = self;
        let Accepted { mut tap, request, feed, route, deflate, .. } = accepted;
        connected.carried_by(Carrier::Session);
        if let Some(tap) = &mut tap {
            tap.received(&read_ahead);
        }
        let limits = match route {
            Route::Relay => relay::near_limits(shared.frame_limits()),
            Route::Behaviour | Route::Gateway => shared.frame_limits(),
        };
        let meter = Meter::new(mem::take(&mut guards.charge), *shared.config.limits.message_timeout);
        let frames = FrameLayer::new(stream, read_ahead, limits, deflate).with_meter(meter, has_hung_up).with_tap(tap);
        let (stream, farewell) = match route {
            Route::Relay => relay::serve(frames, &guards, connected, shared).await,
            Route::Behaviour | Route::Gateway => {
                session::run(frames, Opening { behaviour, request, feed }, connected, shared).await
            }
        };
        (stream, farewell, guards)
    }
}

/// Hands a WebSocket over to its engine.
async fn carry(transport: Transport, read_ahead: BytesMut, websocket: WebSocket, worker: &Worker) {
    let transport = match (transport, worker.event_loop(), websocket.plain_reply()) {
        (Transport::Plain(stream), Some(event_loop), Some(reply)) => {
            let WebSocket { accepted, mut connected, mut guards, shared, .. } = websocket;
            connected.carried_by(Carrier::EventLoop);
            // Less than HTTP may have taken: there is room for that.
            let _ = guards.charge.set(CONNECTION + read_ahead.capacity() as u64);
            let protocol = Protocol::new(reply, read_ahead, shared.frame_limits(), accepted.deflate);
            event_loop.register(stream.into_inner(), protocol, connected, guards).await;
            return;
        }
        (transport, ..) => transport,
    };
    let shared = Arc::clone(&websocket.shared);
    let ends_with = Arc::clone(&shared);
    worker.runtime().spawn(ends_with.shutdown.until_closed(async move {
        let transport = match transport.move_to_this_runtime(*websocket.shared.config.limits.write_timeout) {
            Ok(transport) => transport,
            Err(error) => return tracing::debug!(connection = websocket.guards.connection, %error, "lost: {error}"),
        };
        let (mut transport, farewell, guards) =
            websocket.run_session(transport, read_ahead, Transport::has_hung_up).await;
        if farewell == Farewell::Reset {
            transport.reset_at_end();
        }
        close(transport, &shared).await;
        drop(guards);
    }));
}

/// Connects a client to the other server of `canyon relay`, on the runtime that this runs on.
async fn pass_on(mut client: middle::Client, onward: Onward, mut guards: Guards, shared: Arc<Shared>) {
    client.transport = match client.transport.move_to_this_runtime(*shared.config.limits.write_timeout) {
        Ok(transport) => transport,
        Err(error) => return tracing::debug!(connection = guards.connection, %error, "lost: {error}"),
    };
    let transport = middle::serve(client, onward, &mut guards, Arc::clone(&shared)).await;
    close(transport, &shared).await;
    drop(guards);
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
    let context = Arc::clone(&shared);
    let open = move |accepted: Accepted, stream: http2::Stream, guards: Guards| {
        let websocket = WebSocket::new(accepted, guards, Arc::clone(&context));
        async move {
            // A reset is the end of the stream here: hyper has no other.
            let (mut stream, _, guards) =
                websocket.run_session(stream, BytesMut::new(), http2::Stream::has_hung_up).await;
            // Whatever happens now, the stream ends here.
            let _ = timeout(linger::TIME, stream.shutdown()).await;
            drop(guards);
        }
    };
    if let Some(transport) = http2::serve(transport, read_ahead, client, guards, shared, open).await {
        transport.close().await;
    }
}
