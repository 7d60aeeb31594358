//! Attacks that HTTP/2 alone makes possible: frame by frame.

#[cfg(target_os = "linux")]
use crate::support::Program;
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

/// Streams that ask for events of 1 MiB each, of which the client lets a byte come.
const STREAMS: u32 = 128;

/// A connection all of whose streams have begun to answer; a stream that is refused has its sentence instead.
async fn events_that_are_not_read(mut peer: Peer) -> Peer {
    let path = "/sse?rate=1000&size=1048576&count=1000000";
    let length = [u8::try_from(path.len()).unwrap()];
    let get = [b"\x82\x86\x04", &length[..], path.as_bytes(), b"\x01\x09localhost"].concat();
    // SETTINGS_INITIAL_WINDOW_SIZE (RFC 9113, 6.5.2): a byte.
    let mut flood = [preface(), frame(SETTINGS, 0, 0, b"\x00\x04\x00\x00\x00\x01")].concat();
    for stream in 0..STREAMS {
        flood.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * stream, &get));
    }
    peer.write(flood).await;
    within("the answers", async {
        let mut answers = 0;
        while answers < STREAMS {
            let mut header = [0; 9];
            peer.stream.read_exact(&mut header).await.unwrap();
            let mut payload = vec![0; usize::from(u16::from_be_bytes([header[1], header[2]]))];
            peer.stream.read_exact(&mut payload).await.unwrap();
            answers += u32::from(header[3] == DATA);
        }
    })
    .await;
    peer
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn large_events_that_many_streams_do_not_read_take_no_memory() {
    let (program, port) = Program::on_free_port(&[]).await;
    let address = (std::net::Ipv4Addr::LOCALHOST, port).into();
    let resident = program.usage().resident;
    let mut peers = Vec::new();
    for _ in 0..4 {
        peers.push(events_that_are_not_read(Peer::connect(address).await).await);
    }
    let more = program.usage().peak.saturating_sub(resident);
    assert!(more < 16 << 10, "{more} KiB resident more, for {} streams", peers.len() * STREAMS as usize);
}

#[tokio::test]
async fn what_streams_may_hold_is_counted_and_beyond_the_limit_requests_get_503() {
    async fn ready(server: &TestServer) -> bool {
        let mut peer = server.peer().await;
        peer.write("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        peer.read_head().await.starts_with("HTTP/1.1 200 ")
    }
    let limits = Limits { max_memory: Some(wire::ByteSize::mib(16)), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let one = events_that_are_not_read(server.peer().await).await;
    assert!(ready(&server).await, "there is room for 128 streams in 16 MiB");
    let two = events_that_are_not_read(server.peer().await).await;
    assert!(!ready(&server).await, "and none for 256");
    drop((one, two));
    within("room", async { while !ready(&server).await {} }).await;
}
