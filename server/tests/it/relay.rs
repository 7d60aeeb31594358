//! The relay at `/relay`: what passes through it, what it reports, and what nobody gets it to do.

mod attempts;
mod causes;

use std::net::SocketAddr;

use server::{Config, RelaySettings, Token};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::{
    ClientRequestBuilder, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};
use wire::relay::{Command, Event, FromRelay, Request, Trust, from_relay};

use crate::support::{Certificate, Client, TestServer, within};

/// A server with a relay.
struct Relay {
    server: TestServer,
    token: Token,
}

impl Relay {
    async fn start() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let token = Token::random();
        let relay = RelaySettings { relay: true, token: Some(token.clone()), ..RelaySettings::default() };
        let mut config = Config { relay, ..Config::default() };
        change(&mut config);
        Self { server: TestServer::with(config).await, token }
    }

    fn request(&self, url: &str) -> Request {
        Request::new(self.token.expose(), url)
    }

    /// A WebSocket of the page, before its request.
    async fn page(&self) -> Client {
        page(self.server.address).await
    }

    /// Connects, and waits until the other server's WebSocket is open.
    async fn open(&self, request: &Request) -> Client {
        let mut page = self.page().await;
        page.send(request.to_json()).await;
        loop {
            match event(&mut page).await {
                Event::Opened { .. } => return page,
                Event::Failed { cause, evidence } => panic!("{cause:?}: {evidence}"),
                _ => {}
            }
        }
    }

    /// Asks for a connection that does not come about.
    async fn fail(&self, request: &Request) -> (wire::relay::Cause, String, Vec<Event>) {
        let mut page = self.page().await;
        page.send(request.to_json()).await;
        failure(&mut page).await
    }
}

async fn page(address: SocketAddr) -> Client {
    let stream = within("a connection", TcpStream::connect(address)).await.unwrap();
    let request = ClientRequestBuilder::new(format!("ws://localhost:{}/relay", address.port()).parse().unwrap());
    Client::over_with(stream, request.with_header("Origin", format!("http://localhost:{}", address.port()))).await
}

/// The next event of the relay.
async fn event(page: &mut Client) -> Event {
    match page.recv().await {
        Message::Text(text) => match from_relay(&text).unwrap() {
            FromRelay::Event(event) => event,
            FromRelay::Text(text) => panic!("expected an event, not {text:?}"),
        },
        other => panic!("expected an event, not {other:?}"),
    }
}

/// The failure that ends it, and the events before.
async fn failure(page: &mut Client) -> (wire::relay::Cause, String, Vec<Event>) {
    let mut events = Vec::new();
    loop {
        match event(page).await {
            Event::Failed { cause, evidence } => return (cause, evidence, events),
            event => events.push(event),
        }
    }
}

/// A server that reads one request and answers with these bytes; gives back the request's head.
async fn answering(answer: &'static [u8]) -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break,
            }
        }
        stream.write_all(answer).await.unwrap();
        stream.shutdown().await.unwrap();
        String::from_utf8_lossy(&head).into_owned()
    });
    (address, task)
}

#[tokio::test]
async fn messages_pass_both_ways_with_their_types_and_bounds() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let mut page = relay.open(&relay.request(&format!("ws://{}/echo", other.address))).await;
    let messages = [
        Message::text("t"),
        Message::text("tGrüße"),
        Message::binary(vec![0, 255, 116]),
        Message::binary(vec![]),
        Message::text(format!("t{}", "long ".repeat(50_000))),
        Message::binary(vec![7; 1 << 20]),
        Message::text(format!("t{}", "x".repeat(1 << 20))),
    ];
    for message in messages {
        page.send(message.clone()).await;
        assert!(page.recv().await == message, "{} bytes did not come back as they were", message.len());
    }
}

