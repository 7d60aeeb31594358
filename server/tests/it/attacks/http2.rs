//! Attacks that HTTP/2 alone makes possible: frame by frame.

use crate::support::{Peer, TestServer, peer::handshake, within};
use server::{Config, Limits};
use tokio::io::AsyncReadExt;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// `ENHANCE_YOUR_CALM` ([RFC 9113, 7](https://www.rfc-editor.org/rfc/rfc9113#section-7)).
const CALM: u32 = 11;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The preface and the first settings.
fn preface() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(SETTINGS, 0, 0, b"")].concat()
}

/// GET / of http://localhost, in HPACK.
const GET: &[u8] = b"\x82\x86\x84\x41\x09localhost";

/// Reads frames until the server closes; the code of its GOAWAY, if there was one.
async fn goaway(peer: &mut Peer) -> Option<u32> {
    let mut code = None;
    within("the end", async {
        let mut header = [0; 9];
        while peer.stream.read_exact(&mut header).await.is_ok() {
            let length = u32::from_be_bytes([0, header[0], header[1], header[2]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            if peer.stream.read_exact(&mut payload).await.is_err() {
                break;
            }
            if header[3] == GOAWAY {
                code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
    })
    .await;
    code
}

async fn is_alive(server: &TestServer) {
    let mut peer = server.peer().await;
    peer.write(handshake("/echo")).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn requests_that_are_taken_back_at_once_end_the_connection() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    let mut flood = preface();
    for stream in (1..2000).step_by(2) {
        flood.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, GET));
        flood.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
    }
    peer.write(flood).await;
    assert_eq!(goaway(&mut peer).await, Some(CALM));
    is_alive(&server).await;
}

#[tokio::test]
async fn a_head_that_goes_on_without_end_ends_the_connection() {
    let server = TestServer::start().await;
    let header = b"\x00\x01a\x01b";
    for part in [&b""[..], header, &header.repeat(800)] {
        let mut peer = server.peer().await;
        let mut flood = [preface(), frame(HEADERS, 0, 1, GET)].concat();
        for _ in 0..1000 {
            flood.extend(frame(CONTINUATION, 0, 1, part));
        }
        peer.write(flood).await;
        assert_eq!(goaway(&mut peer).await, Some(CALM), "{} bytes each", part.len());
    }
    is_alive(&server).await;
}

#[tokio::test]
async fn faults_of_the_protocol_end_the_connection() {
    let server = TestServer::start().await;
    for (fault, code) in [(frame(DATA, 0, 1, b"for no stream"), 1), (frame(HEADERS, END_HEADERS, 2, GET), 1)] {
        let mut peer = server.peer().await;
        peer.write([preface(), fault.clone()].concat()).await;
        assert_eq!(goaway(&mut peer).await, Some(code), "{fault:?}");
    }
    is_alive(&server).await;
}

#[tokio::test]
async fn a_client_that_stops_within_the_preface_or_after_it_is_dropped_in_time() {
    let limits = Limits { handshake_timeout: std::time::Duration::from_millis(200).into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for beginning in [&b"PRI * HTTP/2"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n", &preface()] {
        let mut peer = server.peer().await;
        peer.write(beginning).await;
        goaway(&mut peer).await;
    }
    is_alive(&server).await;
}
