//! Plain HTTP beside the sockets: `/http/echo`, `/sse`, and who may read them.

use std::num::NonZeroUsize;

use server::{Config, Limits};
use tokio::io::AsyncWriteExt;

use crate::support::{Peer, TestServer};

/// All that the server answers to these bytes, until it closes.
async fn answer(server: &TestServer, bytes: impl AsRef<[u8]>) -> String {
    let mut peer = server.peer().await;
    peer.write(bytes).await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

fn request(method: &str, target: &str, headers: &str, body: &str) -> String {
    format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n{body}")
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn a_body_comes_back_whatever_the_method() {
    let server = TestServer::start().await;
    for method in ["POST", "PUT", "PATCH", "DELETE", "GET", "BREW"] {
        let sent = request(method, "/http/echo?x=1", "Content-Length: 5\r\nContent-Type: text/plain\r\n", "hello");
        let answer = answer(&server, sent).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("\r\ncontent-type: text/plain\r\n"), "{answer}");
        assert!(answer.contains("\r\ncontent-length: 5\r\n"), "{answer}");
        assert_eq!(body(&answer), "hello", "{method}");
    }
}

#[tokio::test]
async fn a_body_is_streamed_back_as_it_comes() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(request("POST", "/http/echo", "Transfer-Encoding: chunked\r\n", "")).await;
    let head = peer.read_head().await;
    assert!(head.contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    for (piece, echoed) in [("3\r\none\r\n", "3\r\none\r\n"), ("4\r\nmore\r\n", "4\r\nmore\r\n")] {
        peer.write(piece).await;
        let mut bytes = vec![0; echoed.len()];
        crate::support::within("a piece", tokio::io::AsyncReadExt::read_exact(&mut peer.stream, &mut bytes))
            .await
            .unwrap();
        assert_eq!(bytes, echoed.as_bytes());
    }
    peer.write("0\r\n\r\n").await;
    assert_eq!(peer.read_to_end().await, b"0\r\n\r\n");
}

#[tokio::test]
async fn a_large_body_on_a_kept_connection_is_echoed_and_the_next_request_is_read() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    let (mut reader, mut writer) = peer.stream.split();
    let head = "POST /http/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n";
    let describe =
        "GET /http/echo HTTP/1.1\r\nHost: localhost\r\naccept: application/json\r\nConnection: close\r\n\r\n";
    let write = async {
        writer.write_all(head.as_bytes()).await.unwrap();
        writer.write_all(&vec![b'x'; 4_000_000]).await.unwrap();
        writer.write_all(describe.as_bytes()).await.unwrap();
    };
    let mut answers = Vec::new();
    let (_, read) = tokio::join!(write, tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answers));
    read.unwrap();
    let answers = String::from_utf8(answers).unwrap();
    assert!(answers.contains(&"x".repeat(4_000_000)), "{}", answers.len());
    let described: serde_json::Value = serde_json::from_str(answers.rsplit("\r\n\r\n").next().unwrap()).unwrap();
    assert_eq!(described["head_bytes"], describe.len());
}

#[tokio::test]
async fn a_request_is_described_with_the_size_of_its_head() {
    let server = TestServer::start().await;
    let headers = "ACCEPT: text/html, application/json;q=0.5\r\nX-a:  1\r\nx-A: 2\r\nContent-Length: 5\r\n";
    let sent = request("PUT", "/http/echo?q=%20", headers, "hello");
    let answer = answer(&server, &sent).await;
    assert!(answer.contains("\r\ncontent-type: application/json\r\n"), "{answer}");
    let described: serde_json::Value = serde_json::from_str(body(&answer)).unwrap();
    let expected = serde_json::json!({
        "method": "PUT",
        "target": "/http/echo?q=%20",
        "version": "HTTP/1.1",
        "headers": [
            ["Host", "localhost"], ["Connection", "close"], ["ACCEPT", "text/html, application/json;q=0.5"],
            ["X-a", "1"], ["x-A", "2"], ["Content-Length", "5"],
        ],
        "head_bytes": sent.len() - 5,
        "body_bytes": 5,
        "body_is_whole": true,
    });
    assert_eq!(described, expected);
}

/// A body without the sizes of its chunks ([RFC 9112, 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
fn without_chunks(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, chunks)) = rest.split_once("\r\n") {
        let (chunk, after) = chunks.split_at(usize::from_str_radix(size, 16).unwrap());
        whole += chunk;
        rest = after.strip_prefix("\r\n").unwrap();
    }
    whole
}

