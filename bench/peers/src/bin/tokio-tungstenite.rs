//! The echo server of tokio-tungstenite's own examples, with its runtime of many threads.

use anyhow::Result;
use futures_util::{StreamExt as _, TryStreamExt as _, future};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite;

#[tokio::main]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(peers::address()?).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream));
    }
}

async fn echo(stream: TcpStream) -> Result<(), tungstenite::Error> {
    let (write, read) = tokio_tungstenite::accept_async(stream).await?.split();
    read.try_filter(|message| future::ready(message.is_text() || message.is_binary())).forward(write).await
}
