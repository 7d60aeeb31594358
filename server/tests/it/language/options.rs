//! What is special about a connection: `open-delay`, `close-delay`, `hello`, `deflate` and the policies.

use std::time::{Duration, Instant};

use super::{close, is_echo, opened_with};
use crate::support::{
    Peer, TestServer,
    peer::{frame, handshake},
    within,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_handshake_waits_and_what_came_meanwhile_is_answered() {
    let server = TestServer::start().await;
    for path in ["/echo?open-delay=80ms", "/echo?open-delay=80ms&delay=1ms"] {
        let sent = Instant::now();
        let mut peer = server.peer().await;
        peer.write(handshake(path)).await;
        peer.write(frame(0x81, b"early")).await;
        assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
        assert!(sent.elapsed() >= Duration::from_millis(80), "{:?}", sent.elapsed());
        assert_eq!(peer.read_frame().await, (0x81, b"early".to_vec()));
        is_echo(&mut peer).await;
    }
}

#[tokio::test]
async fn who_leaves_before_the_handshake_is_answered_is_let_go() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(handshake("/echo?open-delay=1d")).await;
    peer.stream.shutdown().await.unwrap();
    assert_eq!(peer.read_to_end().await, b"");
}

#[tokio::test]
async fn a_handshake_that_waits_is_refused_at_a_shutdown() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(handshake("/echo?open-delay=1d")).await;
    let (mut other, _) = (Peer::open(server.address, "/echo").await, ());
    server.signal();
    assert!(peer.read_head().await.starts_with("HTTP/1.1 503 "));
    other.write(close()).await;
    server.stop_and_wait().await;
}

#[tokio::test]
async fn a_hello_comes_in_the_same_segment_as_the_101() {
    let server = TestServer::start().await;
    for query in ["", "&delay=1ms"] {
        let mut peer = server.peer().await;
        peer.write(handshake(&format!("/echo?hello=hi{query}"))).await;
        let mut bytes = vec![0; 4096];
        let count = within("an answer", peer.stream.read(&mut bytes)).await.unwrap();
        assert!(bytes[..count].starts_with(b"HTTP/1.1 101 ") && bytes[..count].ends_with(b"\r\n\r\n\x81\x02hi"));
        is_echo(&mut peer).await;
    }
}

#[tokio::test]
async fn a_close_at_once_comes_in_the_same_segment_as_the_101() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(handshake("/legal/close-at-once")).await;
    let mut bytes = vec![0; 4096];
    let count = within("an answer", peer.stream.read(&mut bytes)).await.unwrap();
    assert!(bytes[..count].ends_with(b"\r\n\r\n\x88\x02\x03\xe9"));
}

#[tokio::test]
async fn a_close_frame_is_answered_late() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo?close-delay=80ms").await;
    let sent = Instant::now();
    peer.write(close()).await;
    assert_eq!(peer.read_close().await.0, 1000);
    assert!(sent.elapsed() >= Duration::from_millis(80), "{:?}", sent.elapsed());
}

#[tokio::test]
async fn compression_is_agreed_as_asked() {
    let server = TestServer::start().await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    for (query, agreed) in [
        ("", Some("permessage-deflate; server_max_window_bits=12")),
        ("deflate=no", None),
        ("server-window=9", Some("permessage-deflate; server_max_window_bits=9")),
        ("server-window=15", Some("permessage-deflate")),
        ("server-window=15&client-window=10", Some("permessage-deflate; client_max_window_bits=10")),
        ("server-window=15&server-takeover=no", Some("permessage-deflate; server_no_context_takeover")),
        ("server-window=15&client-takeover=no", Some("permessage-deflate; client_no_context_takeover")),
    ] {
        let (head, _) = opened_with(&server, &format!("/echo?{query}"), offer).await;
        let answer = head.lines().find_map(|line| line.strip_prefix("sec-websocket-extensions: "));
        assert_eq!(answer, agreed, "{query}");
    }
}

#[tokio::test]
async fn policies_are_sent_with_the_101() {
    let server = TestServer::start().await;
    let (head, _) = opened_with(&server, "/echo?coep=require-corp&corp=same-site", "").await;
    assert!(head.contains("\r\ncross-origin-embedder-policy: require-corp\r\n"), "{head}");
    assert!(head.contains("\r\ncross-origin-resource-policy: same-site\r\n"), "{head}");
}
