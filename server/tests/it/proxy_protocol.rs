//! The PROXY protocol: whom the server believes who its clients are, and what becomes of wrong headers.

use std::num::NonZeroUsize;

use server::{Config, Limits, ProxySettings};
use tokio_tungstenite::tungstenite::Message;
use wire::TimeSpan;

use crate::support::{Certificate, Client, Peer, Program, TestServer, peer::handshake};

const TEXT: &[u8] = b"PROXY TCP4 203.0.113.7 127.0.0.1 51000 443\r\n";

/// The same in version 2, with a value behind the addresses.
const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x10\xcb\x00\x71\x07\x7f\x00\x00\x01\xc7\x38\x01\xbb\x02\x00\x01x";

fn trusting(words: &[&str]) -> Config {
    let trusted_proxy = words.iter().map(|word| word.parse().unwrap()).collect();
    let proxies = ProxySettings { proxy_protocol: true, trusted_proxy, ..ProxySettings::default() };
    Config { proxies, ..Config::default() }
}

async fn behind_proxy(arguments: &[&str]) -> (Program, u16) {
    Program::on_free_port(&[&["--proxy-protocol"], arguments].concat()).await
}

/// The head of the answer to a handshake behind these bytes, if there is one.
async fn open(port: u16, header: &[u8], target: &str) -> Option<(Peer, String)> {
    let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
    peer.write([header, handshake(target).as_bytes()].concat()).await;
    let head = peer.try_read_head().await?;
    Some((peer, head))
}

#[tokio::test]
async fn the_client_of_a_header_is_logged_and_shown() {
    let (mut program, port) = behind_proxy(&[]).await;
    for header in [TEXT, BINARY] {
        let (mut peer, head) = open(port, header, "/headers").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        let shown = String::from_utf8_lossy(&peer.read_frame().await.1).into_owned();
        assert!(shown.contains(r#""address":"203.0.113.7:51000""#), "{shown}");
        drop(peer);
        assert_eq!(program.line().await, "Client connected from 203.0.113.7:51000");
        assert_eq!(program.line().await, "Client 203.0.113.7:51000 disconnected");
    }
    for header in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"] {
        assert!(open(port, header, "/").await.unwrap().1.starts_with("HTTP/1.1 101 "));
        assert!(program.line().await.starts_with("Client connected from 127.0.0.1:"));
        assert!(program.line().await.starts_with("Client 127.0.0.1:"));
    }
}

#[tokio::test]
async fn a_header_may_come_byte_by_byte_and_takes_nothing_of_what_is_behind_it() {
    let (_program, port) = behind_proxy(&[]).await;
    for header in [TEXT, BINARY] {
        let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
        peer.stream.set_nodelay(true).unwrap();
        for byte in header {
            peer.write([*byte]).await;
        }
        peer.write(handshake("/")).await;
        assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
    }
}

#[tokio::test]
async fn a_missing_wrong_long_or_cut_header_ends_the_connection_and_the_log_says_why() {
    let (mut program, port) = behind_proxy(&["--handshake-timeout", "300ms"]).await;
    let long = [&b"PROXY TCP4 "[..], &[b'1'; 100]].concat();
    for (bytes, reason) in [
        (&b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"[..], r#"the connection begins with "GET /healthz""#),
        (b"PROXY TCP4 203.0.113.777 127.0.0.1 1 2\r\n", "it is wrong: "),
        (&long, "its line is longer than 107 bytes"),
        (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", "it has 65535 bytes of addresses, more than 4096"),
        (b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x00", "it is wrong: "),
        (b"PROXY TCP4 203.0.113.7", "none came within 300ms"),
        (b"", "none came within 300ms"),
    ] {
        let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
        peer.write(bytes).await;
        assert!(peer.try_read_head().await.is_none(), "{}", bytes.escape_ascii());
        let line = program.line().await;
        let beginning = "warn: No header of the PROXY protocol from the trusted proxy 127.0.0.1:";
        assert!(line.starts_with(beginning) && line.contains(reason), "{line}");
    }
}

#[tokio::test]
async fn who_is_not_trusted_is_served_under_its_own_address_and_its_header_is_no_request() {
    let (mut program, port) = behind_proxy(&["--trusted-proxy", "192.0.2.0/24"]).await;
    assert!(open(port, b"", "/").await.unwrap().1.starts_with("HTTP/1.1 101 "));
    assert!(program.line().await.starts_with("Client connected from 127.0.0.1:"));
    assert!(program.line().await.starts_with("Client 127.0.0.1:"));
    for header in [TEXT, BINARY] {
        let (_, head) = open(port, header, "/").await.unwrap();
        assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
        let line = program.line().await;
        assert!(
            line.contains(
                " is no trusted proxy, and speaks like one: the PROXY protocol is read with --proxy-protocol alone"
            ),
            "{line}"
        );
    }
}

#[tokio::test]
async fn the_limit_for_one_address_counts_clients_and_not_their_proxy() {
    let limits = Limits { max_connections_per_address: NonZeroUsize::new(1), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..trusting(&["127.0.0.1"]) }).await;
    let port = server.address.port();
    let status = |head: String| head[9..12].to_owned();
    let (_first, head) = open(port, TEXT, "/").await.unwrap();
    assert_eq!(status(head), "101");
    assert_eq!(status(open(port, BINARY, "/").await.unwrap().1), "503", "the same client");
    let (_other, head) = open(port, b"PROXY TCP4 203.0.113.8 127.0.0.1 1 443\r\n", "/").await.unwrap();
    assert_eq!(status(head), "101", "another client of the same proxy");
}

#[tokio::test]
async fn what_the_client_connected_to_decides_whether_its_host_is_checked() {
    let server = TestServer::with(trusting(&["127.0.0.1"])).await;
    for (destination, status) in [("127.0.0.1", "403"), ("192.0.2.1", "200")] {
        let mut peer = server.peer().await;
        peer.write(format!("PROXY TCP4 203.0.113.7 {destination} 1 443\r\n")).await;
        peer.write("GET /healthz HTTP/1.1\r\nHost: example.com\r\n\r\n").await;
        assert_eq!(&peer.read_head().await[9..12], status);
    }
}

#[tokio::test]
async fn a_header_comes_before_tls() {
    let certificate = Certificate::new();
    let (_server, address) = TestServer::with_tls(trusting(&["127.0.0.1"]), certificate.tls()).await;
    for header in [TEXT, BINARY] {
        let mut peer = Peer::connect(address).await;
        peer.write(header).await;
        let stream = certificate.try_connect_over(peer.stream, rustls::ALL_VERSIONS, &[]).await.unwrap();
        let mut client = Client::over(stream, "wss://localhost/").await;
        client.send("hello").await;
        assert_eq!(client.recv().await, Message::text("Server received: hello"));
    }
}

#[tokio::test]
async fn a_late_header_is_counted_as_a_late_handshake() {
    let limits = Limits { handshake_timeout: TimeSpan::ms(100), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..trusting(&["127.0.0.1"]) }).await;
    let mut silent = server.peer().await;
    assert!(silent.try_read_head().await.is_none());
    let mut peer = server.peer().await;
    peer.write([TEXT, b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat()).await;
    let metrics = String::from_utf8(peer.read_to_end().await).unwrap();
    assert!(metrics.contains("canyon_limit_closes_total{limit=\"handshake-timeout\"} 1\n"), "{metrics}");
}
