//! Connections that have sent a message, and are therefore at rest, without a task of their own: that nobody can tell.

use std::time::Duration;

use server::{Config, Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::Instant,
};

use crate::support::{Peer, TestServer, peer::frame, within};

/// A peer that has sent a message and read the answer.
async fn at_rest(server: &TestServer) -> Peer {
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write(frame(0x81, b"first")).await;
    assert_eq!(peer.read_frame().await, (0x81, b"first".to_vec()));
    peer
}

#[tokio::test]
async fn it_comes_and_goes_as_what_it_sends_needs() {
    let server = TestServer::start().await;
    let mut peer = at_rest(&server).await;
    for n in 0..100_u8 {
        let large = vec![n; 3000 * usize::from(n)];
        let frames =
            [frame(0x82, &large), frame(0x89, &[n]), frame(0x01, b"a"), frame(0x80, &[n % 64]), frame(0x81, b"plain")];
        peer.write(frames.concat()).await;
        assert_eq!(peer.read_frame().await, (0x82, large));
        assert_eq!(peer.read_frame().await, (0x8a, vec![n]));
        assert_eq!(peer.read_frame().await, (0x81, vec![b'a', n % 64]));
        assert_eq!(peer.read_frame().await, (0x81, b"plain".to_vec()));
    }
}

#[tokio::test]
async fn it_may_send_more_than_one_look_takes() {
    let server = TestServer::start().await;
    let mut peer = at_rest(&server).await;
    let message: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let (mut reader, mut writer) = peer.stream.split();
    let sent = frame(0x82, &message).repeat(8);
    let received = async {
        for _ in 0..8 {
            let mut answer = vec![0; 10 + message.len()];
            tokio::io::AsyncReadExt::read_exact(&mut reader, &mut answer).await.unwrap();
            assert_eq!(answer[10..], message);
        }
    };
    within("all echoes", async { tokio::join!(received, writer.write_all(&sent)) }).await.1.unwrap();
}

#[tokio::test]
async fn who_reads_late_gets_it_all() {
    let server = TestServer::start().await;
    let mut peer = at_rest(&server).await;
    let message: Vec<u8> = (0..1_u32 << 18).flat_map(u32::to_le_bytes).collect();
    let (mut reader, mut writer) = peer.stream.split();
    let sent = frame(0x82, &message).repeat(16);
    let write = writer.write_all(&sent);
    tokio::pin!(write);
    // By then the sockets of both sides are full.
    let stalled = tokio::time::timeout(Duration::from_millis(500), &mut write).await;
    let received = async {
        for _ in 0..16 {
            let mut answer = vec![0; 10 + message.len()];
            tokio::io::AsyncReadExt::read_exact(&mut reader, &mut answer).await.unwrap();
            assert_eq!(answer[10..], message);
        }
    };
    let rest = async { if stalled.is_err() { write.await } else { Ok(()) } };
    within("all echoes", async { tokio::join!(received, rest) }).await.1.unwrap();
}

