//! A server of the test's own, which ends with it.

use std::{net::SocketAddr, sync::Arc};

use server::{Config, Tls};

use super::{Client, Peer, within};

/// A real server on a free port of 127.0.0.1.
pub struct TestServer {
    pub address: SocketAddr,
    server: testkit::Server,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let server = testkit::Server::start(config).await.unwrap();
        Self { address: server.address, server }
    }

    /// The same with TLS on another address, which is returned.
    pub async fn with_tls(config: Config, tls: Arc<Tls>) -> (Self, SocketAddr) {
        let (server, tls_address) = testkit::Server::start_with_tls(config, tls).await.unwrap();
        (Self { address: server.address, server }, tls_address)
    }

    /// Opens a WebSocket at a path.
    pub async fn connect(&self, path: &str) -> Client {
        Client::connect(&self.server.websocket(path)).await
    }

    /// Opens a TCP connection.
    pub async fn peer(&self) -> Peer {
        Peer::connect(self.address).await
    }

    /// Starts the shutdown.
    pub fn signal(&self) {
        self.server.signal();
    }

    /// Starts the shutdown; the result completes at its end.
    pub fn stop(self) -> impl Future<Output = anyhow::Result<()>> {
        self.server.stop()
    }

    /// Shuts the server down and waits for its end.
    pub async fn stop_and_wait(self) {
        within("the server's end", self.stop()).await.unwrap();
    }
}
