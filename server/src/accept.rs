//! From listening sockets to connections, and the server's own start and end. Never looks into what a connection carries.

use std::{future::Future, io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::{
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::protocol::{Role, WebSocketConfig},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    behaviour::Behaviour, config::Config, handshake::Accepted, http, linger, message_log::MessageLog, session::Session,
};

/// How long accepting pauses when the system is out of file descriptors or memory.
const PAUSE: Duration = Duration::from_secs(1);

/// What all connections share.
#[derive(Debug, Default)]
struct Server {
    config: Config,
    log: MessageLog,
    /// When cancelled, connections come to an end by themselves.
    shutdown: CancellationToken,
    /// When cancelled, connections are dropped as they are.
    cut: CancellationToken,
}

/// Serves until `shutdown` comes; then every client gets close code 1001, and after at most
/// [`Config::drain_timeout`] nothing of the server is left.
pub async fn serve(listeners: Vec<TcpListener>, config: Config, shutdown: impl Future<Output = ()>) {
    let server = Arc::new(Server { config, ..Server::default() });
    let connections = TaskTracker::new();
    tokio::select! {
        () = shutdown => {}
        _ = join_all(listeners.iter().map(|listener| accept(listener, &server, &connections))) => {}
        () = server.log.run() => {}
    }
    drop(listeners);
    server.shutdown.cancel();
    connections.close();
    if timeout(*server.config.drain_timeout, connections.wait()).await.is_err() {
        tracing::warn!("{} clients did not leave in {}; cut off", connections.len(), server.config.drain_timeout);
        server.cut.cancel();
        connections.wait().await;
    }
}

async fn accept(listener: &TcpListener, server: &Arc<Server>, connections: &TaskTracker) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let server = Arc::clone(server);
                connections.spawn(async move {
                    tokio::select! {
                        () = server.cut.cancelled() => {}
                        () = connect(stream, peer, &server) => {}
                    }
                });
            }
            // The client gave up before it was accepted; the next one may be there already.
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                tracing::error!(%error, "cannot accept connections: {error}; trying again in {PAUSE:?}");
                sleep(PAUSE).await;
            }
        }
    }
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// A connection's whole life: HTTP, perhaps a WebSocket, and the close.
async fn connect(stream: TcpStream, peer: SocketAddr, server: &Server) {
    // Answers are written whole, so waiting for more to send (Nagle) would only delay them; without it all still works.
    let _ = stream.set_nodelay(true);
    let http::Parts { stream, rest, accepted } = http::serve(stream, &server.config, &server.shutdown).await;
    let stream = match accepted {
        Some(Accepted { behaviour, .. }) => {
            let _connected = Connected::new(peer);
            let limits = limits(&server.config);
            let socket = WebSocketStream::from_partially_read(stream, rest.into(), Role::Server, Some(limits)).await;
            let behaviour = Behaviour::new(behaviour, fastrand::u64(..));
            Session::new(socket, behaviour, &server.config, &server.log, &server.shutdown).run().await
        }
        None => stream,
    };
    linger::close(stream).await;
}

/// tungstenite's settings. A small read buffer, because it is allocated for every connection and cleared for every read;
/// a bound on what waits to be written, because pings are answered even to a peer that never reads.
fn limits(config: &Config) -> WebSocketConfig {
    let message = usize::try_from(config.max_message_size.as_u64()).unwrap_or(usize::MAX);
    let write_buffer = 64 * 1024;
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(write_buffer)
        .max_write_buffer_size(message.saturating_add(4 * write_buffer))
        .max_message_size(Some(message))
        .max_frame_size(Some(message))
}

/// Says when a client comes and, however it leaves, when it is gone.
struct Connected(SocketAddr);

impl Connected {
    fn new(peer: SocketAddr) -> Self {
        tracing::info!(%peer, "Client connected from {peer}");
        Self(peer)
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        tracing::info!(peer = %self.0, "Client {} disconnected", self.0);
    }
}