#[tokio::test]
async fn events_are_numbered_and_go_on_behind_the_last_one() {
    let server = TestServer::start().await;
    for (header, ids) in
        [("", vec!["1", "2", "3"]), ("Last-Event-ID: 2\r\n", vec!["3"]), ("Last-Event-ID: 3\r\n", vec![])]
    {
        let answer = answer(&server, request("GET", "/sse?rate=1000&count=3", header, "")).await;
        assert!(answer.contains("\r\ncontent-type: text/event-stream\r\n"), "{answer}");
        let described: Vec<&str> = answer.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert_eq!(described, ids, "{answer}");
        for data in answer.lines().filter_map(|line| line.strip_prefix("data: ")) {
            assert_eq!(data.len(), 64);
            serde_json::from_str::<serde_json::Value>(data).unwrap();
        }
    }
    // One that is sent in pieces: 16 KiB and the next size are where that begins.
    for size in [16 << 10, (16 << 10) + 1, 100_000] {
        let answer = answer(&server, request("GET", &format!("/sse?rate=1000&count=1&size={size}"), "", "")).await;
        let events = without_chunks(body(&answer));
        let data = events.strip_prefix("id: 1\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
        let data = data.unwrap_or_else(|| panic!("{size}: {events}"));
        assert_eq!(data.len(), size);
        serde_json::from_str::<serde_json::Value>(data).unwrap();
    }
    let answer = answer(&server, request("GET", "/sse?rate=0", "", "")).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert_eq!(body(&answer), "parameter rate=\"0\" is wrong: it must be from 1 to 1000000, as in rate=100\n");
}

#[tokio::test]
async fn events_are_no_websocket_and_methods_are_those_that_there_are() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(crate::support::peer::handshake("/sse")).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 404 "));
    for (method, target) in [("POST", "/sse"), ("OPTIONS", "/echo"), ("OPTIONS", "/sse")] {
        let answer = answer(&server, request(method, target, "", "")).await;
        assert!(answer.starts_with("HTTP/1.1 405 "), "{method} {target}: {answer}");
    }
}

#[tokio::test]
async fn pages_read_what_their_sockets_may_read() {
    let server = TestServer::start().await;
    let allowed = "\r\naccess-control-allow-origin: http://localhost:8080\r\n";
    for target in ["/http/echo", "/sse?count=1"] {
        let asked = answer(&server, request("GET", target, "Origin: http://localhost:8080\r\n", "")).await;
        assert!(asked.contains(allowed) && asked.contains("\r\nvary: origin\r\n"), "{asked}");
        let foreign = answer(&server, request("GET", target, "Origin: http://evil.example\r\n", "")).await;
        assert!(foreign.starts_with("HTTP/1.1 403 ") && !foreign.contains("access-control"), "{foreign}");
        let none = answer(&server, request("GET", target, "", "")).await;
        assert!(!none.contains("access-control"), "{none}");
    }
    let exposed = "\r\naccess-control-expose-headers: *\r\ntiming-allow-origin: http://localhost:8080\r\n";
    for (site, is_exposed) in [("same-site", true), ("cross-site", true), ("same-origin", false)] {
        let headers = format!("Origin: http://localhost:8080\r\nSec-Fetch-Site: {site}\r\n");
        let asked = answer(&server, request("GET", "/http/echo", &headers, "")).await;
        assert!(asked.contains(allowed) && asked.contains(exposed) == is_exposed, "{site}: {asked}");
    }
    let preflight = "Origin: http://localhost:8080\r\nAccess-Control-Request-Method: PUT\r\n\
                     Access-Control-Request-Headers: x-a, x-b\r\n";
    let asked = answer(&server, request("OPTIONS", "/http/echo", preflight, "")).await;
    assert!(asked.starts_with("HTTP/1.1 204 ") && asked.contains(allowed), "{asked}");
    assert!(asked.contains("\r\naccess-control-allow-methods: PUT\r\n"), "{asked}");
    assert!(asked.contains("\r\naccess-control-allow-headers: x-a, x-b\r\n"), "{asked}");
    let foreign = preflight.replace("localhost:8080", "evil.example");
    let foreign = answer(&server, request("OPTIONS", "/http/echo", &foreign, "")).await;
    assert!(foreign.starts_with("HTTP/1.1 403 "), "{foreign}");
}

