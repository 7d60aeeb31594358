//! Servers for the page to meet: Canyon's own, and one that does what Canyon's never would.

use anyhow::{Context, Result, ensure};
use server::Config;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;

/// Canyon's server on a port of its own, which serves the page, too.
pub(crate) struct Server {
    port: u16,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start() -> Result<Self> {
        ensure!(
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("dist/index.html").exists(),
            "there is no page in dist/: run `trunk build` first"
        );
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        let (stop, stopped) = oneshot::channel();
        let shutdown = async { drop(stopped.await) };
        let task = tokio::spawn(server::serve(vec![listener], Config::default(), shutdown));
        Ok(Self { port, stop, task })
    }

    /// Where the page is.
    pub(crate) fn page(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Where the server is, with that path.
    pub(crate) fn websocket(&self, path: &str) -> String {
        format!("ws://127.0.0.1:{}{path}", self.port)
    }

    /// Ends as with Ctrl-C.
    pub(crate) async fn stop(self) -> Result<()> {
        // Refused only by a server that has ended already.
        let _ = self.stop.send(());
        self.task.await.context("the server panicked")
    }
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
