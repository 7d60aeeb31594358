//! What is refused before a WebSocket is open: with which status, in which words, and what becomes of what follows.

use server::{Config, Limits};
use tokio::io::AsyncWriteExt;

use crate::support::{TestServer, peer::handshake};

/// All that the server answers to these bytes, from a client that then ends its side.
async fn answer(server: &TestServer, bytes: impl AsRef<[u8]>) -> String {
    let mut peer = server.peer().await;
    peer.write(bytes).await;
    // It may be gone already.
    let _ = peer.stream.shutdown().await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

/// The same from one that waits for the server to end.
async fn answer_and_end(server: &TestServer, bytes: impl AsRef<[u8]>) -> String {
    let mut peer = server.peer().await;
    peer.write(bytes).await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// A handshake with one of its parts replaced.
fn faulty(from: &str, to: &str) -> String {
    let good = handshake("/echo");
    assert!(good.contains(from), "{from}");
    good.replace(from, to)
}

const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";

#[tokio::test]
async fn a_refused_handshake_ends_the_connection_and_nothing_behind_it_is_read() {
    let server = TestServer::start().await;
    let frame = crate::support::peer::frame(0x81, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    for request in [
        faulty("Version: 13", "Version: 8"),
        faulty(VERSION, ""),
        faulty(KEY, ""),
        faulty("Connection: Upgrade", "Connection: keep-alive"),
        // A proxy took it out.
        faulty("Upgrade: websocket\r\n", ""),
        faulty("Upgrade: websocket\r\n", "Upgrade: h2c\r\n"),
        faulty("/echo", "/nope"),
        faulty("/echo", "/echo?delay=soon"),
        faulty("GET", "POST"),
        faulty("Host: localhost", "Host: evil.example"),
        faulty("Host: localhost", "Host: localhost\r\nOrigin: http://evil.example"),
        faulty("Host: localhost\r\n", ""),
        faulty("/echo", "/healthz"),
    ] {
        for behind in [get("/healthz").as_bytes(), handshake("/echo").as_bytes(), &frame, b"\x81\x80", b"\0"] {
            let answer = answer_and_end(&server, [request.as_bytes(), behind].concat()).await;
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{request}{answer}");
            assert!(answer.starts_with("HTTP/1.1 4"), "{request}{answer}");
            let connection = answer.lines().find(|line| line.starts_with("connection: ")).unwrap();
            assert!(connection.ends_with("close"), "{request}{answer}");
        }
    }
}

#[tokio::test]
async fn what_asks_for_no_websocket_may_go_on() {
    let server = TestServer::start().await;
    let answer = answer(&server, [get("/echo"), get("/nope"), handshake("/echo")].concat()).await;
    let statuses: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["426 Upgrade Required", "404 Not Found", "101 Switching Protocols"]);
}

#[tokio::test]
async fn upgrade_is_asked_for_in_connection_too_beside_its_end() {
    let server = TestServer::start().await;
    for (request, connection) in [
        (get("/echo"), "Upgrade"),
        (get("/"), "Upgrade"),
        (get("/echo").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"), "Upgrade, close"),
        (faulty("Version: 13", "Version: 8"), "Upgrade, close"),
        (faulty("Upgrade: websocket\r\n", ""), "Upgrade, close"),
    ] {
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 426 Upgrade Required\r\n"), "{answer}");
        assert!(answer.contains("\r\nupgrade: websocket\r\n"), "{answer}");
        assert!(answer.contains(&format!("\r\nconnection: {connection}\r\n")), "{request}{answer}");
    }
}

#[tokio::test]
async fn a_version_that_is_not_13_is_told_which_is() {
    let server = TestServer::start().await;
    let many = VERSION.repeat(2);
    for (version, status) in [
        ("", 400),
        (many.as_str(), 400),
        ("Sec-WebSocket-Version: \r\n", 426),
        ("Sec-WebSocket-Version: 8\r\n", 426),
        ("Sec-WebSocket-Version: 0\r\n", 426),
        ("Sec-WebSocket-Version: 14\r\n", 426),
        ("Sec-WebSocket-Version: 013\r\n", 426),
        ("Sec-WebSocket-Version: 13, 8\r\n", 426),
        ("Sec-WebSocket-Version: thirteen\r\n", 426),
        ("Sec-WebSocket-Version: 8\r\nSec-WebSocket-Version: 13\r\n", 400),
        ("Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n", 400),
    ] {
        let answer = answer(&server, faulty(VERSION, version)).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{version:?}: {answer}");
        assert!(answer.contains("\r\nsec-websocket-version: 13\r\n"), "{version:?}: {answer}");
    }
    let other_fault = answer(&server, faulty(KEY, "")).await;
    assert!(!other_fault.contains("sec-websocket-version"), "{other_fault}");
    let both = faulty(VERSION, "Sec-WebSocket-Version: 8\r\n").replace("/echo", "/nope");
    let both = answer(&server, both).await;
    assert!(both.contains("\r\nsec-websocket-version: 13\r\n"), "{both}");
}

#[tokio::test]
async fn a_key_of_16_bytes_is_accepted_as_it_was_written() {
    let server = TestServer::start().await;
    for (key, accept) in [
        ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        // Up to four spare bits are set.
        ("dGhlIHNhbXBsZSBub25jZR==", "Zgw8jYXtqX5qJr7MJ1Q/MqzeSRI="),
        ("dGhlIHNhbXBsZSBub25jZf==", "X6f47m0G5NixFYe1pmdqfXnTIjI="),
        ("//////////////////////==", "zXRQvy1wi5A4l0hwWYxMN3e2wNk="),
        ("AAAAAAAAAAAAAAAAAAAAAP==", "uowdRy2awJ/RcV9WYDeCKr1hjhU="),
    ] {
        let answer = answer(&server, faulty("dGhlIHNhbXBsZSBub25jZQ==", key)).await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{key}: {answer}");
        assert!(answer.contains(&format!("\r\nsec-websocket-accept: {accept}\r\n")), "{key}: {answer}");
    }
    for key in [
        "",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25j",
        "////////////////////////",
        "dGhlIHNhbXBsZSBub25jZQ==dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j-_==",
        "dGhlIHNhb XBsZSBub25jZQ==",
        "=GhlIHNhbXBsZSBub25jZQ==",
    ] {
        let answer = answer(&server, faulty("dGhlIHNhbXBsZSBub25jZQ==", key)).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{key:?}: {answer}");
    }
}

#[tokio::test]
async fn a_transfer_coding_that_is_not_chunked_once_is_refused_and_nothing_behind_it_is_read() {
    let server = TestServer::start().await;
    for (coding, status) in [
        ("gzip, chunked", 501),
        ("chunked, chunked", 501),
        ("chunked;q=1, chunked", 501),
        ("gzip\r\nTransfer-Encoding: chunked", 501),
        ("chunked\r\nTransfer-Encoding: chunked", 501),
        (",chunked", 501),
        ("gzip", 400),
        ("identity", 400),
        ("chunked, gzip", 400),
        ("chunked;x=y", 400),
        ("xchunked", 400),
        ("\u{b}chunked", 400),
    ] {
        let fields = format!("Host: localhost\r\nTransfer-Encoding: {coding}\r\n");
        for request in [get("/nope"), get("/healthz"), handshake("/echo")] {
            let request = request.replace("Host: localhost\r\n", &fields);
            let answer = answer_and_end(&server, format!("{request}0\r\n\r\n{}", get("/healthz"))).await;
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{coding:?}: {answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{coding:?}: {answer}");
            assert!(!answer.ends_with("\r\n\r\n"), "{coding:?} is answered in words: {answer}");
        }
    }
    for fields in ["Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"]
    {
        let request = get("/nope").replace("Host: localhost\r\n", &format!("Host: localhost\r\n{fields}\r\n"));
        let answer = answer_and_end(&server, format!("{request}0\r\n\r\n{}", get("/healthz"))).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{fields:?}: {answer}");
    }
}

#[tokio::test]
async fn user_information_is_refused_in_a_target_and_in_an_origin() {
    let server =
        TestServer::with(Config { access: server::Access { public: true, ..Default::default() }, ..Config::default() });
    let server = server.await;
    for request in [
        get("http://me@localhost/echo"),
        get("http://me:secret@localhost/healthz"),
        get("http://localhost@evil.example/"),
        get("http://@localhost/"),
        get("ws://me@localhost/echo"),
        faulty("/echo", "http://me@localhost/echo"),
        faulty("Host: localhost", "Host: me@localhost"),
        faulty("Host: localhost", "Host: localhost\r\nOrigin: http://me@localhost"),
        faulty("Host: localhost", "Host: localhost\r\nOrigin: http://me:secret@app.test"),
        faulty("Host: localhost", "Host: localhost\r\nOrigin: https://@app.test"),
    ] {
        let answer = answer(&server, &request).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && !answer.ends_with("\r\n\r\n"), "{request}{answer}");
    }
    let whole = answer(&server, faulty("/echo", "http://localhost/echo")).await;
    assert!(whole.starts_with("HTTP/1.1 101 "), "{whole}");
}

#[tokio::test]
async fn what_is_no_request_is_told_why() {
    let limits = Limits { max_headers: 10.try_into().unwrap(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let long = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(70_000));
    let large = get("/echo").replace("Host", &format!("X: {}\r\nHost", "x".repeat(17_000)));
    let many = get("/echo").replace("Host", &format!("{}Host", "X: y\r\n".repeat(10)));
    for (bytes, status, sentence) in [
        (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".as_slice(), 400, "this is TLS, but only ws://"),
        (b"\0\0\0\0\r\n\r\n", 400, "this is no request of HTTP/1.1: invalid HTTP method parsed"),
        (b"GET / HTTP/9\r\n\r\n", 400, "this is no request of HTTP/1.1: invalid HTTP version parsed"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "invalid HTTP header parsed"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400, "invalid content-length parsed"),
        (b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "invalid content-length parsed"),
        (b"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "unexpected transfer-encoding parsed"),
        (b"GET http://a:b:c/ HTTP/1.1\r\n\r\n", 400, "invalid URI"),
        (b"GET / HT", 400, "the request is not whole: "),
        (large.as_bytes(), 431, "the head of a request has at most 16KiB and 10 headers here"),
        (many.as_bytes(), 431, "the head of a request has at most 16KiB and 10 headers here"),
        (long.as_bytes(), 431, "the head of a request has at most 16KiB and 10 headers here"),
    ] {
        let answer = answer(&server, bytes).await;
        let what = bytes[..bytes.len().min(40)].escape_ascii();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(body.contains(sentence) && body.ends_with('\n'), "{what}: {answer}");
        assert!(head.contains("\r\nconnection: close\r\n") && head.contains("\r\ndate: "), "{what}: {answer}");
        assert!(head.contains(&format!("\r\ncontent-length: {}", body.len())), "{what}: {answer}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_told_why_behind_good_ones_too() {
    let server = TestServer::start().await;
    let answer = answer_and_end(&server, [&get("/nope"), &get("/echo"), "HELLO\r\n\r\n"].concat()).await;
    let statuses: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("HTTP/1.1 ")).collect();
    assert_eq!(statuses, ["404 Not Found", "426 Upgrade Required", "400 Bad Request"]);
    assert!(answer.ends_with("\r\n\r\nthis is no request of HTTP/1.1: invalid HTTP method parsed\n"), "{answer}");
}
