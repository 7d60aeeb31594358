//! `/stream`: what the server sends by itself.

use serde_json::Value;
use server::{Config, Limits};

use super::{close, opened_with};
use crate::support::{Peer, TestServer, peer::frame};

fn json(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

#[tokio::test]
async fn messages_are_numbered_and_a_report_ends_them() {
    let server = TestServer::start().await;
    for (kind, first) in [("text", 0x81), ("binary", 0x82)] {
        let path = format!("/stream?rate=1000&size=100&count=20&burst=3&kind={kind}");
        let mut peer = Peer::open(server.address, &path).await;
        peer.write(frame(0x81, b"is not answered")).await;
        let mut before = 0.0;
        for number in 1..=20 {
            let (byte, payload) = peer.read_frame().await;
            assert_eq!((byte, payload.len()), (first, 100));
            let message = json(&payload);
            assert_eq!(message["n"], number);
            assert!(message["ms"].as_f64().unwrap() >= before);
            before = message["ms"].as_f64().unwrap();
        }
        let (byte, report) = peer.read_frame().await;
        let report = json(&report);
        assert_eq!((byte, &report["sent"], &report["bytes"]), (0x81, &20.into(), &2000.into()));
        assert!(report["ms"].as_f64().unwrap() >= 18.0, "the last burst comes 18 ms after the first: {report}");
        peer.write(close()).await;
        assert_eq!(peer.read_close().await.0, 1000);
    }
}

#[tokio::test]
async fn nothing_is_sent_while_the_client_does_not_read() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/stream?rate=1000000&count=64&size=1MiB&burst=64").await;
    let mut numbers = Vec::new();
    for _ in 0..64 {
        let (_, payload) = peer.read_frame().await;
        assert_eq!(payload.len(), 1 << 20);
        numbers.push(json(&payload)["n"].as_u64().unwrap());
    }
    assert_eq!(numbers, (1..=64).collect::<Vec<_>>());
    assert_eq!(json(&peer.read_frame().await.1)["bytes"], 64 << 20);
}

#[tokio::test]
async fn a_close_and_a_ping_are_answered_in_the_middle() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/stream?rate=1").await;
    assert_eq!(peer.read_frame().await.0, 0x81);
    peer.write([frame(0x89, b"now"), close()].concat()).await;
    assert_eq!(peer.read_frame().await, (0x8a, b"now".to_vec()));
    assert_eq!(peer.read_close().await.0, 1000);
}

#[tokio::test]
async fn a_message_is_no_larger_than_the_servers_limit() {
    let limits = Limits { max_message_size: "64KiB".parse().unwrap(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let (head, mut peer) = opened_with(&server, "/stream?size=1MiB", "").await;
    assert!(head.starts_with("HTTP/1.1 400 "), "{head}");
    assert_eq!(peer.read_to_end().await, b"size=1MiB is more than --max-message-size, 64KiB\n");
}
