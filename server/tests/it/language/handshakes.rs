//! `/handshake/{fault}`: the bytes of each answer.

use tokio::io::AsyncReadExt;
use wire::HandshakeFault as F;

use super::{close, is_echo};
use crate::support::{Peer, TestServer, peer::handshake, within};

const CONNECTION: &str = "connection: Upgrade";
const UPGRADE: &str = "upgrade: websocket";
const ACCEPT: &str = "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const WRONG_ACCEPT: &str = "sec-websocket-accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// In the place of the date of an answer.
const DATE: &str = "date: DATE";
/// The length of a real one (RFC 9110, section 5.6.7), with its name.
const REAL_DATE: usize = "date: Mon, 30 Nov 2026 06:19:17 GMT".len();

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

/// All that answers [`handshake`], with [`DATE`] for its date; `None` where nothing does. A fault without an arm here does not
/// compile.
fn expected(fault: F) -> Option<Vec<u8>> {
    let negotiated = |line: &str| opened(&[CONNECTION, UPGRADE, ACCEPT, DATE, line]);
    let status = |line: &str| [line, "\r\n", &lines(&[CONNECTION, UPGRADE, ACCEPT, DATE]), "\r\n"].concat();
    let extensions = |value: &str| negotiated(&["sec-websocket-extensions: ", value].concat());
    let text = match fault {
        F::NoAccept => opened(&[CONNECTION, UPGRADE, DATE]),
        F::WrongAccept => {
            let head = opened(&[CONNECTION, UPGRADE, DATE, WRONG_ACCEPT]);
            return Some([head.as_bytes(), b"\x81\x05Hello"].concat());
        }
        F::EmptyAccept => opened(&[CONNECTION, UPGRADE, DATE, "sec-websocket-accept: "]),
        F::TwoAccepts => negotiated(WRONG_ACCEPT),
        F::NonAsciiAccept => {
            opened(&[CONNECTION, UPGRADE, DATE, "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=é"])
        }
        F::UnofferedExtension => extensions("x-unoffered"),
        F::UnknownParameter => extensions("permessage-deflate; unknown_parameter"),
        F::WrongWindow => extensions("permessage-deflate; server_max_window_bits=7"),
        F::RepeatedParameter => {
            extensions("permessage-deflate; server_no_context_takeover; server_no_context_takeover")
        }
        F::TwoExtensions => extensions("permessage-deflate, permessage-deflate"),
        F::NonAsciiExtension => extensions("permessage-déflate"),
        F::UnofferedSubprotocol => opened(&[CONNECTION, UPGRADE, ACCEPT, "sec-websocket-protocol: unoffered", DATE]),
        F::EmptySubprotocol => negotiated("sec-websocket-protocol: "),
        F::TwoSubprotocols => negotiated("sec-websocket-protocol: one\r\nsec-websocket-protocol: two"),
        F::SubprotocolList => negotiated("sec-websocket-protocol: one, two"),
        F::NoUpgrade => opened(&[CONNECTION, ACCEPT, DATE]),
        F::WrongUpgrade => opened(&[CONNECTION, ACCEPT, DATE, "upgrade: h2c"]),
        F::NoConnection => opened(&[UPGRADE, ACCEPT, DATE]),
        F::WrongConnection => opened(&[UPGRADE, ACCEPT, DATE, "connection: keep-alive"]),
        F::BareLf => opened(&[CONNECTION, UPGRADE, ACCEPT, DATE]).replace('\r', ""),
        F::NulInStatus => status("HTTP/1.1 101 Switching\0Protocols"),
        F::NulBefore => status("\0HTTP/1.1 101 Switching Protocols"),
        F::NonAsciiStatus => status("HTTP/1.1 101 Prötocols"),
        F::Http10 => status("HTTP/1.0 101 Switching Protocols"),
        F::Http12 => status("HTTP/1.2 101 Switching Protocols"),
        F::Http2 => status("HTTP/2.0 101 Switching Protocols"),
        F::Status200 => status("HTTP/1.1 200 OK"),
        F::Status102 => status("HTTP/1.1 102 Processing"),
        F::NoStatus => status("HTTP/1.1 Switching Protocols"),
        F::SpaceBeforeColon => opened(&[CONNECTION, ACCEPT, DATE, "upgrade : websocket"]),
        F::FoldedHeader => negotiated("x-folded: one\r\n two"),
        F::NoColon => negotiated("no colon"),
        F::ContentLength => negotiated("content-length: 5") + "Hello",
        F::Chunked => negotiated("transfer-encoding: chunked") + "0\r\n\r\n",
        F::LongHead => {
            let rest = (1 << 20) - negotiated("x-long: ").len() - (REAL_DATE - DATE.len());
            negotiated(&["x-long: ", &"x".repeat(rest)].concat())
        }
        // Four others come before them.
        F::ManyHeaders => {
            negotiated(&(4..10_000).map(|number| format!("x-many: {number}")).collect::<Vec<_>>().join("\r\n"))
        }
        F::Garbage => return Some(b"\0\xffgarbage instead of a status line\r\n\r\n".to_vec()),
        F::CutHead => "HTTP/1.1 101 Switching Protocols\r\nupgrade: webso".into(),
        F::Closed | F::Reset => String::new(),
        F::Hang => return None,
        F::OldHeaders => negotiated(
            "sec-websocket-origin: http://localhost\r\nsec-websocket-location: ws://localhost/\r\n\
             websocket-origin: http://localhost",
        ),
        F::EmptyHeader => negotiated("x-empty: "),
        F::RepeatedHeader => negotiated("x-repeated: one\r\nx-repeated: two"),
        F::SlowHead => opened(&[CONNECTION, UPGRADE, ACCEPT, DATE]),
    };
    Some(text.into_bytes())
}

/// Headers, each with its line end.
fn lines(headers: &[&str]) -> String {
    headers.iter().flat_map(|header| [header, "\r\n"]).collect()
}

/// The head of a 101 with these headers.
fn opened(headers: &[&str]) -> String {
    ["HTTP/1.1 101 Switching Protocols\r\n", &lines(headers), "\r\n"].concat()
}

/// Replaces the value of the date header, which is the only part of an answer that changes.
fn without_date(bytes: &[u8]) -> Vec<u8> {
    let Some(at) = bytes.windows(6).position(|window| window == b"date: ") else { return bytes.to_vec() };
    [&bytes[..at], DATE.as_bytes(), &bytes[at + REAL_DATE..]].concat()
}

#[tokio::test]
async fn each_answer_is_these_bytes() {
    let server = TestServer::start().await;
    for &fault in F::ALL {
        // A hang has a test of its own.
        let Some(mut right) = expected(fault) else { continue };
        // Only an open connection answers a close.
        if !matches!(fault, F::Garbage | F::CutHead | F::Closed | F::Reset) {
            right.extend(b"\x88\x02\x03\xe8");
        }
        let bytes = without_date(&answer(&server, fault).await);
        let text = |bytes: &[u8]| format!("{:.600}", bytes.escape_ascii().to_string());
        assert!(
            bytes == right,
            "{fault:?}: {} bytes instead of {}:\n{}\n{}",
            bytes.len(),
            right.len(),
            text(&bytes),
            text(&right)
        );
    }
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
