//! Peers that send anything but WebSocket.

use socket2::SockRef;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Peer, TestServer, peer::frame};

async fn is_alive(client: &mut Client) {
    client.send("still there?").await;
    assert_eq!(client.recv().await, Message::text("still there?"));
}

#[tokio::test]
async fn garbage_instead_of_http_is_answered_with_400() {
    let server = TestServer::start().await;
    let mut witness = server.connect("/echo").await;
    let tls_hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03];
    for garbage in [&tls_hello[..], b"\0\0\0\0\r\n\r\n", b"HELLO\r\n\r\n", b"GET / HTTP/9\r\n\r\n", &[0xff; 64]] {
        let mut peer = server.peer().await;
        peer.write(garbage).await;
        let answer = peer.read_to_end().await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{garbage:?} is answered with {answer:?}");
    }
    is_alive(&mut witness).await;
}

#[tokio::test]
async fn what_never_becomes_a_request_is_answered_too() {
    let limits =
        server::Limits { handshake_timeout: std::time::Duration::from_millis(100).into(), ..server::Limits::default() };
    let server = TestServer::with(server::Config { limits, ..server::Config::default() }).await;
    let mut silent = server.peer().await;
    assert!(String::from_utf8_lossy(&silent.read_to_end().await).starts_with("HTTP/1.1 408 "));
    let mut partial = server.peer().await;
    partial.write("GET / HT").await;
    tokio::io::AsyncWriteExt::shutdown(&mut partial.stream).await.unwrap();
    assert!(String::from_utf8_lossy(&partial.read_to_end().await).starts_with("HTTP/1.1 400 "));
}

/// A read stops before an urgent byte, whatever lies behind it; and it is a byte of its frame.
#[tokio::test]
async fn urgent_bytes_are_bytes_of_their_frames() {
    let server = TestServer::start().await;
    for path in ["/echo", "/echo?fragment=64KiB"] {
        let mut peer = Peer::open(server.address, path).await;
        for n in 0..20 {
            let (first, second) = (frame(0x82, b"urgently"), frame(0x82, &[n; 1000]));
            let (before, urgent) = first[..10].split_at(9);
            peer.write(before).await;
            let sent = SockRef::from(&peer.stream).send_out_of_band(urgent).unwrap();
            assert_eq!(sent, 1);
            peer.write([&first[10..], &second].concat()).await;
            assert_eq!(peer.read_frame().await, (0x82, b"urgently".to_vec()), "{path}");
            assert_eq!(peer.read_frame().await, (0x82, vec![n; 1000]), "{path}");
        }
    }
}

#[tokio::test]
async fn garbage_instead_of_frames_ends_that_connection_alone() {
    let server = TestServer::start().await;
    let mut witness = server.connect("/echo").await;
    let mut random = fastrand::Rng::with_seed(12345);
    for _ in 0..50 {
        let mut peer = Peer::open(server.address, "/echo").await;
        let garbage: Vec<u8> = std::iter::repeat_with(|| random.u8(..)).take(300).collect();
        peer.write([&[0xf3], &garbage[..]].concat()).await;
        assert_eq!(peer.read_close().await.0, 1002);
    }
    is_alive(&mut witness).await;
}
