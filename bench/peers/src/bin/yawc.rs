//! An echo server as yawc's documentation writes it.

use anyhow::Result;
use futures_util::{SinkExt as _, StreamExt as _};
use http_body_util::Empty;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use yawc::{Options, UpgradeFut, WebSocket, frame::OpCode};

/// Above a message of a megabyte, which its defaults refuse.
const LARGEST: usize = 16 << 20;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let listener = TcpListener::bind(peers::address()?).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(upgrade));
        tokio::spawn(connection.with_upgrades());
    }
}

async fn upgrade(mut request: Request<Incoming>) -> yawc::Result<Response<Empty<Bytes>>> {
    let options = Options::default().with_utf8().with_limits(LARGEST, 2 * LARGEST);
    let (response, upgrade) = WebSocket::upgrade_with_options(&mut request, options)?;
    tokio::spawn(echo(upgrade));
    Ok(response)
}

async fn echo(upgrade: UpgradeFut) -> yawc::Result<()> {
    let mut socket = upgrade.await?;
    while let Some(frame) = socket.next().await {
        if matches!(frame.opcode(), OpCode::Text | OpCode::Binary) {
            socket.send(frame).await?;
        }
    }
    Ok(())
}