#[tokio::test]
async fn its_pings_go_on() {
    let (ping_interval, ping_timeout) = (Duration::from_millis(500).into(), Duration::from_secs(3).into());
    let limits = Limits { ping_interval, ping_timeout, ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let mut peer = at_rest(&server).await;
    let start = Instant::now();
    for _ in 0..3 {
        assert_eq!(peer.read_frame().await, (0x89, Vec::new()));
        peer.write([frame(0x8a, b""), frame(0x81, b"still here")].concat()).await;
        assert_eq!(peer.read_frame().await, (0x81, b"still here".to_vec()));
    }
    let end = loop {
        match peer.read_frame().await {
            (0x89, payload) if payload.is_empty() => {}
            end => break end,
        }
    };
    assert_eq!(end, (0x88, [&1011_u16.to_be_bytes()[..], b"keepalive ping timeout"].concat()));
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
}

#[tokio::test]
async fn who_never_reads_is_given_up_after_the_write_timeout() {
    let limits = Limits { write_timeout: Duration::from_secs(1).into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let mut peer = at_rest(&server).await;
    let start = Instant::now();
    let message = frame(0x82, &vec![7; 1 << 20]);
    within("the end of the connection", async { while peer.stream.write_all(&message).await.is_ok() {} }).await;
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[tokio::test]
async fn who_ends_its_side_gets_the_last_answers() {
    let server = TestServer::start().await;
    let mut peer = at_rest(&server).await;
    peer.write([frame(0x81, b"last"), frame(0x82, b"words")].concat()).await;
    peer.stream.shutdown().await.unwrap();
    assert_eq!(peer.read_frame().await, (0x81, b"last".to_vec()));
    assert_eq!(peer.read_frame().await, (0x82, b"words".to_vec()));
    assert_eq!(peer.read_to_end().await, b"");
}

#[tokio::test]
async fn it_is_told_when_the_server_goes_away() {
    let server = TestServer::start().await;
    let mut quiet = at_rest(&server).await;
    let mut in_a_message = at_rest(&server).await;
    in_a_message.write(&frame(0x81, &[b'x'; 100])[..50]).await;
    let stopped = server.stop();
    for peer in [&mut quiet, &mut in_a_message] {
        let (first, payload) = peer.read_frame().await;
        assert_eq!((first, &payload[..2]), (0x88, &1001_u16.to_be_bytes()[..]));
        peer.write(frame(0x88, &1001_u16.to_be_bytes())).await;
    }
    within("the server's end", stopped).await.unwrap();
}

/// The system reports room only when a third of the socket's buffer is free, which takes this peer longer.
#[tokio::test]
async fn who_reads_slowly_but_steadily_is_not_given_up() {
    const SIZE: usize = 1 << 20;
    let limits = Limits { write_timeout: Duration::from_secs(1).into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for path in ["/echo", "/echo?fragment=100000"] {
        let peer = Peer::open(server.address, path).await;
        peer.stream.set_nodelay(true).unwrap();
        let (mut read, mut write) = peer.stream.into_split();
        let message = frame(0x82, &vec![7; SIZE]);
        let writer = tokio::spawn(async move {
            for _ in 0..12 {
                write.write_all(&message).await.unwrap();
            }
            write
        });
        let mut piece = vec![0; 16 << 10];
        let mut count = 0;
        let start = Instant::now();
        // 160 KB/s: a segment of the loopback interface takes half a second.
        while start.elapsed() < Duration::from_secs(5) {
            count += within("a piece", read.read(&mut piece)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        while count < 12 * SIZE {
            let more = within("the rest", read.read(&mut piece)).await.unwrap();
            assert!(more > 0, "{path}: it was given up after {count} bytes");
            count += more;
        }
        drop(writer.await.unwrap());
    }
}

#[tokio::test]
async fn a_write_timeout_of_years_is_as_good_as_any() {
    let limits = Limits { write_timeout: Duration::from_hours(24 * 3000).into(), ..Limits::default() };
    let server = TestServer::with(Config { workers: 1.try_into().ok(), limits, ..Config::default() }).await;
    let (mut deaf, mut other) = (at_rest(&server).await, at_rest(&server).await);
    // More than the sockets of both sides hold.
    let messages = frame(0x82, &vec![7; 1 << 20]).repeat(16);
    let sent = deaf.stream.write_all(&messages);
    assert!(tokio::time::timeout(Duration::from_secs(1), sent).await.is_err(), "it is not read from");
    other.write(frame(0x81, b"and I?")).await;
    assert_eq!(other.read_frame().await, (0x81, b"and I?".to_vec()));
}

#[tokio::test]
async fn what_a_peer_sends_after_its_close_is_discarded_up_to_a_limit() {
    let server = TestServer::start().await;
    for path in ["/echo", "/echo?fragment=1000000"] {
        let mut peer = Peer::open(server.address, path).await;
        peer.write(frame(0x88, &1000_u16.to_be_bytes())).await;
        assert_eq!(peer.read_frame().await.0, 0x88);
        let (piece, mut written) = (vec![0; 1 << 18], 0);
        within("the end of the connection", async {
            while let Ok(count @ 1..) = peer.stream.write(&piece).await {
                written += count;
            }
        })
        .await;
        // 16 MiB, and what the sockets of both sides hold.
        assert!(written < 32 << 20, "{written} bytes at {path}");
    }
}
