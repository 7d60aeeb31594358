//! A server of the test's own. Never outlives it.

use std::net::{Ipv4Addr, SocketAddr};

use server::Config;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{Client, Peer, within};

/// A real server on a free port of 127.0.0.1.
pub struct TestServer {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    stopped: JoinHandle<()>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::with(Config::default()).await
    }

    pub async fn with(config: Config) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, signal) = oneshot::channel();
        let stopped = tokio::spawn(server::serve(vec![listener], config, async { drop(signal.await) }));
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

    /// Tells the server to stop, and gives what completes when it has.
    pub fn stop(self) -> JoinHandle<()> {
        drop(self.stop);
        self.stopped
    }

    /// Stops the server and waits until it has.
    pub async fn stop_and_wait(self) {
        within("the server's end", self.stop()).await.unwrap();
    }
}
