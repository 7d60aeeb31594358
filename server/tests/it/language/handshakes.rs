//! `/handshake/{fault}`: the bytes of each answer.

use tokio::io::AsyncReadExt;
use wire::HandshakeFault as F;

use super::{close, is_echo};
use crate::support::{Peer, TestServer, peer::handshake, within};

const RIGHT_ACCEPT: &str = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
const WRONG_ACCEPT: &str = "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n";

/// All that comes from the server until it closes, for a client that closes at once.
async fn answer(server: &TestServer, fault: F) -> Vec<u8> {
    let mut peer = server.peer().await;
    peer.write(handshake(&format!("/handshake/{}", fault.name()))).await;
    peer.write(close()).await;
    let mut bytes = Vec::new();
    // A reset ends it, too.
    let _ = within("the end", peer.stream.read_to_end(&mut bytes)).await;
    bytes
}

/// What an answer has and what it has not, up to its date, which is the only part that changes.
fn expected(fault: F) -> (&'static [&'static str], &'static [&'static str]) {
    const START: &str = "HTTP/1.1 101 Switching Protocols\r\n";
    match fault {
        F::NoAccept => (&[START], &["sec-websocket-accept"]),
        F::WrongAccept => (&[START, WRONG_ACCEPT, "\r\n\r\n\u{fffd}\u{5}Hello"], &[RIGHT_ACCEPT]),
        F::EmptyAccept => (&[START, "sec-websocket-accept: \r\n"], &[RIGHT_ACCEPT]),
        F::TwoAccepts => (&[START, RIGHT_ACCEPT, WRONG_ACCEPT], &[]),
        F::NonAsciiAccept => (&[START, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=é\r\n"], &[]),
        F::UnofferedExtension => (&[RIGHT_ACCEPT, "sec-websocket-extensions: x-unoffered\r\n"], &[]),
        F::UnknownParameter => (&["sec-websocket-extensions: permessage-deflate; unknown_parameter\r\n"], &[]),
        F::WrongWindow => (&["sec-websocket-extensions: permessage-deflate; server_max_window_bits=7\r\n"], &[]),
        F::RepeatedParameter => {
            (&["permessage-deflate; server_no_context_takeover; server_no_context_takeover\r\n"], &[])
        }
        F::TwoExtensions => (&["sec-websocket-extensions: permessage-deflate, permessage-deflate\r\n"], &[]),
        F::NonAsciiExtension => (&["sec-websocket-extensions: permessage-déflate\r\n"], &[]),
        F::UnofferedSubprotocol => (&[RIGHT_ACCEPT, "sec-websocket-protocol: unoffered\r\n"], &[]),
        F::EmptySubprotocol => (&["sec-websocket-protocol: \r\n"], &[]),
        F::TwoSubprotocols => (&["sec-websocket-protocol: one\r\n", "sec-websocket-protocol: two\r\n"], &[]),
        F::SubprotocolList => (&["sec-websocket-protocol: one, two\r\n"], &[]),
        F::NoUpgrade => (&[START, "connection: Upgrade\r\n"], &["upgrade: "]),
        F::WrongUpgrade => (&[START, "\r\nupgrade: h2c\r\n"], &["upgrade: websocket"]),
        F::NoConnection => (&[START, "\r\nupgrade: websocket\r\n"], &["connection: "]),
        F::WrongConnection => (&["\r\nconnection: keep-alive\r\n"], &["Upgrade"]),
        F::BareLf => (&["HTTP/1.1 101 Switching Protocols\n", "websocket\n", "\n\n"], &["\r"]),
        F::NulInStatus => (&["HTTP/1.1 101 Switching\0Protocols\r\n"], &[]),
        F::NulBefore => (&["\0HTTP/1.1 101 Switching Protocols\r\n"], &[]),
        F::NonAsciiStatus => (&["HTTP/1.1 101 Prötocols\r\n"], &[]),
        F::Http10 => (&["HTTP/1.0 101 Switching Protocols\r\n", RIGHT_ACCEPT], &[]),
        F::Http12 => (&["HTTP/1.2 101 Switching Protocols\r\n", RIGHT_ACCEPT], &[]),
        F::Http2 => (&["HTTP/2.0 101 Switching Protocols\r\n", RIGHT_ACCEPT], &[]),
        F::Status200 => (&["HTTP/1.1 200 OK\r\n", RIGHT_ACCEPT], &[]),
        F::Status102 => (&["HTTP/1.1 102 Processing\r\n", RIGHT_ACCEPT], &[]),
        F::NoStatus => (&["HTTP/1.1 Switching Protocols\r\n", RIGHT_ACCEPT], &[]),
        F::SpaceBeforeColon => (&["\r\nupgrade : websocket\r\n"], &["upgrade: "]),
        F::FoldedHeader => (&["\r\nx-folded: one\r\n two\r\n"], &[]),
        F::NoColon => (&["\r\nno colon\r\n"], &[]),
        F::ContentLength => (&["\r\ncontent-length: 5\r\n", "\r\n\r\nHello"], &[]),
        F::Chunked => (&["\r\ntransfer-encoding: chunked\r\n", "\r\n\r\n0\r\n\r\n"], &[]),
        F::LongHead => (&[START, "x-long: xxx"], &[]),
        F::ManyHeaders => (&[START, "x-many: 9999\r\n"], &[]),
        F::Garbage => (&["\0\u{fffd}garbage instead of a status line\r\n\r\n"], &["HTTP"]),
        F::CutHead => (&["HTTP/1.1 101 Switching Protocols\r\nupgrade: webso"], &["websocket"]),
        F::Hang | F::Closed | F::Reset => (&[], &["HTTP"]),
        F::OldHeaders => (&[START, RIGHT_ACCEPT, "sec-websocket-origin: http://localhost\r\n"], &[]),
        F::EmptyHeader => (&[START, RIGHT_ACCEPT, "x-empty: \r\n"], &[]),
        F::RepeatedHeader => (&[START, RIGHT_ACCEPT, "x-repeated: one\r\nx-repeated: two\r\n"], &[]),
        F::SlowHead => (&[START, RIGHT_ACCEPT], &[]),
    }
}

#[tokio::test]
async fn each_answer_is_wrong_in_its_way() {
    let server = TestServer::start().await;
    for &fault in F::ALL.iter().filter(|&&fault| fault != F::Hang) {
        let bytes = answer(&server, fault).await;
        let text = String::from_utf8_lossy(&bytes);
        let (has, has_not) = expected(fault);
        for part in has {
            assert!(text.contains(part), "{fault:?} lacks {part:?}: {text:.500}");
        }
        for part in has_not {
            assert!(!text.contains(part), "{fault:?} has {part:?}: {text:.500}");
        }
        let starts_with_nul = matches!(fault, F::NulBefore | F::Garbage);
        assert_eq!(bytes.first() == Some(&0), starts_with_nul, "{fault:?}");
        let ends = matches!(fault, F::Garbage | F::CutHead | F::Closed | F::Reset);
        assert_eq!(!bytes.ends_with(b"\x88\x02\x03\xe8"), ends, "{fault:?}: only an open connection answers a close");
    }
}

#[tokio::test]
async fn a_long_head_has_1_mib_and_many_headers_are_10000() {
    let server = TestServer::start().await;
    let head = |bytes: &[u8]| bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(head(&answer(&server, F::LongHead).await), 1 << 20);
    let many = answer(&server, F::ManyHeaders).await;
    let lines = many[..head(&many)].split(|byte| *byte == b'\n').count();
    // The status line, the empty one, and what is behind its end.
    assert_eq!(lines, 10_000 + 3);
}

#[tokio::test]
async fn a_reset_is_one_and_a_close_is_one() {
    let server = TestServer::start().await;
    for (fault, is_reset) in [(F::Reset, true), (F::Closed, false)] {
        let mut peer = server.peer().await;
        peer.write(handshake(&format!("/handshake/{}", fault.name()))).await;
        let end = within("the end", peer.stream.read(&mut [0])).await;
        assert_eq!(end.is_err(), is_reset, "{fault:?}: {end:?}");
    }
}

#[tokio::test]
async fn a_hang_lasts_until_the_client_leaves() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    peer.write(handshake("/handshake/hang")).await;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(50), peer.try_read_head()).await;
    assert!(silence.is_err(), "{silence:?}");
    tokio::io::AsyncWriteExt::shutdown(&mut peer.stream).await.unwrap();
    assert_eq!(peer.read_to_end().await, b"");
}

#[tokio::test]
async fn what_is_allowed_opens_a_websocket() {
    let server = TestServer::start().await;
    for fault in [F::OldHeaders, F::EmptyHeader, F::RepeatedHeader, F::SlowHead] {
        let mut peer = Peer::open(server.address, &format!("/handshake/{}", fault.name())).await;
        is_echo(&mut peer).await;
    }
}