#[tokio::test]
async fn a_body_that_stops_ends_its_connection() {
    let limits = server::Limits { write_timeout: "50ms".parse().unwrap(), ..server::Limits::default() };
    let server = TestServer::with(server::Config { limits, ..server::Config::default() }).await;
    let mut peer: Peer = server.peer().await;
    peer.write(request("POST", "/http/echo", "Content-Length: 5\r\n", "he")).await;
    let head = peer.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert_eq!(peer.read_to_end().await, b"he");
}

/// The value of a metric with its labels, as it is written.
fn metric(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing: {text}")).parse().unwrap()
}

async fn metrics(server: &TestServer) -> String {
    let text = answer(server, request("GET", "/metrics", "", "")).await;
    assert!(
        text.contains("\r\ncontent-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
    body(&text).to_owned()
}

#[tokio::test]
async fn metrics_count_open_connections_and_ended_ones() {
    let server = TestServer::start().await;
    answer(&server, request("GET", "/nope", "", "")).await;
    let mut echo = Peer::open(server.address, "/echo").await;
    let mut session = Peer::open(server.address, "/echo?fragment=1").await;
    for peer in [&mut echo, &mut session] {
        peer.write(crate::support::peer::frame(0x82, b"abc")).await;
    }
    assert_eq!(echo.read_frame().await, (0x82, b"abc".to_vec()));
    for expected in [(0x02, b"a"), (0x00, b"b"), (0x80, b"c")] {
        assert_eq!(session.read_frame().await, (expected.0, expected.1.to_vec()));
    }
    let text = metrics(&server).await;
    assert_eq!(metric(&text, "canyon_websockets{engine=\"session\"}"), if cfg!(unix) { 1 } else { 2 });
    assert_eq!(metric(&text, "canyon_refusals_total{code=\"404\",reason=\"path\"}"), 1);
    // What was answered has been counted before it was seen here, or is by the next time.
    crate::support::within("the counts", async {
        loop {
            let text = metrics(&server).await;
            let counts = ["canyon_frames_total", "canyon_wire_bytes_total"]
                .map(|name| ["received", "sent"].map(|way| metric(&text, &format!("{name}{{direction=\"{way}\"}}"))));
            if counts == [[2, 4], [18, 14]] {
                break;
            }
        }
    })
    .await;
    drop((echo, session));
    crate::support::within("the end", async { while metric(&metrics(&server).await, "canyon_connections") > 1 {} })
        .await;
    let text = metrics(&server).await;
    assert_eq!(metric(&text, "canyon_messages_total{direction=\"received\",opcode=\"binary\"}"), 2);
    assert_eq!(metric(&text, "canyon_websockets{engine=\"session\"}"), 0);
}

#[tokio::test]
async fn metrics_name_the_reason_of_each_refusal() {
    let server = TestServer::start().await;
    answer(&server, request("GET", "/echo", "", "")).await;
    answer(&server, request("GET", "/nope", "Origin: https://example.com\r\n", "")).await;
    let text = metrics(&server).await;
    for (code, reason) in [(426, "no upgrade"), (403, "origin")] {
        let name = format!("canyon_refusals_total{{code=\"{code}\",reason=\"{reason}\"}}");
        assert_eq!(metric(&text, &name), 1, "{text}");
    }
}

#[tokio::test]
async fn metrics_name_the_limit_on_connections_that_was_reached() {
    let limits = Limits { max_connections: NonZeroUsize::MIN, ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let peer = Peer::open(server.address, "/echo").await;
    let refused = answer(&server, request("GET", "/echo", "", "")).await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    drop(peer);
    let text = crate::support::within("room for a scrape", async {
        loop {
            let text = answer(&server, request("GET", "/metrics", "", "")).await;
            if text.starts_with("HTTP/1.1 200 ") {
                break text;
            }
        }
    });
    assert!(metric(&text.await, "canyon_refusals_total{code=\"503\",reason=\"max-connections\"}") >= 1);
}

#[tokio::test]
async fn metrics_never_fall_under_load() {
    let server = TestServer::start().await;
    let load = async {
        for _ in 0..20 {
            let mut peer = Peer::open(server.address, "/echo").await;
            for _ in 0..50 {
                peer.write(crate::support::peer::frame(0x82, b"abc")).await;
                peer.read_frame().await;
            }
        }
    };
    let scrape = async {
        let mut before = 0;
        loop {
            let now =
                metric(&metrics(&server).await, "canyon_messages_total{direction=\"received\",opcode=\"binary\"}");
            assert!(now >= before, "{now} after {before}");
            before = now;
            if now == 1000 {
                break;
            }
        }
    };
    tokio::join!(load, crate::support::within("all messages", scrape));
}
