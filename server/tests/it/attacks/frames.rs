//! Attacks with frames on an open WebSocket.

use flate2::{Compress, Compression, FlushCompress};
use server::{Config, Limits};
use tokio::{
    io::AsyncWriteExt,
    time::{Duration, Instant, sleep},
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Peer, TestServer, peer::frame, within};

/// A close frame's code as a client's frame.
fn close(code: u16) -> Vec<u8> {
    frame(0x88, &code.to_be_bytes())
}

/// One message as permessage-deflate has it on the wire.
pub fn deflated(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 1024);
    Compress::new(Compression::best(), false).compress_vec(payload, &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_1009_at_its_header() {
    let server = TestServer::start().await;
    for length in [1024 * 1024 + 1, 16 * 1024 * 1024, u64::MAX >> 1] {
        let mut peer = Peer::open(server.address, "/echo").await;
        peer.write([&[0x82, 0xff], &length.to_be_bytes()[..], &[1, 2, 3, 4]].concat()).await;
        assert_eq!(peer.read_close().await.0, 1009, "{length}");
    }
}

#[tokio::test]
async fn fragments_that_add_up_to_too_much_are_1009() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write(frame(0x02, &[0; 512 * 1024])).await;
    peer.write(frame(0x00, &[0; 512 * 1024])).await;
    peer.write(frame(0x80, &[0])).await;
    assert_eq!(peer.read_close().await, (1009, "message of more than 1048576 bytes".to_owned()));
}

#[tokio::test]
async fn too_many_fragments_are_1009_however_small_they_are() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    let fragments = [frame(0x02, b""), frame(0x00, b"").repeat(5000)].concat();
    peer.write(fragments).await;
    assert_eq!(peer.read_close().await, (1009, "message of more than 4096 fragments".to_owned()));
}

#[tokio::test]
async fn as_many_fragments_as_the_limit_allows_are_one_message() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write([frame(0x02, b"a"), frame(0x00, b"b").repeat(4094), frame(0x80, b"c")].concat()).await;
    assert_eq!(peer.read_frame().await.1.len(), 4096);
}

#[tokio::test]
async fn bad_compressed_data_is_1007() {
    let server = TestServer::start().await;
    let mut peer = Peer::open_deflate(server.address, "/echo").await;
    peer.write(frame(0xc1, b"\xff\xff\xff\xff no deflate data")).await;
    assert_eq!(peer.read_close().await, (1007, "invalid compressed data".to_owned()));
}

#[tokio::test]
async fn the_bit_of_compression_where_it_does_not_belong_is_1002() {
    let server = TestServer::start().await;
    let mut plain = Peer::open(server.address, "/echo").await;
    plain.write(frame(0xc1, &deflated(b"not agreed"))).await;
    assert_eq!(plain.read_close().await.0, 1002);
    for (what, bytes) in [
        ("a control frame", frame(0xc9, b"")),
        ("a continuation", [frame(0x41, b""), frame(0xc0, b"")].concat()),
        ("another reserved bit", frame(0xa1, b"")),
    ] {
        let mut peer = Peer::open_deflate(server.address, "/echo").await;
        peer.write(bytes).await;
        assert_eq!(peer.read_close().await.0, 1002, "{what}");
    }
}

#[tokio::test]
async fn a_compressed_message_that_inflates_beyond_the_limit_is_1009() {
    let server = TestServer::start().await;
    let mut peer = Peer::open_deflate(server.address, "/echo").await;
    peer.write(frame(0xc2, &deflated(&vec![0; 1024 * 1024]))).await;
    assert_eq!(peer.read_frame().await.0, 0xc2, "just within the limit");
    peer.write(frame(0xc2, &deflated(&vec![0; 1024 * 1024 + 1]))).await;
    assert_eq!(peer.read_close().await.0, 1009);
}

