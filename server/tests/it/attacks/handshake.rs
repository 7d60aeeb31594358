//! Attacks before a WebSocket is open.

use tokio::time::{Duration, Instant, sleep};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Peer, TestServer, peer::handshake};

/// Sends bytes and gives the response's status line and the rest.
async fn answer(server: &TestServer, request: impl AsRef<[u8]>) -> (String, String) {
    let mut peer = server.peer().await;
    peer.write(request).await;
    let head = peer.read_head().await;
    let (status, headers) = head.split_once("\r\n").unwrap();
    (status.to_owned(), headers.to_owned())
}

fn with_header(name_and_value: &[u8]) -> Vec<u8> {
    let request = handshake("/echo");
    let head = request.strip_suffix("\r\n").unwrap().as_bytes();
    [head, name_and_value, b"\r\n\r\n"].concat()
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_is_cut_off_after_the_handshake_timeout() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    let start = Instant::now();
    let (mut reader, mut writer) = peer.stream.split();
    let drip = async {
        for byte in handshake("/echo").bytes() {
            // The server may have hung up already.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut writer, &[byte]).await;
            sleep(Duration::from_secs(1)).await;
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = drip => panic!("the server waited for the whole head"),
        _ = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer) => {}
    }
    // The lingering close takes a second more, and the paused clock may run ahead of the sockets.
    assert!((9..20).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
}

#[tokio::test]
async fn a_head_that_is_too_long_is_431() {
    let server = TestServer::start().await;
    let headers =
        |count, length| -> String { (0..count).map(|n| format!("X-{n}: {}\r\n", "x".repeat(length))).collect() };
    for (what, headers) in [
        ("200 headers", headers(200, 1)),
        ("a header of 17 KiB", headers(1, 17 * 1024)),
        ("a head of 70 KiB", headers(70, 1024)),
    ] {
        let (status, _) = answer(&server, with_header(headers.trim_end().as_bytes())).await;
        assert!(status.starts_with("HTTP/1.1 431 "), "{what}: {status}");
    }
}

#[tokio::test]
async fn headers_that_are_not_ascii_or_stand_twice_are_400() {
    let server = TestServer::start().await;
    for header in [
        b"Sec-WebSocket-Protocol: \xff".as_slice(),
        b"Sec-WebSocket-Protocol: chat, chat",
        b"Sec-WebSocket-Protocol: two words",
        b"Sec-WebSocket-Protocol: ",
        b"Sec-WebSocket-Key: \xff\xff",
        b"Host: localhost",
        b"Sec-WebSocket-Version: 13",
        b"Origin: \xff",
        b"Sec-WebSocket-Extensions: permessage-deflate; =",
    ] {
        let (status, _) = answer(&server, with_header(header)).await;
        assert!(status.starts_with("HTTP/1.1 400 "), "{}: {status}", header.escape_ascii());
    }
    let mut client = server.connect("/echo").await;
    client.send("still there").await;
    assert_eq!(client.recv().await, Message::text("still there"));
}

#[tokio::test]
async fn a_web_page_of_another_origin_is_403() {
    let server = TestServer::start().await;
    for origin in ["http://evil.example", "https://localhost.evil.example", "null"] {
        let (status, _) = answer(&server, with_header(format!("Origin: {origin}").as_bytes())).await;
        assert_eq!(status, "HTTP/1.1 403 Forbidden", "{origin}");
    }
    // What `trunk serve` serves is on another port of this machine.
    let (status, _) = answer(&server, with_header(b"Origin: http://localhost:8080")).await;
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
}

#[tokio::test]
async fn a_name_that_was_rebound_to_this_machine_is_403() {
    let server = TestServer::start().await;
    for request in [handshake("/echo"), "GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n".to_owned()] {
        let (status, _) = answer(&server, request.replace("Host: localhost", "Host: evil.example")).await;
        assert_eq!(status, "HTTP/1.1 403 Forbidden");
    }
}

#[tokio::test]
async fn a_body_that_hides_a_second_request_is_400() {
    let server = TestServer::start().await;
    for header in ["Content-Length: 5", "Transfer-Encoding: chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked"]
    {
        let mut peer = server.peer().await;
        peer.write(
            [with_header(header.as_bytes()), b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec()].concat(),
        )
        .await;
        let answer = String::from_utf8(peer.read_to_end().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{header}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{header}: {answer}");
    }
}

#[tokio::test]
async fn the_first_subprotocol_of_the_client_that_the_server_knows_is_agreed() {
    let config = server::Config {
        subprotocol: ["chat", "superchat"].map(|name| name.parse().unwrap()).into(),
        ..server::Config::default()
    };
    let server = TestServer::with(config).await;
    let (status, headers) = answer(&server, with_header(b"Sec-WebSocket-Protocol: mqtt, superchat, chat")).await;
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
    assert!(headers.contains("sec-websocket-protocol: superchat\r\n"), "{headers}");
    let (status, headers) = answer(&server, with_header(b"Sec-WebSocket-Protocol: mqtt")).await;
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
    assert!(!headers.contains("sec-websocket-protocol"), "{headers}");
}

#[tokio::test]
async fn a_head_full_of_subprotocols_is_read_in_no_time() {
    let limits = server::Limits { max_head_size: "1MiB".parse().unwrap(), ..server::Limits::default() };
    let server = TestServer::with(server::Config { limits, ..server::Config::default() }).await;
    let names: Vec<String> = (0..100_000).map(|n| n.to_string()).collect();
    let (status, _) =
        answer(&server, with_header(format!("Sec-WebSocket-Protocol: {}", names.join(",")).as_bytes())).await;
    assert_eq!(status, "HTTP/1.1 101 Switching Protocols");
}

#[tokio::test]
async fn an_open_websocket_is_not_disturbed_by_those_who_never_finish_theirs() {
    let server = TestServer::start().await;
    let mut unfinished = Vec::new();
    for _ in 0..50 {
        let mut peer = server.peer().await;
        peer.write("GET / HT").await;
        unfinished.push(peer);
    }
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write(crate::support::peer::frame(0x81, b"prompt")).await;
    assert_eq!(peer.read_frame().await, (0x81, b"prompt".to_vec()));
}
