//! `/healthz` is about the process, `/readyz` about new connections.

use std::num::NonZeroUsize;

use futures_util::future::join_all;
use server::{Config, Limits};

use crate::support::{Peer, TestServer, peer::handshake, within};

async fn with_room_for(count: usize) -> TestServer {
    let limits = Limits { max_connections: NonZeroUsize::new(count).unwrap(), ..Limits::default() };
    TestServer::with(Config { limits, ..Config::default() }).await
}

/// The whole answer to a request on a connection of its own, which the server ends.
async fn answer(server: &TestServer, request: impl AsRef<[u8]>) -> String {
    let mut peer = server.peer().await;
    peer.write(request).await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

#[tokio::test]
async fn at_the_connection_limit_the_server_is_healthy_but_not_ready() {
    let server = with_room_for(2).await;
    for (path, expected) in [("/healthz", "HTTP/1.1 200 "), ("/readyz", "HTTP/1.1 200 ")] {
        assert!(answer(&server, get(path)).await.starts_with(expected), "{path}");
    }
    let (_one, _two) = (Peer::open(server.address, "/echo").await, Peer::open(server.address, "/").await);
    for _ in 0..3 {
        let healthy = answer(&server, get("/healthz")).await;
        assert!(healthy.starts_with("HTTP/1.1 200 ") && healthy.contains(r#""connections":2,"#), "{healthy}");
        let not_ready = answer(&server, get("/readyz")).await;
        assert!(not_ready.starts_with("HTTP/1.1 503 ") && not_ready.contains("\r\nretry-after: 1\r\n"), "{not_ready}");
    }
    assert_eq!(
        answer(&server, "HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.split(' ').nth(1),
        Some("200")
    );
}

#[tokio::test]
async fn beyond_the_limit_anything_else_is_503_in_words() {
    let server = with_room_for(1).await;
    let _one = Peer::open(server.address, "/echo").await;
    for request in [handshake("/echo"), get("/"), get("/nope"), "HELLO\r\n\r\n".to_owned(), handshake("/healthz")] {
        let refused = answer(&server, &request).await;
        assert!(refused.starts_with("HTTP/1.1 503 "), "{request:?}: {refused}");
        assert!(refused.ends_with("\r\n\r\nthere is no room for another connection\n"), "{refused}");
    }
    let post = answer(&server, get("/healthz").replace("GET", "POST")).await;
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
    let one_at_a_time = answer(&server, [get("/healthz"), get("/healthz")].concat()).await;
    assert_eq!(one_at_a_time.matches("HTTP/1.1 ").count(), 1, "{one_at_a_time}");
}

#[tokio::test]
async fn those_beyond_the_limit_that_say_nothing_are_told_and_keep_nobody_from_asking() {
    let server = with_room_for(1).await;
    let _one = Peer::open(server.address, "/echo").await;
    let mut silent = Vec::new();
    for n in 0..200 {
        silent.push(server.peer().await);
        if n % 20 == 0 {
            assert!(answer(&server, get("/healthz")).await.starts_with("HTTP/1.1 200 "), "beside {n} silent ones");
        }
    }
    let ends = join_all(silent.iter_mut().map(Peer::read_to_end));
    for end in within("the end of all that said nothing", ends).await {
        assert!(end.starts_with(b"HTTP/1.1 503 "), "{}", end.escape_ascii());
    }
}

#[tokio::test]
async fn a_place_that_is_left_makes_it_ready_again() {
    let server = with_room_for(1).await;
    let one = Peer::open(server.address, "/echo").await;
    assert!(answer(&server, get("/readyz")).await.starts_with("HTTP/1.1 503 "));
    drop(one);
    within("room", async { while !answer(&server, get("/readyz")).await.starts_with("HTTP/1.1 200 ") {} }).await;
}

#[tokio::test]
async fn only_get_and_head_ask_for_health() {
    let server = TestServer::start().await;
    for method in ["DELETE", "POST", "PUT", "PATCH", "OPTIONS", "BREW"] {
        for path in ["/healthz", "/readyz"] {
            let mut peer = server.peer().await;
            peer.write(get(path).replace("GET", method)).await;
            let head = peer.read_head().await;
            assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("\r\nallow: GET, HEAD\r\n"), "{method}: {head}");
        }
    }
}