#[tokio::test]
async fn text_that_is_no_utf8_is_1007_as_soon_as_it_shows() {
    let server = TestServer::start().await;
    for (what, bytes) in [
        ("a whole text", frame(0x81, b"\xc0\xaf")),
        ("a character cut off by the end", frame(0x81, b"\xe2\x98")),
        ("a fragment, before the message has ended", frame(0x01, b"ok \xed\xa0\x80")),
        ("a character split by fragments", [frame(0x01, b"\xe2\x98"), frame(0x00, b"x")].concat()),
        ("the first bytes of a frame that never ends", frame(0x81, &[0xff; 1000])[..20].to_vec()),
        ("a reason", frame(0x88, b"\x03\xe8\xff")),
    ] {
        let mut peer = Peer::open(server.address, "/echo").await;
        peer.write(bytes).await;
        assert_eq!(peer.read_close().await.0, 1007, "{what}");
    }
}

#[tokio::test]
async fn close_codes_that_must_not_be_sent_are_1002() {
    let server = TestServer::start().await;
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
        let mut peer = Peer::open(server.address, "/echo").await;
        peer.write(close(code)).await;
        assert_eq!(peer.read_close().await.0, 1002, "{code}");
    }
}

#[tokio::test]
async fn what_comes_after_a_close_frame_is_ignored_and_does_not_keep_the_connection() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write(close(1000)).await;
    assert_eq!(peer.read_frame().await, (0x88, vec![0x03, 0xe8]));
    let more = frame(0x82, &[0; 1024 * 1024]);
    within("the server to hang up on the flood", async { while peer.stream.write_all(&more).await.is_ok() {} }).await;
}

#[tokio::test]
async fn a_peer_that_never_answers_pings_is_told_1011_after_both_times() {
    let time = Duration::from_millis(300);
    let limits = Limits { ping_interval: time.into(), ping_timeout: time.into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for path in ["/echo", "/echo?fragment=64KiB"] {
        let start = Instant::now();
        let mut peer = Peer::open(server.address, path).await;
        assert_eq!(peer.read_frame().await, (0x89, Vec::new()), "{path}");
        assert_eq!(peer.read_close().await, (1011, "keepalive ping timeout".to_owned()), "{path}");
        assert!(start.elapsed() >= 2 * time, "{path}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_peer_that_is_heard_of_is_kept() {
    let limits = Limits {
        ping_interval: Duration::from_millis(500).into(),
        ping_timeout: Duration::from_secs(2).into(),
        ..Limits::default()
    };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for path in ["/echo", "/echo?fragment=64KiB"] {
        let mut client = server.connect(path).await;
        for _ in 0..6 {
            // The client's library answers the ping.
            assert_eq!(client.recv().await, Message::Ping("".into()), "{path}");
        }
        client.send("still here").await;
        assert_eq!(client.recv().await, Message::text("still here"), "{path}");
    }
}

/// The next frame that is no ping; pings are answered.
async fn next_answer(peer: &mut Peer) -> (u8, Vec<u8>) {
    loop {
        match peer.read_frame().await {
            (0x89, _) => peer.write(frame(0x8a, b"")).await,
            other => break other,
        }
    }
}

#[tokio::test]
async fn a_connection_goes_on_as_before_when_it_has_given_back_its_buffers() {
    // How often the server looks at a quiet connection.
    let look = Duration::from_millis(200);
    let limits = Limits { ping_interval: look.into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let mut peer = Peer::open_deflate(server.address, "/echo").await;
    for _ in 0..5 {
        peer.write(frame(0x82, &[7; 1024 * 1024])).await;
        assert_eq!(next_answer(&mut peer).await.0, 0xc2);
        // Quiet until the server has looked at the connection.
        sleep(look).await;
        peer.write([frame(0x01, b"he"), frame(0x89, b"?"), frame(0x80, b"llo")].concat()).await;
        assert_eq!(next_answer(&mut peer).await, (0x8a, b"?".to_vec()));
        assert_eq!(next_answer(&mut peer).await, (0x81, b"hello".to_vec()));
        // Half a message is under way at the next look.
        peer.write(frame(0x02, &[1; 100_000])).await;
        sleep(look).await;
        peer.write(frame(0x80, &[1; 100_000])).await;
        assert_eq!(next_answer(&mut peer).await.0, 0xc2);
    }
}
