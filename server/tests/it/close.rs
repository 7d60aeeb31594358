//! How connections end: by the client's wish, by its fault, or without a word.

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{Peer, TestServer, peer::frame, within};

#[tokio::test]
async fn a_close_frame_is_answered_with_its_code_and_reason() {
    let server = TestServer::start().await;
    let (first, last) = ((3000, "a library's"), (4999, "ünïcödé"));
    let registered = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].map(|code| (code, "why"));
    for (code, reason) in [(1000, ""), (1014, ""), first, last].into_iter().chain(registered) {
        for path in ["/echo", "/echo?fragment=64KiB"] {
            let mut peer = Peer::open(server.address, path).await;
            peer.write(frame(0x81, b"before")).await;
            peer.write(frame(0x88, &[&u16::to_be_bytes(code), reason.as_bytes()].concat())).await;
            assert_eq!(peer.read_frame().await, (0x81, b"before".to_vec()), "{code} at {path}");
            assert_eq!(peer.read_close().await, (code, reason.to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn a_close_frame_that_is_wrong_is_told_why_by_both_engines() {
    let server = TestServer::start().await;
    for (payload, code, reason) in [
        (&b"\x03"[..], 1002, "close frame with half a code"),
        (b"\x03\xed", 1002, "close code 1005 must not be sent"),
        (b"\x03\xf7why", 1002, "close code 1015 must not be sent"),
        (b"\x03\xe8\xff", 1007, "text is not valid UTF-8"),
    ] {
        for path in ["/echo", "/echo?fragment=64KiB"] {
            let mut peer = Peer::open(server.address, path).await;
            peer.write(frame(0x88, payload)).await;
            assert_eq!(peer.read_close().await, (code, reason.to_owned()), "{path}");
        }
    }
}

#[tokio::test]
async fn an_empty_close_frame_is_answered_with_an_empty_one() {
    let server = TestServer::start().await;
    let mut client = server.connect("/").await;
    client.close(None).await;
    assert_eq!(client.recv().await, Message::Close(None));
    client.expect_end().await;
}

#[tokio::test]
async fn answers_go_out_before_the_close() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo").await;
    for n in 0..100 {
        client.send(format!("{n}")).await;
    }
    client.close(Some(CloseFrame { code: CloseCode::Normal, reason: "done".into() })).await;
    for n in 0..100 {
        assert_eq!(client.recv().await, Message::text(format!("{n}")));
    }
    client.expect_close(1000, "done").await;
}

/// What a client can do wrong, with the close code for it.
#[tokio::test]
async fn a_fault_is_answered_with_a_close_frame_that_names_it() {
    let server = TestServer::start().await;
    let faults: [(&str, Vec<u8>, u16); 16] = [
        ("a reserved opcode", frame(0x83, b""), 1002),
        ("a reserved control opcode", frame(0x8b, b""), 1002),
        ("a reserved bit", frame(0xa1, b"x"), 1002),
        ("no mask", vec![0x81, 1, b'x'], 1002),
        ("a continuation of nothing", frame(0x80, b"x"), 1002),
        ("a message within a message", [frame(0x01, b"x"), frame(0x81, b"y")].concat(), 1002),
        ("5 bytes announced in 16 bits", b"\x81\xfe\x00\x05\x37\xfa\x21\x3d\x5f\x9f\x4d\x51\x58".to_vec(), 1002),
        ("5 bytes announced in 64 bits", b"\x82\xff\0\0\0\0\0\0\0\x05\x37\xfa\x21\x3d_____".to_vec(), 1002),
        ("a ping's length in 16 bits", b"\x89\xfe\x00\x00\x37\xfa\x21\x3d".to_vec(), 1002),
        ("a length with its top bit set", b"\x82\xff\x80\0\0\0\0\0\0\0\x37\xfa\x21\x3d".to_vec(), 1002),
        ("a fragmented ping", frame(0x09, b""), 1002),
        ("a ping that is too long", frame(0x89, &[0; 126]), 1002),
        ("a close frame with half a code", frame(0x88, &[3]), 1002),
        ("a close code that must not be sent", frame(0x88, &1005u16.to_be_bytes()), 1002),
        ("text that is not UTF-8", frame(0x81, &[0xff]), 1007),
        ("a message over the limit", frame(0x82, &vec![0; 1024 * 1024 + 1]), 1009),
    ];
    for (fault, bytes, code) in faults {
        // On the event loop, compressed or not, and in a session.
        let plain = Peer::open(server.address, "/echo").await;
        let deflate = Peer::open_deflate(server.address, "/echo").await;
        let session = Peer::open(server.address, "/echo?fragment=64KiB").await;
        for mut peer in [plain, deflate, session] {
            peer.write(frame(0x81, b"before")).await;
            assert_eq!(peer.read_frame().await, (0x81, b"before".to_vec()), "{fault}");
            peer.write(&bytes).await;
            assert_eq!(peer.read_close().await.0, code, "{fault}");
        }
    }
}

#[tokio::test]
async fn a_client_that_closes_its_half_still_gets_its_answers() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write([frame(0x81, b"last"), frame(0x82, b"words")].concat()).await;
    peer.stream.shutdown().await.unwrap();
    assert_eq!(peer.read_frame().await, (0x81, b"last".to_vec()));
    assert_eq!(peer.read_frame().await, (0x82, b"words".to_vec()));
    assert_eq!(peer.read_to_end().await, b"");
}

#[tokio::test]
async fn clients_that_go_away_without_a_word_hurt_nobody() {
    let server = TestServer::start().await;
    let mut witness = server.connect("/echo").await;
    for n in 0..20 {
        let mut peer = Peer::open(server.address, "/echo").await;
        peer.write(&frame(0x82, &[0; 1000])[..n * 50]).await;
        if n % 2 == 0 {
            // A reset instead of an orderly close.
            peer.stream.set_zero_linger().unwrap();
        }
        drop(peer);
        witness.send(format!("{n}")).await;
        assert_eq!(witness.recv().await, Message::text(format!("{n}")));
    }
    drop(witness);
    // Nothing of those connections is left that the server would have to wait for.
    within("the server's end", server.stop()).await.unwrap();
}
