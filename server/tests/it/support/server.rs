//! A server of the test's own. Never outlives it.

use std::net::{Ipv4Addr, SocketAddr};

use server::Config;
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{Client, Peer, within};

/// A real server on a free port of 127.0.0.1.
pub struct TestServer {
    pub address: SocketAddr,
    stop: CancellationToken,
    stopped: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let stopped = tokio::spawn(server::serve(vec![listener], config, stop.clone().cancelled_owned()));
        Self { address, stop, stopped }
    }

    /// Opens a WebSocket at a path.
    pub async fn connect(&self, path: &str) -> Client {
        Client::connect(&format!("ws://{}{path}", self.address)).await
    }

    /// Opens a TCP connection.
    pub async fn peer(&self) -> Peer {
        Peer::connect(self.address).await
    }

    /// Tells the server to stop.
    pub fn signal(&self) {
        self.stop.cancel();
    }

    /// Tells the server to stop, and gives what completes when it has.
    pub fn stop(self) -> JoinHandle<()> {
        self.signal();
        self.stopped
    }

    /// Stops the server and waits until it has.
    pub async fn stop_and_wait(self) {
        within("the server's end", self.stop()).await.unwrap();
    }
}
