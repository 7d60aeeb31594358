//! The URL language through real sockets: what each behaviour does, in bytes, to a client that is not tungstenite.

mod auth;
mod faults;
mod handshakes;
mod legal;
mod options;
mod rooms;
mod streams;
mod web_platform_tests;

use testkit::handshake::{Compression, request};
use tokio::io::AsyncReadExt;

use crate::support::{Peer, TestServer, peer::frame, within};
use server::{Access, Config};

/// A client's close frame with code 1000.
fn close() -> Vec<u8> {
    frame(0x88, &[0x03, 0xe8])
}

/// The next bytes from the server.
async fn read(peer: &mut Peer, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    within("bytes", peer.stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

/// The head of the answer to a handshake with more headers, each of which ends in a line break.
async fn opened_with(server: &TestServer, path: &str, headers: &str) -> (String, Peer) {
    let mut peer = server.peer().await;
    let handshake = request("localhost", path, Compression::Off);
    peer.write(handshake.replace("\r\n\r\n", &format!("\r\n{headers}\r\n"))).await;
    (peer.read_head().await, peer)
}

/// Whether the server echoes on a connection.
async fn is_echo(peer: &mut Peer) {
    peer.write(frame(0x81, b"x")).await;
    assert_eq!(peer.read_frame().await, (0x81, b"x".to_vec()));
}

#[tokio::test]
async fn a_close_has_any_code_and_a_reason() {
    let server = TestServer::start().await;
    for (path, bytes) in [
        ("/close/1000", &b"\x88\x02\x03\xe8"[..]),
        ("/close/4999?reason=good+bye", b"\x88\x0a\x13\x87good bye"),
        ("/close/0", b"\x88\x02\x00\x00"),
        ("/close/1005?reason=x", b"\x88\x03\x03\xedx"),
        ("/close/65535", b"\x88\x02\xff\xff"),
        ("/close/none?reason=unsaid", b"\x88\x00"),
    ] {
        let mut peer = Peer::open(server.address, path).await;
        assert_eq!(read(&mut peer, bytes.len()).await, bytes, "{path}");
        peer.write(close()).await;
        assert_eq!(peer.read_to_end().await, b"", "{path}: nothing follows a close frame");
    }
}

#[tokio::test]
async fn a_close_comes_after_as_many_echoes_as_asked() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/close/1011?after=2&fragment=1").await;
    peer.write([frame(0x81, b"ab"), frame(0x82, b"c"), frame(0x81, b"late")].concat()).await;
    peer.write(close()).await;
    assert_eq!(peer.read_to_end().await, b"\x01\x01a\x80\x01b\x82\x01c\x88\x02\x03\xf3");
}

#[tokio::test]
async fn a_dropped_connection_ends_without_a_close_frame() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/drop").await;
    assert_eq!(peer.read_to_end().await, b"");
    let mut peer = Peer::open(server.address, "/drop?after=2").await;
    peer.write([frame(0x81, b"a"), frame(0x81, b"b")].concat()).await;
    assert_eq!(peer.read_to_end().await, b"\x81\x01a\x81\x01b");
    let mut peer = Peer::open(server.address, "/drop?on=close").await;
    peer.write([frame(0x81, b"a"), close()].concat()).await;
    assert_eq!(peer.read_to_end().await, b"\x81\x01a");
}

#[tokio::test]
async fn a_dropped_connection_is_reset_if_asked() {
    let server = TestServer::start().await;
    for (path, message) in [("/drop?how=rst", &[][..]), ("/drop?how=rst&on=close", &close())] {
        let mut peer = server.peer().await;
        peer.write([crate::support::peer::handshake(path).as_bytes(), message].concat()).await;
        let mut bytes = Vec::new();
        let end = within("the end", peer.stream.read_to_end(&mut bytes)).await;
        assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset, "{path}");
    }
}

#[tokio::test]
async fn a_sink_answers_nothing_but_acknowledges_sizes() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/sink").await;
    peer.write([frame(0x82, &[7; 1000]), frame(0x89, b"ping"), close()].concat()).await;
    assert_eq!(peer.read_to_end().await, b"\x8a\x04ping\x88\x02\x03\xe8");
    let mut peer = Peer::open(server.address, "/sink?ack=yes&read=1MiB/s").await;
    peer.write([frame(0x82, &[7; 1000]), frame(0x81, b"")].concat()).await;
    assert_eq!(peer.read_frame().await, (0x81, b"1000".to_vec()));
    assert_eq!(peer.read_frame().await, (0x81, b"0".to_vec()));
}

