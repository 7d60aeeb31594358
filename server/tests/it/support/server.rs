//! A server of the test's own, which ends with it.

use std::net::SocketAddr;

use server::Config;

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
