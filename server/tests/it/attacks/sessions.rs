//! Attacks with frames on WebSockets that the event loop does not carry: over TLS, and through `canyon relay`.

use server::{Config, Gateway};
use tokio::io::{AsyncRead, AsyncWrite};
use wire::TimeSpan;

use super::frames::deflated;
use crate::support::{Certificate, Peer, TestServer, peer::frame};

/// What a client sends, and the code of the close frame that it gets for that.
fn attacks() -> Vec<(&'static str, Vec<u8>, u16)> {
    let announced = |length: u64| [&[0x82, 0xff], &length.to_be_bytes()[..], &[1, 2, 3, 4]].concat();
    let long = [frame(0x02, &[0; 512 << 10]), frame(0x00, &[0; 512 << 10]), frame(0x80, &[0])].concat();
    vec![
        ("a length of more than the limit", announced((1 << 20) + 1), 1009),
        ("a length of 2^63 - 1", announced(u64::MAX >> 1), 1009),
        ("fragments of more than the limit", long, 1009),
        ("too many fragments", [frame(0x02, b""), frame(0x00, b"").repeat(5000)].concat(), 1009),
        ("a message that inflates beyond the limit", frame(0xc1, &deflated(&vec![b'a'; 8 << 20])), 1009),
        ("data that is not compressed", frame(0xc1, b"\xff\xff\xff\xff no deflate data"), 1007),
        ("text that is no UTF-8", frame(0x81, b"\xc0\x80"), 1007),
        ("a reserved bit", frame(0xa1, b"a"), 1002),
        ("a reserved opcode", frame(0x83, b"a"), 1002),
        ("a frame without a mask", b"\x81\x01a".to_vec(), 1002),
        ("a continuation of nothing", frame(0x80, b"a"), 1002),
        ("a ping of 126 bytes", frame(0x89, &[0; 126]), 1002),
        ("close code 1005", frame(0x88, &1005_u16.to_be_bytes()), 1002),
    ]
}

/// Sends one attack on a connection, and expects the close frame and the end.
async fn attack<S: AsyncRead + AsyncWrite + Unpin>(stream: S, (name, bytes, code): &(&str, Vec<u8>, u16)) {
    let mut peer = Peer { stream }.into_deflate("/echo").await;
    peer.write(bytes).await;
    assert_eq!(peer.read_close().await.0, *code, "{name}");
}

#[tokio::test]
async fn attacks_with_frames_over_tls_are_told_as_over_tcp() {
    let certificate = Certificate::new();
    let (server, address) = TestServer::with_tls(Config::default(), certificate.tls()).await;
    for case in &attacks() {
        attack(Peer::connect(server.address).await.stream, case).await;
        attack(certificate.connect(address).await, case).await;
    }
}

#[tokio::test]
async fn attacks_with_frames_stop_at_a_relay_and_are_told_as_by_the_server() {
    let far = TestServer::start().await;
    let gateway = Gateway {
        to: format!("ws://{}", far.address).parse().unwrap(),
        trust: "system".parse().unwrap(),
        delay: TimeSpan::seconds(0),
        jitter: TimeSpan::seconds(0),
        fragment: None,
        drop_after: None,
    };
    let near = TestServer::with(Config { gateway: Some(gateway), ..Config::default() }).await;
    for case in &attacks() {
        attack(Peer::connect(near.address).await.stream, case).await;
    }
}