#[tokio::test]
async fn the_first_message_tells_the_request_as_it_arrived() {
    let server = TestServer::start().await;
    let (_, mut peer) = opened_with(&server, "/headers?ping=1h", "X-Twice: a\r\nx-TWICE:  b \r\nCookie: c=d\r\n").await;
    let (first, json) = peer.read_frame().await;
    assert_eq!(first, 0x81);
    let description: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let expected = serde_json::json!([
        ["Host", "localhost"],
        ["Connection", "Upgrade"],
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["X-Twice", "a"],
        ["x-TWICE", "b"],
        ["Cookie", "c=d"],
    ]);
    assert_eq!(description["headers"], expected);
    assert_eq!(description["target"], "/headers?ping=1h");
    assert_eq!(description["address"], peer.stream.local_addr().unwrap().to_string());
    assert_eq!((&description["version"], &description["tls"]), (&"HTTP/1.1".into(), &serde_json::Value::Null));
    let head = request("localhost", "/headers?ping=1h", Compression::Off).len();
    assert_eq!(description["head_bytes"], head + "X-Twice: a\r\nx-TWICE:  b \r\nCookie: c=d\r\n".len());
    is_echo(&mut peer).await;
}

#[tokio::test]
async fn raw_writes_what_the_client_sent_byte_for_byte() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/raw").await;
    peer.write(frame(0x82, b"\xffno frame\x00")).await;
    peer.write(frame(0x81, "☃".as_bytes())).await;
    peer.write(close()).await;
    assert_eq!(peer.read_to_end().await, b"\xffno frame\x00\xe2\x98\x83\x88\x02\x03\xe8");
}

#[tokio::test]
async fn faults_can_be_switched_off_and_need_to_be_switched_on_in_public() {
    let public = Access { public: true, ..Access::default() };
    for (config, is_served) in [
        (Config::default(), true),
        (Config { no_faults: true, ..Config::default() }, false),
        (Config { access: public.clone(), ..Config::default() }, false),
        (Config { access: public, faults: true, ..Config::default() }, true),
    ] {
        let server = TestServer::with(config).await;
        for path in ["/raw", "/fault/masked", "/handshake/old-headers"] {
            let mut peer = server.peer().await;
            peer.write(crate::support::peer::handshake(path)).await;
            let head = peer.read_head().await;
            let status = if is_served { "HTTP/1.1 101 " } else { "HTTP/1.1 403 " };
            assert!(head.starts_with(status), "{path}: {head}");
        }
        let mut peer = Peer::open(server.address, "/legal/empty-ping").await;
        assert_eq!(read(&mut peer, 2).await, b"\x89\x00");
    }
}

#[tokio::test]
async fn a_wrong_value_of_every_parameter_is_refused_with_a_sentence() {
    let server = TestServer::start().await;
    // No parameter takes it: it is no name, no number, and longer than any text.
    let wrong = "x".repeat(5000);
    for &path in wire::Path::ALL {
        for parameter in path.parameters() {
            let plain = wire::Target::plain(path).to_string();
            let (path_text, _) = plain.split_once('?').unwrap_or((&plain, ""));
            // In a path stands the value alone.
            let target = match path_text.strip_suffix(&format!("/{}", parameter.example())) {
                Some(fixed) => format!("{fixed}/{wrong}"),
                None => format!("{path_text}?{parameter}={wrong}"),
            };
            let mut peer = server.peer().await;
            peer.write(crate::support::peer::handshake(&target)).await;
            let head = peer.read_head().await;
            assert!(head.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{path:?} {parameter}: {head}");
            let body = String::from_utf8(peer.read_to_end().await).unwrap();
            assert!(body.starts_with(&format!("parameter {parameter}=\"xxx")), "{path:?}: {body}");
            assert!(body.contains(" is wrong: it must be ") && body.contains(", as in "), "{path:?}: {body}");
        }
    }
}
