//! Canyon's server in this process.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use anyhow::{Context, Result};
use server::{Config, Listeners, Tls};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// A server on a free port of 127.0.0.1. It ends with the runtime, or when it is stopped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts a server with these settings.
    pub async fn start(config: Config) -> Result<Self> {
        Self::serve(config, None).await
    }

    /// Starts a server with these settings and TLS on another port, which is returned.
    pub async fn start_with_tls(config: Config, tls: Arc<Tls>) -> Result<(Self, SocketAddr)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok((Self::serve(config, Some((vec![listener], tls))).await?, address))
    }

    async fn serve(config: Config, tls: Option<(Vec<TcpListener>, Arc<Tls>)>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let listeners = Listeners { plain: vec![listener.into()], tls };
        let task = tokio::spawn(server::serve(listeners, config, stop.clone().cancelled_owned()));
        Ok(Self { address, stop, task })
    }

    /// The URL of a WebSocket at a path, which begins with a slash.
    pub fn websocket(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }

    /// Where the page is.
    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Starts the shutdown, as Ctrl-C does, and does not wait for its end.
    pub fn signal(&self) {
        self.stop.cancel();
    }

    /// Starts the shutdown at once; the result completes at its end.
    ///
    /// # Errors
    /// The server panicked.
    pub fn stop(self) -> impl Future<Output = Result<()>> {
        self.signal();
        async { self.task.await.context("the server panicked") }
    }
}