#[tokio::test]
async fn the_way_to_the_other_server_is_reported_step_by_step() {
    let certificate = Certificate::new();
    let (other, address) = TestServer::with_tls(Config::default(), certificate.tls()).await;
    let relay = Relay::start().await;
    let pem = std::fs::read_to_string(&certificate.cert).unwrap();
    let mut page = relay.page().await;
    let url = format!("wss://localhost:{}/echo", address.port());
    page.send(Request { trust: Trust::Issuers(pem), ..relay.request(&url) }.to_json()).await;
    let Event::Resolved { addresses, .. } = event(&mut page).await else { panic!() };
    assert_eq!(addresses, ["127.0.0.1", "::1"]);
    let Event::Connected { address: connected, .. } = event(&mut page).await else { panic!() };
    assert_eq!(connected, address.to_string());
    let Event::Secured { version, .. } = event(&mut page).await else { panic!() };
    assert_eq!(version, "TLSv1_3");
    let Event::Responded { status, headers, body, .. } = event(&mut page).await else { panic!() };
    assert_eq!((status, body.as_str()), (101, ""));
    assert!(headers.iter().any(|(name, value)| name == "upgrade" && value == "websocket"), "{headers:?}");
    let Event::Opened { subprotocol, extensions } = event(&mut page).await else { panic!() };
    assert_eq!((subprotocol.as_str(), extensions.as_str()), ("", "permessage-deflate; server_max_window_bits=12"));
    let long = format!("t{}", "compressed ".repeat(1000));
    page.send(long.as_str()).await;
    assert_eq!(page.recv().await, Message::text(long));
    drop(other);
}

#[tokio::test]
async fn headers_are_sent_in_their_order_and_a_refusal_comes_with_its_status_headers_and_body() {
    let relay = Relay::start().await;
    let (address, other) =
        answering(b"HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nno \r\n5\r\nentry\r\n0\r\n\r\n")
            .await;
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let request = Request {
        headers: vec![header("X-B", "2"), header("Origin", "https://a.test"), header("x-a", "1"), header("X-B", "3")],
        subprotocols: vec!["chat".to_owned(), "v2".to_owned()],
        extensions: String::new(),
        ..relay.request(&format!("ws://{address}/feed?x=1"))
    };
    let (cause, evidence, events) = relay.fail(&request).await;
    assert_eq!(
        (cause, evidence.as_str()),
        (wire::relay::Cause::Forbidden, "the server answered the handshake with status 403")
    );
    let Some(Event::Responded { status, headers, body, .. }) = events.last() else { panic!("{events:?}") };
    assert_eq!((*status, body.as_str()), (403, "no entry"));
    assert!(headers.contains(&header("X-Why", "because")), "{headers:?}");
    let head = other.await.unwrap();
    let (first, key) = head.split_once("Sec-WebSocket-Key: ").unwrap();
    assert_eq!(
        first,
        format!("GET /feed?x=1 HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
    );
    let (_, rest) = key.split_once("\r\n").unwrap();
    assert_eq!(
        rest,
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat, v2\r\nX-B: 2\r\nOrigin: https://a.test\r\nx-a: 1\r\nX-B: 3\r\n\r\n"
    );
}

#[tokio::test]
async fn pings_and_fragments_are_sent_and_pongs_reported() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let request = Request { fragment: 3, ..relay.request(&format!("ws://{}/echo?ping=100ms", other.address)) };
    let mut page = relay.open(&request).await;
    assert_eq!(event(&mut page).await, Event::Ping(vec![]));
    page.send(Command::Ping(b"marco".to_vec()).to_text()).await;
    loop {
        match event(&mut page).await {
            Event::Ping(_) => {}
            event => break assert_eq!(event, Event::Pong(b"marco".to_vec())),
        }
    }
}

#[tokio::test]
async fn closes_pass_with_code_and_reason_from_either_side() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let url = |path| format!("ws://{}{path}", other.address);
    let mut page = relay.open(&relay.request(&url("/close/4321?reason=enough&after=1"))).await;
    page.send("tgo").await;
    assert_eq!(page.recv().await, Message::text("tgo"));
    page.expect_close(4321, "enough").await;

    let mut page = relay.open(&relay.request(&url("/echo"))).await;
    page.close(Some(CloseFrame { code: CloseCode::Library(4000), reason: "mine".into() })).await;
    page.expect_close(4000, "mine").await;

    // A code that a browser does not send.
    let mut page = relay.open(&relay.request(&url("/echo"))).await;
    page.send(Command::Close { code: 1002, reason: "asked for".to_owned() }.to_text()).await;
    page.expect_close(1002, "asked for").await;
}

