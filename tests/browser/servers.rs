//! Servers for the page to meet: Canyon's own, and one that does what Canyon's never would.

use std::path::Path;

use anyhow::{Result, ensure};
use server::Config;
use testkit::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;

/// Where `trunk build` puts the page.
pub(crate) const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist");

/// Canyon's server on a port of its own, which serves the page, too.
pub(crate) async fn start() -> Result<Server> {
    ensure!(Path::new(DIST).join("index.html").exists(), "there is no page in dist/: run `trunk build` first");
    Server::start(Config::default()).await
}

/// A server that meets one client, after the handshake, in the way that the test says. Returns its address.
pub(crate) async fn peer<F>(meet: impl FnOnce(WebSocketStream<TcpStream>) -> F + Send + 'static) -> Result<String>
where
    F: Future<Output = Result<()>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("ws://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        meet(tokio_tungstenite::accept_async(stream).await?).await
    });
    Ok(address)
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(format!("ws://{}/", listener.local_addr()?))
}
