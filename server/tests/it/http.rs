//! HTTP on the same port: requests that open no WebSocket get an answer in words.

use crate::support::{Client, TestServer, peer::handshake};

/// Sends a request and gives the status and the whole response.
async fn request(server: &TestServer, request: &str) -> (u16, String) {
    let mut peer = server.peer().await;
    peer.write(request).await;
    tokio::io::AsyncWriteExt::shutdown(&mut peer.stream).await.unwrap();
    let response = String::from_utf8(peer.read_to_end().await).unwrap();
    let status = response.split(' ').nth(1).unwrap_or_else(|| panic!("no status in {response:?}"));
    (status.parse().unwrap(), response)
}

#[tokio::test]
async fn a_browser_gets_a_page() {
    let server = TestServer::start().await;
    let (status, response) =
        request(&server, "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html,*/*\r\n\r\n").await;
    assert_eq!(status, 200);
    assert!(response.contains("content-type: text/html; charset=utf-8\r\n"), "{response}");
    // Both are needed for a clock of 5 µs: https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated
    for header in ["cross-origin-opener-policy: same-origin\r\n", "cross-origin-embedder-policy: require-corp\r\n"] {
        assert!(response.contains(header), "{header} is not in: {response}");
    }
    assert!(response.contains("<!DOCTYPE html>") || response.contains("<!doctype html>"), "{response}");
}

#[tokio::test]
async fn a_request_without_upgrade_is_told_to_upgrade() {
    let server = TestServer::start().await;
    for path in ["/", "/echo", "/echo?delay=1s"] {
        let (status, response) = request(&server, &format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        assert_eq!(status, 426);
        assert!(response.contains("upgrade: websocket\r\n"), "{response}");
        assert!(response.contains("connect to it with a WebSocket client"), "{response}");
    }
}

#[tokio::test]
async fn an_unknown_path_is_404_and_wrong_parameters_are_400_with_a_sentence() {
    let server = TestServer::start().await;
    let url = |target: &str| format!("ws://{}{target}", server.address);
    let (status, sentence) = Client::refused(&url("/nope")).await;
    assert_eq!(status, 404);
    assert!(sentence.starts_with("unknown path \"/nope\"; known paths: /, /echo, /broadcast/{room}, "), "{sentence}");
    let (status, sentence) = Client::refused(&url("/echo?delay=soon")).await;
    assert_eq!(status, 400);
    assert_eq!(
        sentence,
        "parameter delay=\"soon\" is wrong: it must be a duration such as 500ms, 10s, 1h30m or 7d, as in delay=200ms\n"
    );
    assert_eq!(request(&server, "GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n").await.0, 404);
}

#[tokio::test]
async fn other_methods_are_405_and_say_which_are_allowed() {
    let server = TestServer::start().await;
    let (status, response) =
        request(&server, "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!(status, 405);
    assert!(response.contains("allow: GET, HEAD\r\n"), "{response}");
    let (status, response) = request(&server, &handshake("/echo").replacen("GET", "PUT", 1)).await;
    assert_eq!(status, 405);
    assert!(response.contains("allow: GET\r\n"), "{response}");
}

#[tokio::test]
async fn a_head_request_gets_the_head_alone() {
    let server = TestServer::start().await;
    let (status, response) = request(&server, "HEAD /echo HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(status, 426);
    assert!(response.ends_with("\r\n\r\n"), "{response}");
}

#[tokio::test]
async fn a_faulty_handshake_is_refused_with_its_status() {
    let server = TestServer::start().await;
    let good = handshake("/echo");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (fault, from, to, expected) in [
        ("HTTP/1.0", "HTTP/1.1", "HTTP/1.0", 505),
        ("version 8", "Version: 13", "Version: 8", 426),
        ("no version", "Sec-WebSocket-Version: 13\r\n", "", 400),
        ("no key", key, "", 400),
        ("two keys", key, &key.repeat(2), 400),
        ("a key of 15 bytes", "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400),
        ("a key that is not base64", "dGhlIHNhbXBsZSBub25jZQ==", "not base64 at all!!!!!!!", 400),
        ("no host", "Host: localhost\r\n", "", 400),
        ("two hosts", "Host: localhost\r\n", "Host: localhost\r\nHost: localhost\r\n", 400),
        ("no Connection: Upgrade", "Connection: Upgrade\r\n", "Connection: keep-alive\r\n", 400),
        ("a body", "Upgrade: websocket\r\n", "Upgrade: websocket\r\nContent-Length: 5\r\n", 400),
    ] {
        let (status, response) = request(&server, &good.replacen(from, to, 1)).await;
        assert_eq!(status, expected, "{fault}: {response}");
        assert!(!response.ends_with("\r\n\r\n"), "{fault} is answered in words: {response}");
    }
    let (_, response) = request(&server, &good.replacen("Version: 13", "Version: 8", 1)).await;
    assert!(response.contains("sec-websocket-version: 13\r\n"), "{response}");
}

#[tokio::test]
async fn header_names_and_tokens_are_read_in_any_case() {
    let server = TestServer::start().await;
    let shouted = handshake("/echo")
        .replace("Connection: Upgrade", "CONNECTION: keep-alive, UPGRADE")
        .replace("Upgrade: websocket", "upgrade: WebSocket");
    let (status, response) = request(&server, &shouted).await;
    assert_eq!(status, 101);
    assert!(response.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{response}");
}

#[tokio::test]
async fn several_requests_are_answered_on_one_connection() {
    let server = TestServer::start().await;
    let get = "GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let (_, responses) = request(&server, &[get, get, &handshake("/echo")].concat()).await;
    assert_eq!(responses.matches("HTTP/1.1 404 Not Found").count(), 2);
    assert_eq!(responses.matches("HTTP/1.1 101 Switching Protocols").count(), 1);
}
