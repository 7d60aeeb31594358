//! Memory that all connections hold together is bounded, and so is the time that a message may take.

use std::time::Duration;

use server::{Config, Limits};
use testkit::handshake::{Compression, request};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use wire::{ByteSize, TimeSpan};

use crate::support::{
    Peer, Program, TestServer,
    peer::{frame, handshake},
    within,
};

const MIB: usize = 1 << 20;
/// What a server says that has no memory.
const SHORT: &str = "the server is short of memory, try again later";

/// The smallest budget, and messages that are larger.
fn limits() -> Limits {
    Limits { max_memory: Some(ByteSize::mib(16)), max_message_size: ByteSize::mib(64), ..Limits::default() }
}

async fn server(limits: Limits) -> TestServer {
    TestServer::with(Config { limits, ..Config::default() }).await
}

/// The header of a binary message of so many bytes, and the first of them.
fn part_of_message(length: usize, arrived: usize) -> Vec<u8> {
    let mut whole = frame(0x82, &vec![0; length]);
    whole.truncate(arrived);
    whole
}

/// A compressed message that inflates to so many zeros.
fn bomb(size: usize) -> Vec<u8> {
    let mut payload = Vec::with_capacity(size / 500 + 100);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(&vec![0; size], &mut payload, flate2::FlushCompress::Sync)
        .unwrap();
    payload.truncate(payload.len() - 4);
    frame(0xc2, &payload)
}

async fn get(server: &TestServer, path: &str) -> String {
    let mut peer = server.peer().await;
    peer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
    String::from_utf8(peer.read_to_end().await).unwrap()
}

