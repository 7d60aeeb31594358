//! One connection's whole life: HTTP, perhaps a WebSocket, and the close. Never knows of any other connection.

use std::{net::SocketAddr, sync::Arc};

use bytes::BytesMut;
use tokio::net::TcpStream;

use crate::{
    behaviour::Behaviour,
    config::Limits,
    event_loop::socket::Socket,
    http::admission::Permit,
    http::handshake::Accepted,
    http::{self, Stream},
    linger,
    protocol::{self, FrameLayer},
    session::{Next, Session},
    shared::Shared,
    workers::Place,
    write_timeout::{Progress, WriteTimeout},
};

/// An open WebSocket, and what lasts as long as it does.
pub(crate) struct Connection {
    pub(crate) session: Session,
    connected: Connected,
    held: Held,
}

/// What a connection holds from beginning to end.
pub(crate) type Held = (Permit, Place);

/// Serves a new connection until it closes, or is a WebSocket that can rest.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, server: Arc<Shared>, held: Held) {
    let Some(http::Parts { stream, rest, accepted }) = answer(stream, &server).await else { return };
    let Some(accepted) = accepted else { return close(stream).await };
    let connection = Connection::open(stream, rest, accepted, peer, server, held);
    let next = connection.session.begin();
    connection.go_on(next).await;
}

impl Connection {
    fn open(
        stream: Stream,
        read_ahead: BytesMut,
        Accepted { behaviour, deflate, .. }: Accepted,
        peer: SocketAddr,
        server: Arc<Shared>,
        held: Held,
    ) -> Box<Self> {
        let connected = Connected::new(peer, Arc::clone(&server));
        let frames =
            FrameLayer::new(Socket::Awake(Box::new(stream)), read_ahead, frame_limits(&server.config.limits), deflate);
        let behaviour = Behaviour::new(behaviour, fastrand::u64(..));
        let session = Session::new(frames, behaviour, server, held.1.event_loop());
        Box::new(Self { session, connected, held })
    }

    /// Goes on until it can rest or has come to its end.
    pub(crate) async fn go_on(mut self: Box<Self>, mut next: Next) {
        loop {
            next = match next {
                Next::Rest => match self.rest() {
                    Ok(()) => return,
                    Err(connection) => {
                        self = connection;
                        Next::Converse
                    }
                },
                Next::Converse => self.session.converse().await,
                Next::Close => return self.close().await,
                Next::Drop => return,
            }
        }
    }

    /// Goes to the reactor, or comes back if there is none.
    fn rest(self: Box<Self>) -> Result<(), Box<Self>> {
        self.held.1.event_loop().enter(self)
    }

    async fn close(self: Box<Self>) {
        let Self { session, connected, held: _held } = *self;
        drop(connected);
        if let Socket::Awake(stream) = session.end() {
            close(*stream).await;
        }
    }
}

async fn answer(stream: TcpStream, server: &Shared) -> Option<http::Parts> {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    // A socket without a local address is gone already, which the first read will tell.
    let local = stream.local_addr().ok()?;
    let stream = WriteTimeout::new(stream, *server.config.limits.write_timeout);
    Some(http::serve(stream, local.ip(), server).await)
}

async fn close(stream: Stream) {
    if stream.progress() == Progress::TimedOut {
        // What the peer does not read shall not wait for it in the system either: the connection is reset.
        let _ = stream.into_inner().set_zero_linger();
    } else {
        linger::close(stream.into_inner()).await;
    }
}

fn frame_limits(limits: &Limits) -> protocol::Limits {
    protocol::Limits {
        message: limits.max_message_size.as_u64(),
        fragments: u32::try_from(limits.max_fragments.get()).unwrap_or(u32::MAX),
    }
}

/// Says when a client comes and, however it leaves, when it is gone.
struct Connected(SocketAddr, Arc<Shared>);

impl Connected {
    fn new(peer: SocketAddr, server: Arc<Shared>) -> Self {
        server.totals.opened.add(1);
        server.log.connected(peer);
        Self(peer, server)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.1.log.disconnected(self.0);
    }
}
