//! `/metrics`: what crossed the wire, by opcode and close code, and which limits ended connections.

use std::{num::NonZeroUsize, time::Duration};

use server::{Config, Limits};

use crate::support::{
    Peer, TestServer,
    peer::{frame, handshake},
    within,
};

async fn text(server: &TestServer) -> String {
    let mut peer = server.peer().await;
    peer.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

/// The value of a sample, or 0 if there is none.
async fn sample(server: &TestServer, name: &str) -> f64 {
    let text = text(server).await;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// Waits until a sample has that value.
async fn expect(server: &TestServer, name: &str, expected: f64) {
    let mut last = f64::NAN;
    let seen = async {
        while last != expected {
            last = sample(server, name).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), seen).await;
    assert!(in_time.is_ok(), "{name} is {last}, not {expected}");
}

async fn with_limits(limits: Limits) -> TestServer {
    TestServer::with(Config { limits, ..Config::default() }).await
}

#[tokio::test]
async fn both_engines_count_messages_and_their_bytes_by_opcode() {
    for path in ["/echo", "/echo?fragment=3"] {
        let server = TestServer::start().await;
        let mut peer = Peer::open(server.address, path).await;
        peer.write(
            [frame(0x81, b"Hi"), frame(0x82, b"123"), frame(0x82, b""), frame(0x89, b"ping"), frame(0x8a, b"")]
                .concat(),
        )
        .await;
        peer.write(frame(0x88, b"\x0f\xa0bye")).await;
        peer.read_to_end().await;
        for (opcode, count, received, sent) in
            [("text", 1.0, 8.0, 4.0), ("binary", 2.0, 15.0, 7.0), ("ping", 1.0, 10.0, 0.0), ("close", 1.0, 11.0, 7.0)]
        {
            let labels = |direction| format!("{{direction=\"{direction}\",opcode=\"{opcode}\"}}");
            let sent_count = if opcode == "ping" { 0.0 } else { count };
            expect(&server, &format!("canyon_messages_total{}", labels("received")), count).await;
            expect(&server, &format!("canyon_messages_total{}", labels("sent")), sent_count).await;
            expect(&server, &format!("canyon_message_bytes_total{}", labels("received")), received).await;
            expect(&server, &format!("canyon_message_bytes_total{}", labels("sent")), sent).await;
        }
        expect(&server, "canyon_messages_total{direction=\"received\",opcode=\"pong\"}", 1.0).await;
        expect(&server, "canyon_messages_total{direction=\"sent\",opcode=\"pong\"}", 1.0).await;
        for direction in ["received", "sent"] {
            let close = format!("canyon_close_frames_total{{direction=\"{direction}\",code=\"4000-4999\"}}");
            expect(&server, &close, 1.0).await;
        }
    }
}

#[tokio::test]
async fn what_compression_saves_is_counted_in_both_directions() {
    for path in ["/echo", "/echo?delay=1ms"] {
        let server = TestServer::start().await;
        let mut peer = Peer::open_deflate(server.address, path).await;
        // A stored block (RFC 1951, 3.2.4) is longer than its content, which counts as nothing saved.
        peer.write(frame(0xc1, b"\x00\x02\x00\xfd\xffHi\x00")).await;
        let (_, echo) = peer.read_frame().await;
        assert_eq!(echo, b"Hi");
        // 1000 times "a", as zlib compresses it.
        let compressed = b"\x4a\x4c\x1c\x05\xa3\x60\x14\x0c\x77\x00\x00";
        peer.write(frame(0xc1, compressed)).await;
        let (first, echo) = peer.read_frame().await;
        assert_eq!(first, 0xc1);
        let saved = |length: usize| (1000 - length) as f64;
        expect(&server, "canyon_saved_bytes_total{direction=\"received\"}", saved(compressed.len())).await;
        expect(&server, "canyon_saved_bytes_total{direction=\"sent\"}", saved(echo.len())).await;
        expect(&server, "canyon_compressed_messages_total{direction=\"received\"}", 2.0).await;
    }
}

#[tokio::test]
async fn the_round_trips_of_the_servers_own_pings_are_a_histogram() {
    for path in ["/echo", "/echo?delay=1ms"] {
        let limits = Limits { ping_interval: "50ms".parse().unwrap(), ..Limits::default() };
        let server = with_limits(limits).await;
        let mut peer = Peer::open(server.address, path).await;
        for _ in 0..3 {
            assert_eq!(peer.read_frame().await.0, 0x89);
            peer.write(frame(0x8a, b"")).await;
        }
        within("three round trips", async {
            while sample(&server, "canyon_ping_round_trip_seconds_count").await < 3.0 {}
        })
        .await;
        let all = sample(&server, "canyon_ping_round_trip_seconds_bucket{le=\"+Inf\"}").await;
        assert!(all >= 3.0, "{all}: {}", text(&server).await);
        assert!(sample(&server, "canyon_ping_round_trip_seconds_sum").await > 0.0);
    }
}

#[tokio::test]
async fn a_limit_that_ends_a_websocket_is_counted_by_its_name() {
    for path in ["/echo", "/echo?delay=1ms"] {
        let limits = Limits {
            max_message_size: "10".parse().unwrap(),
            max_fragments: NonZeroUsize::new(2).unwrap(),
            message_timeout: "200ms".parse().unwrap(),
            ping_interval: "1s".parse().unwrap(),
            ping_timeout: "200ms".parse().unwrap(),
            ..Limits::default()
        };
        let server = with_limits(limits).await;
        let fragments = [frame(0x01, b""), frame(0x00, b""), frame(0x00, b"")].concat();
        for (limit, code, bytes) in [
            ("max-message-size", "1009", frame(0x81, b"eleven byte")),
            ("max-fragments", "1009", fragments),
            ("message-timeout", "1008", frame(0x01, b"")),
            ("ping-timeout", "1011", Vec::new()),
        ] {
            let mut peer = Peer::open(server.address, path).await;
            peer.write(bytes).await;
            peer.read_to_end().await;
            expect(&server, &format!("canyon_limit_closes_total{{limit=\"{limit}\"}}"), 1.0).await;
            let sent = format!("canyon_close_frames_total{{direction=\"sent\",code=\"{code}\"}}");
            assert!(sample(&server, &sent).await >= 1.0, "{limit}");
        }
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_counted_with_its_limit() {
    let limits = Limits { handshake_timeout: "100ms".parse().unwrap(), ..Limits::default() };
    let server = with_limits(limits).await;
    let mut peer = server.peer().await;
    peer.write(&handshake("/echo")[..20]).await;
    peer.read_to_end().await;
    expect(&server, "canyon_limit_closes_total{limit=\"handshake-timeout\"}", 1.0).await;
}
