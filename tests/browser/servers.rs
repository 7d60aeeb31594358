//! Servers for the page to connect to: Canyon's own, and peers that a test scripts.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use server::Config;
use testkit::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

/// Where `trunk build` puts the page.
pub(crate) const DIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../dist");

/// Canyon's server on a port of its own, which serves the page, too.
pub(crate) async fn start() -> Result<Server> {
    ensure!(Path::new(DIST).join("index.html").exists(), "there is no page in dist/: run `trunk build` first");
    Server::start(Config::default()).await
}

/// A server for one client: `serve` runs after the handshake. Returns its address.
pub(crate) async fn peer<F>(serve: impl FnOnce(WebSocketStream<TcpStream>) -> F + Send + 'static) -> Result<String>
where
    F: Future<Output = Result<()>> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("ws://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        serve(tokio_tungstenite::accept_async(stream).await?).await
    });
    Ok(address)
}

/// The number of messages in one write of a [`Flood`].
pub(crate) const TOGETHER: u32 = 500;

/// A server that sends text messages of one size to one client, as fast as the client takes them.
pub(crate) struct Flood {
    /// Its URL.
    pub(crate) address: String,
    counts: mpsc::Sender<u32>,
}

impl Flood {
    /// Waits for its client. Sending is cheap, because the frames are made once.
    pub(crate) async fn start(size: usize) -> Result<Self> {
        let mut frames = Vec::new();
        for _ in 0..TOGETHER {
            Frame::message(vec![b'x'; size], OpCode::Data(Data::Text), true).format(&mut frames)?;
        }
        let (counts, mut count) = mpsc::channel(1);
        let address = peer(async move |mut client| {
            while let Some(count) = count.recv().await {
                for _ in 0..count / TOGETHER {
                    client.get_mut().write_all(&frames).await?;
                }
            }
            Ok(())
        })
        .await?;
        Ok(Self { address, counts })
    }

    /// Starts sending this many messages, a multiple of [`TOGETHER`].
    pub(crate) async fn send(&self, messages: u32) -> Result<()> {
        self.counts.send(messages).await.context("the client is gone")
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    Ok(format!("ws://{}/", listener.local_addr()?))
}
