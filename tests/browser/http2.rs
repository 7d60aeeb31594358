//! WebSockets of a browser over HTTP/2 and TLS.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use rcgen::generate_simple_self_signed;
use server::{Config, Tls};
use testkit::Server;
use tokio::time::timeout;
use tokio_tungstenite::connect_async;
use wire::event::{Event, Happened};

use crate::driver::{Driver, Window};

const LIMIT: Duration = Duration::from_secs(30);
const ID: &str = "0123456789abcdefABCDEF";
const SOCKETS: usize = 20;

/// Opens that many sockets, sends on each, and gives what comes back.
const SCRIPT: &str = "
    const [url, count, done] = arguments;
    const echo = (number) => new Promise((resolve, reject) => {
        const socket = new WebSocket(url);
        socket.onopen = () => socket.send(`socket ${number}`);
        socket.onmessage = (event) => resolve(event.data);
        socket.onerror = () => reject(new Error('a socket failed'));
        (window.sockets ??= []).push(socket);
    });
    Promise.all([...Array(count).keys()].map(echo)).then(done, (error) => done(String(error)));
";

#[tokio::test]
async fn sockets_of_a_page_share_one_connection_of_http2() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(&cert, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let tls = Arc::new(Tls::from_files(&cert, &key)?);
    let (server, tls_address) = Server::start_with_tls(Config::default(), tls).await?;
    let (mut watcher, _) = connect_async(server.websocket(&format!("/inspect/{ID}"))).await?;

    let driver = Driver::start().await?;
    let browser = driver.open(Window::WIDE).await?;
    let port = tls_address.port();
    browser.goto(&format!("https://localhost:{port}/readyz")).await?;
    let url = format!("wss://localhost:{port}/echo?inspect={ID}");
    let echoed = timeout(LIMIT, browser.execute_async(SCRIPT, vec![url.into(), SOCKETS.into()])).await??;
    let expected: Vec<String> = (0..SOCKETS).map(|number| format!("socket {number}")).collect();
    ensure!(echoed == serde_json::json!(expected), "{echoed}");

    let (mut streams, mut connections) = (BTreeSet::new(), BTreeSet::new());
    while streams.len() < SOCKETS {
        let line = timeout(LIMIT, watcher.next()).await?.context("the watcher has ended")??;
        let event: Event = line.to_text()?.parse()?;
        let Happened::Request(request) = event.happened else { continue };
        ensure!(request.version == "HTTP/2.0" && request.method == "CONNECT", "{request:?}");
        ensure!(request.tls.as_ref().and_then(|tls| tls.alpn.as_deref()) == Some("h2"), "{request:?}");
        streams.insert(event.connection);
        connections.extend(request.stream_of);
    }
    assert_eq!(connections.len(), 1, "all sockets are streams of one connection");
    Ok(())
}