#[tokio::test]
async fn an_end_without_a_close_frame_is_told_and_stays_one() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let mut page = relay.open(&relay.request(&format!("ws://{}/drop?on=message&after=1", other.address))).await;
    page.send("tgo").await;
    assert_eq!(page.recv().await, Message::text("tgo"));
    page.send("ton").await;
    let (cause, ..) = failure(&mut page).await;
    assert_eq!(cause, wire::relay::Cause::Cut);
    let end = within("the end", futures_util::StreamExt::next(&mut page.into_inner())).await;
    assert!(matches!(end, Some(Err(_))), "{end:?}");
}

/// Fragments are made one by one, and counted by the other server: a limit on them closes with 1009.
#[tokio::test]
async fn a_message_goes_in_as_many_fragments_as_are_asked_for() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let url = format!("ws://{}/echo?deflate=no", other.address);
    let mut page = relay.open(&Request { fragment: 10, ..relay.request(&url) }).await;
    let within_limit = Message::binary(vec![7; 40_960]);
    page.send(within_limit.clone()).await;
    assert!(page.recv().await == within_limit);
    page.send(vec![7; 40_961]).await;
    page.expect_close(1009, "message of more than 4096 fragments").await;

    let mut page = relay.open(&Request { fragment: 1, ..relay.request(&url) }).await;
    page.send(Command::Ping(b"before".to_vec()).to_text()).await;
    assert_eq!(event(&mut page).await, Event::Pong(b"before".to_vec()));
    page.send("tabc").await;
    assert_eq!(page.recv().await, Message::text("tabc"));
}

/// The other server sends without end, and the page does not read: both wait, and nothing grows.
#[tokio::test]
async fn a_page_that_does_not_read_stops_the_other_server() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let url = format!("ws://{}/stream?rate=100000&size=64KiB&count=4000", other.address);
    let page = relay.open(&relay.request(&url)).await;
    let held = async || {
        let health = get(relay.server.address, "/healthz").await;
        health.split_once(r#""memory":"#).unwrap().1.trim_end_matches(['}', '\n']).parse::<u64>().unwrap()
    };
    let mut most = 0;
    for _ in 0..50 {
        most = most.max(held().await);
    }
    assert!(most < 4 << 20, "{most} bytes are held for one page");
    drop(page);
}

/// The answer to a GET.
async fn get(address: SocketAddr, path: &str) -> String {
    let mut peer = crate::support::Peer::connect(address).await;
    peer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

#[tokio::test]
async fn a_server_that_stops_says_so_to_both_sides() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let mut page = relay.open(&relay.request(&format!("ws://{}/echo", other.address))).await;
    relay.server.signal();
    page.expect_close(1001, "server is shutting down").await;
    other.stop_and_wait().await;
}

#[tokio::test]
async fn both_kinds_of_proxies_are_passed_through() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    for scheme in ["http", "socks5"] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = other.address;
        let proxy = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = Vec::new();
            if scheme == "http" {
                while !asked.ends_with(b"\r\n\r\n") {
                    asked.push(stream.read_u8().await.unwrap());
                }
                stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
            } else {
                // RFC 1928: no authentication, then CONNECT to a name.
                stream.read_exact(&mut [0; 3]).await.unwrap();
                stream.write_all(&[5, 0]).await.unwrap();
                let mut head = [0; 5];
                stream.read_exact(&mut head).await.unwrap();
                asked.resize(usize::from(head[4]) + 2, 0);
                stream.read_exact(&mut asked).await.unwrap();
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
            }
            let mut far = TcpStream::connect(server).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut far).await;
            asked
        });
        let url = format!("ws://a.localhost:{}/echo", server.port());
        let request = Request { proxy: Some(format!("{scheme}://{address}")), ..relay.request(&url) };
        let mut page = relay.open(&request).await;
        page.send("tby proxy").await;
        assert_eq!(page.recv().await, Message::text("tby proxy"));
        page.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).await;
        page.expect_close(1000, "done").await;
        let asked = String::from_utf8_lossy(&within("the proxy", proxy).await.unwrap()).into_owned();
        assert!(asked.contains("a.localhost"), "{asked:?}");
    }
}