/// Bytes that the server counts for its connections, this question left out.
async fn taken(server: &TestServer) -> usize {
    let health = get(server, "/healthz").await;
    let memory = health.split_once(r#""memory":"#).and_then(|(_, after)| after.split_once('}')).unwrap().0;
    memory.parse::<usize>().unwrap().saturating_sub(24 << 10)
}

/// A peer that has the server hold a bit more than 12.8 of 16 MiB: four fifths.
async fn holder(server: &TestServer) -> Peer {
    let mut peer = Peer::open(server.address, "/echo").await;
    let fragment = vec![0; 100 << 10];
    peer.write([frame(2, &fragment), frame(0, &fragment).repeat(131)].concat()).await;
    within("the server to hold 12.8 MiB", async { while taken(server).await < 16 * MIB / 5 * 4 {} }).await;
    peer
}

#[tokio::test]
async fn a_message_that_needs_more_than_there_is_is_closed_with_1013_by_both_engines() {
    for path in ["/echo", "/echo?fragment=100"] {
        let server = server(limits()).await;
        let mut polite = server.connect(path).await;
        let mut peer = Peer::open_deflate(server.address, path).await;
        peer.write(bomb(20 * MIB)).await;
        assert_eq!(peer.read_close().await, (1013, SHORT.to_owned()), "{path}");
        polite.send("still there").await;
        assert_eq!(polite.recv().await, Message::text("still there"));
    }
}

#[tokio::test]
async fn what_is_held_is_counted_until_it_is_answered_or_its_peer_is_gone() {
    for (path, base) in [("/echo", 1 << 10), ("/echo?fragment=100000", 17 << 10)] {
        let server = server(limits()).await;
        let mut peer = Peer::open(server.address, path).await;
        within("an empty connection", async { while taken(&server).await != base {} }).await;
        let message = frame(0x82, &vec![7; MIB]);
        peer.write(&message[..MIB / 2]).await;
        let held = base + MIB / 2 - 20..base + MIB + 64 * 1024;
        within("half a message to be counted", async { while !held.contains(&taken(&server).await) {} }).await;
        peer.write(&message[MIB / 2..]).await;
        let mut received = 0;
        while received < MIB {
            received += peer.read_frame().await.1.len();
        }
        drop(peer);
        within("nothing", async { while taken(&server).await > 0 {} }).await;
    }
}

#[tokio::test]
async fn at_the_limit_new_connections_get_503_and_the_server_says_so() {
    let server = server(limits()).await;
    let mut polite = server.connect("/echo").await;
    assert!(get(&server, "/readyz").await.starts_with("HTTP/1.1 200 "));
    let mut peers = vec![holder(&server).await];
    let refusal = within("a refusal", async {
        loop {
            let mut peer = server.peer().await;
            peer.write(handshake("/echo")).await;
            let head = peer.read_head().await;
            if !head.starts_with("HTTP/1.1 101 ") {
                break head + &String::from_utf8(peer.read_to_end().await).unwrap();
            }
            peer.write(part_of_message(MIB, 300 << 10)).await;
            peers.push(peer);
        }
    })
    .await;
    assert!(refusal.starts_with("HTTP/1.1 503 ") && refusal.contains("\r\nretry-after: 1\r\n"), "{refusal}");
    assert!(refusal.ends_with("\r\n\r\nthere is no memory for another connection\n"), "{refusal}");
    let not_ready = get(&server, "/readyz").await;
    assert!(not_ready.starts_with("HTTP/1.1 503 ") && not_ready.ends_with("no memory for another connection\n"));
    assert!(get(&server, "/healthz").await.starts_with("HTTP/1.1 200 "));
    polite.send("still there").await;
    assert_eq!(polite.recv().await, Message::text("still there"));
    drop(peers);
    within("room", async { while !get(&server, "/readyz").await.starts_with("HTTP/1.1 200 ") {} }).await;
    Peer::open(server.address, "/echo").await;
}

#[tokio::test]
async fn near_the_limit_those_that_hold_most_are_not_read_from_until_there_is_room() {
    for path in ["/echo", "/echo?fragment=67108864"] {
        let server = server(limits()).await;
        let mut peer = Peer::open(server.address, path).await;
        let holder = holder(&server).await;
        let before = taken(&server).await;
        // A third of what there is: it is held as it came, as it is passed on, and as it is sent.
        let message = frame(0x82, &vec![7; 5 * MIB]);
        let write = tokio::io::AsyncWriteExt::write_all(&mut peer.stream, &message);
        let mut write = std::pin::pin!(write);
        let is_written = timeout(Duration::from_secs(1), write.as_mut()).await.is_ok();
        let more = taken(&server).await - before;
        assert!(more < MIB, "{path}: it was read from, {more} bytes");
        drop(holder);
        if !is_written {
            within("the message to be read", write).await.unwrap();
        }
        let (first, payload) = peer.read_frame().await;
        assert!(first == 0x82 && payload.len() == 5 * MIB, "{path}: {first} {}", payload.len());
    }
}

#[tokio::test]
async fn a_peer_that_is_not_read_from_has_no_more_time_than_others() {
    let limits = Limits { message_timeout: TimeSpan::ms(1000), ..limits() };
    for path in ["/echo", "/echo?fragment=67108864"] {
        let server = server(limits.clone()).await;
        let _holder = holder(&server).await;
        let mut peer = Peer::open(server.address, path).await;
        peer.write(part_of_message(MIB, 200 << 10)).await;
        let (code, reason) = peer.read_close().await;
        assert_eq!((code, reason.as_str()), (1013, SHORT), "{path}");
    }
}

#[tokio::test]
async fn a_peer_that_leaves_while_it_is_not_read_from_leaves_nothing() {
    for path in ["/echo", "/echo?fragment=67108864"] {
        let server = server(limits()).await;
        let holder = holder(&server).await;
        let mut peer = Peer::open(server.address, path).await;
        let before = taken(&server).await;
        peer.write(part_of_message(MIB, 600 << 10)).await;
        within("it to be counted", async { while taken(&server).await < before + (40 << 10) {} }).await;
        peer.stream.set_zero_linger().unwrap();
        drop(peer);
        within("it to be gone", async { while taken(&server).await >= before {} }).await;
        drop(holder);
    }
}

#[tokio::test]
async fn near_the_limit_compression_is_not_agreed_and_not_used() {
    for path in ["/echo", "/echo?fragment=10000"] {
        let server = server(limits()).await;
        let mut before = Peer::open_deflate(server.address, path).await;
        let _holder = holder(&server).await;
        let mut after = Peer::connect(server.address).await;
        after.write(request("localhost", path, Compression::Deflate)).await;
        let head = after.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 ") && !head.contains("sec-websocket-extensions"), "{head}");
        before.write(bomb(1000)).await;
        assert_eq!(before.read_frame().await, (0x82, vec![0; 1000]), "{path}");
    }
}

#[tokio::test]
async fn delayed_answers_are_counted() {
    let limits = Limits { max_message_size: ByteSize::mib(1), message_timeout: TimeSpan::ms(1000), ..limits() };
    let server = server(limits).await;
    let mut peers = Vec::new();
    for _ in 0..10 {
        peers.push(Peer::open_deflate(server.address, "/echo?delay=1h").await);
    }
    let mut held = 0;
    for peer in &mut peers {
        peer.write(bomb(MIB).repeat(2)).await;
        let is_closed = within("1013, or two messages to be held", async {
            tokio::select! {
                close = peer.read_close() => Some(close),
                () = async { while taken(&server).await < (held + 1) * 2 * MIB {} } => None,
            }
        });
        if let Some(close) = is_closed.await {
            assert_eq!(close, (1013, SHORT.to_owned()));
            break;
        }
        held += 1;
    }
    assert!((5..8).contains(&held), "{held} peers had two messages of 1 MiB held each");
}

#[tokio::test]
async fn a_message_that_takes_too_long_is_closed_with_1008_by_both_engines() {
    let limits = Limits { message_timeout: TimeSpan::ms(500), ..Limits::default() };
    let server = server(limits).await;
    let beginnings = [
        ("a part of a header", vec![0x82]),
        ("a header", part_of_message(1000, 8)),
        ("a part of a frame", part_of_message(1000, 500)),
        ("a fragment", frame(0x01, b"beginning")),
        ("an empty fragment", frame(0x02, b"")),
        ("a ping in a message", [frame(0x01, b"x"), frame(0x89, b"")].concat()),
        ("a part of a ping", frame(0x89, b"ping")[..7].to_vec()),
        ("a message and a part of another", [frame(0x81, b"whole"), frame(0x01, b"part")].concat()),
    ];
    for path in ["/echo", "/echo?fragment=100"] {
        for (what, beginning) in &beginnings {
            let mut peer = Peer::open(server.address, path).await;
            peer.write(beginning).await;
            let close = within("a close", async {
                loop {
                    match peer.read_frame().await {
                        (0x88, payload) => break payload,
                        (first, _) => assert!(matches!(first, 0x81 | 0x8a), "{path}, {what}: {first}"),
                    }
                }
            })
            .await;
            let expected = [&1008_u16.to_be_bytes()[..], b"message took too long to arrive"].concat();
            assert_eq!(close, expected, "{path}, {what}");
        }
        let mut peer = Peer::open_deflate(server.address, path).await;
        let bomb = bomb(100_000);
        peer.write(&bomb[..bomb.len() - 20]).await;
        assert_eq!(peer.read_close().await.0, 1008, "{path}, compressed");
    }
}

#[tokio::test]
async fn drips_do_not_extend_a_messages_time_and_a_silent_peer_has_none() {
    let limits = Limits { message_timeout: TimeSpan::ms(500), ..Limits::default() };
    let server = server(limits).await;
    for path in ["/echo", "/echo?fragment=100"] {
        let mut silent = Peer::open(server.address, path).await;
        silent.write(frame(0x81, b"first")).await;
        assert_eq!(silent.read_frame().await, (0x81, b"first".to_vec()));
        let mut peer = Peer::open(server.address, path).await;
        let message = frame(0x82, &[0; 10_000]);
        let (mut reader, mut writer) = peer.stream.split();
        let drip = async {
            for byte in message.chunks(1) {
                if tokio::io::AsyncWriteExt::write_all(&mut writer, byte).await.is_err() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let mut answer = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer);
        tokio::select! {
            () = drip => panic!("{path}: all of it was taken"),
            _ = within("a close", read) => {}
        }
        assert_eq!(answer[..4], [0x88, answer[1], 3, 0xf0], "{path}: 1008");
        silent.write(frame(0x81, b"second")).await;
        assert_eq!(silent.read_frame().await, (0x81, b"second".to_vec()), "{path}");
    }
}

#[tokio::test]
async fn an_address_has_its_share_of_the_connections_and_of_the_memory() {
    let limits = Limits {
        max_share_per_address: "50".parse().ok(),
        max_connections: "4".parse().unwrap(),
        max_memory: Some(ByteSize::mib(32)),
        ..limits()
    };
    let server = server(limits).await;
    let (mut peer, _other) = (Peer::open_deflate(server.address, "/echo").await, Peer::open(server.address, "/").await);
    let refused = get(&server, "/").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
    assert!(refused.ends_with("there is no room for another connection from your address\n"), "{refused}");
    peer.write(bomb(20 * MIB)).await;
    let (code, reason) = peer.read_close().await;
    assert_eq!((code, reason.as_str()), (1013, "your address holds its share of the server's memory, try again later"));
    drop(peer);
    within("the server itself to have memory", async {
        while !get(&server, "/readyz").await.starts_with("HTTP/1.1 200 ") {}
    })
    .await;
}

#[tokio::test]
async fn the_log_has_one_line_when_memory_is_used_up_and_one_when_there_is_room_again() {
    let arguments = ["--log", "warn", "--max-memory", "16MiB", "--max-message-size", "64MiB"];
    let (mut program, port) = Program::on_free_port(&arguments).await;
    for _ in 0..20 {
        let mut peer = Peer::open_deflate(([127, 0, 0, 1], port).into(), "/echo").await;
        peer.write(bomb(20 * MIB)).await;
        assert_eq!(peer.read_close().await.0, 1013);
    }
    let line = program.line().await;
    assert!(line.starts_with("warn: the memory for connections is used up, 16MiB:"), "{line}");
    let line = program.line().await;
    assert!(line.starts_with("warn: there is memory for connections again"), "{line}");
    assert!(line.contains("closed meanwhile: 20, refused: 0"), "{line}");
}
