//! Answers to a handshake that HTTP would not write: late ones, those that a message follows in the same segment, and
//! wrong ones (`/handshake/{fault}`).

use std::{io, time::Duration, time::SystemTime};

use bytes::{Bytes, BytesMut};
use http_body_util::Empty;
use hyper::StatusCode;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::sleep,
};
use wire::{Behaviour, HandshakeFault, LegalCase};

use super::{handshake::Accepted, last_words::response, refusal::Refusal};
use crate::{behaviour::frames, shared::Shared, transport::Transport};

/// How long `/handshake/hang` and `/fault/stall` hold a connection whose client does not leave.
pub(crate) const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// Most bytes that are read before the handshake is answered.
const MOST_READ_AHEAD: usize = 64 << 10;
/// The size of the head of `long-head`.
const LONG_HEAD: usize = 1 << 20;
/// The headers of `many-headers`.
const MANY_HEADERS: usize = 10_000;

/// What has become of a connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It is a WebSocket now.
    Open,
    /// It ends.
    Ended,
}

/// Whether HTTP leaves the answer to [`open`].
pub(super) fn is_special(accepted: &Accepted) -> bool {
    let options = accepted.target.connection_options();
    !options.open_delay.is_zero()
        || options.hello.is_some()
        || matches!(accepted.target.behaviour(), Behaviour::Handshake(_) | Behaviour::Legal(LegalCase::CloseAtOnce))
}

/// Answers a handshake; what the client sends meanwhile goes to `rest`.
pub(super) async fn open(
    transport: &mut Transport,
    rest: &mut BytesMut,
    accepted: &mut Accepted,
    server: &Shared,
) -> io::Result<Opening> {
    let options = accepted.target.connection_options();
    let fault = if let Behaviour::Handshake(fault) = accepted.target.behaviour() { Some(fault) } else { None };
    let time = if fault == Some(HandshakeFault::Hang) { LONGEST_HOLD } else { options.open_delay };
    if !time.is_zero() {
        tokio::select! {
            () = sleep(time) => {}
            () = hang_up(transport, rest) => return Ok(Opening::Ended),
            () = server.shutdown.draining() => {
                let answer = response(StatusCode::SERVICE_UNAVAILABLE, "", &Refusal::Draining.to_string());
                transport.write_all(answer.as_bytes()).await?;
                return Ok(Opening::Ended);
            }
        }
    }
    match fault {
        Some(HandshakeFault::Hang | HandshakeFault::Closed) => return Ok(Opening::Ended),
        Some(HandshakeFault::Reset) => {
            transport.reset_at_end();
            return Ok(Opening::Ended);
        }
        _ => {}
    }
    let mut bytes = Head::new(accepted).with_fault(fault).bytes;
    let head = bytes.len();
    if let Some(hello) = options.hello {
        bytes.extend(frames::frame(frames::FIN | frames::TEXT, hello.as_bytes()));
    }
    if accepted.target.behaviour() == Behaviour::Legal(LegalCase::CloseAtOnce) {
        bytes.extend(frames::close(Some(1001), b""));
    }
    if fault == Some(HandshakeFault::SlowHead) {
        for byte in &bytes {
            transport.write_all(&[*byte]).await?;
            transport.flush().await?;
            sleep(Duration::from_millis(1)).await;
        }
    } else {
        transport.write_all(&bytes).await?;
        transport.flush().await?;
    }
    if let Some(tap) = &mut accepted.tap {
        let (head, frames) = bytes.split_at(head);
        tap.written_response(head);
        tap.sent(frames);
    }
    let ended = matches!(fault, Some(HandshakeFault::CutHead | HandshakeFault::Garbage));
    Ok(if ended { Opening::Ended } else { Opening::Open })
}

/// Completes when the client ends its side. Reads what it sends before that, as far as there is room.
async fn hang_up(transport: &mut Transport, rest: &mut BytesMut) {
    while rest.len() < MOST_READ_AHEAD {
        if transport.read_buf(rest).await.is_ok_and(|count| count > 0) {
            continue;
        }
        return;
    }
    while !transport.has_hung_up() {
        sleep(Duration::from_secs(1)).await;
    }
}

/// The head of an answer, as lines of bytes that need not be right.
struct Head {
    status: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

/// What is written.
struct Written {
    bytes: Vec<u8>,
}

impl Head {
    fn new(accepted: &Accepted) -> Self {
        let response = accepted.response::<Empty<Bytes>>();
        let mut head = Self { status: b"HTTP/1.1 101 Switching Protocols".to_vec(), headers: Vec::new() };
        for (name, value) in response.headers() {
            head.add(name.as_str(), value.as_bytes());
        }
        head.add("date", httpdate::fmt_http_date(SystemTime::now()).as_bytes());
        head
    }

    fn add(&mut self, name: &str, value: &[u8]) {
        self.headers.push((name.as_bytes().to_vec(), value.to_vec()));
    }

    fn remove(&mut self, name: &str) {
        self.headers.retain(|(own, _)| own != name.as_bytes());
    }

    fn set(&mut self, name: &str, value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    fn accept_key(&self) -> Vec<u8> {
        let accept = self.headers.iter().find(|(name, _)| name == ACCEPT.as_bytes());
        accept.map(|(_, value)| value.clone()).unwrap_or_default()
    }

    fn written(&self, line_end: &[u8]) -> Vec<u8> {
        let mut bytes = [&self.status, line_end].concat();
        for (name, value) in &self.headers {
            let colon: &[u8] = if name.is_empty() { b"" } else { b": " };
            bytes.extend([name, colon, value, line_end].concat());
        }
        bytes.extend(line_end);
        bytes
    }

    fn with_fault(mut self, fault: Option<HandshakeFault>) -> Written {
        use HandshakeFault as F;
        let mut behind = Vec::new();
        match fault {
            None | Some(F::SlowHead | F::Hang | F::Closed | F::Reset) => {}
            Some(F::NoAccept) => self.remove(ACCEPT),
            Some(F::WrongAccept) => {
                self.set(ACCEPT, WRONG_ACCEPT);
                behind = frames::frame(frames::FIN | frames::TEXT, b"Hello");
            }
            Some(F::EmptyAccept) => self.set(ACCEPT, b""),
            Some(F::TwoAccepts) => self.add(ACCEPT, WRONG_ACCEPT),
            Some(F::NonAsciiAccept) => self.set(ACCEPT, &[&self.accept_key(), "é".as_bytes()].concat()),
            Some(F::UnofferedExtension) => self.set(EXTENSIONS, b"x-unoffered"),
            Some(F::UnknownParameter) => self.set(EXTENSIONS, b"permessage-deflate; unknown_parameter"),
            Some(F::WrongWindow) => self.set(EXTENSIONS, b"permessage-deflate; server_max_window_bits=7"),
            Some(F::RepeatedParameter) => {
                self.set(EXTENSIONS, b"permessage-deflate; server_no_context_takeover; server_no_context_takeover")
            }
            Some(F::TwoExtensions) => self.set(EXTENSIONS, b"permessage-deflate, permessage-deflate"),
            Some(F::NonAsciiExtension) => self.set(EXTENSIONS, "permessage-déflate".as_bytes()),
            // The handshake has chosen it.
            Some(F::UnofferedSubprotocol) => {}
            Some(F::EmptySubprotocol) => self.set(PROTOCOL, b""),
            Some(F::TwoSubprotocols) => {
                self.set(PROTOCOL, b"one");
                self.add(PROTOCOL, b"two");
            }
            Some(F::SubprotocolList) => self.set(PROTOCOL, b"one, two"),
            Some(F::NoUpgrade) => self.remove("upgrade"),
            Some(F::WrongUpgrade) => self.set("upgrade", b"h2c"),
            Some(F::NoConnection) => self.remove("connection"),
            Some(F::WrongConnection) => self.set("connection", b"keep-alive"),
            Some(F::BareLf) => return Written { bytes: self.written(b"\n") },
            Some(F::NulInStatus) => self.status = b"HTTP/1.1 101 Switching\0Protocols".to_vec(),
            Some(F::NulBefore) => self.status.insert(0, 0),
            Some(F::NonAsciiStatus) => self.status = "HTTP/1.1 101 Prötocols".as_bytes().to_vec(),
            Some(F::Http10) => self.status = b"HTTP/1.0 101 Switching Protocols".to_vec(),
            Some(F::Http12) => self.status = b"HTTP/1.2 101 Switching Protocols".to_vec(),
            Some(F::Http2) => self.status = b"HTTP/2.0 101 Switching Protocols".to_vec(),
            Some(F::Status200) => self.status = b"HTTP/1.1 200 OK".to_vec(),
            Some(F::Status102) => self.status = b"HTTP/1.1 102 Processing".to_vec(),
            Some(F::NoStatus) => self.status = b"HTTP/1.1 Switching Protocols".to_vec(),
            Some(F::SpaceBeforeColon) => {
                self.remove("upgrade");
                self.add("upgrade ", b"websocket");
            }
            Some(F::FoldedHeader) => self.add("x-folded", b"one\r\n two"),
            Some(F::NoColon) => self.add("", b"no colon"),
            Some(F::ContentLength) => {
                self.add("content-length", b"5");
                behind = b"Hello".to_vec();
            }
            Some(F::Chunked) => {
                self.add("transfer-encoding", b"chunked");
                behind = b"0\r\n\r\n".to_vec();
            }
            Some(F::LongHead) => {
                let rest = LONG_HEAD - self.written(b"\r\n").len() - "x-long: \r\n".len();
                self.add("x-long", &vec![b'x'; rest]);
            }
            Some(F::ManyHeaders) => {
                for number in self.headers.len()..MANY_HEADERS {
                    self.add("x-many", number.to_string().as_bytes());
                }
            }
            Some(F::Garbage) => return Written { bytes: b"\x00\xffgarbage instead of a status line\r\n\r\n".to_vec() },
            Some(F::CutHead) => {
                return Written { bytes: b"HTTP/1.1 101 Switching Protocols\r\nupgrade: webso".to_vec() };
            }
            Some(F::OldHeaders) => {
                self.add("sec-websocket-origin", b"http://localhost");
                self.add("sec-websocket-location", b"ws://localhost/");
                self.add("websocket-origin", b"http://localhost");
            }
            Some(F::EmptyHeader) => self.add("x-empty", b""),
            Some(F::RepeatedHeader) => {
                self.add("x-repeated", b"one");
                self.add("x-repeated", b"two");
            }
        }
        let mut bytes = self.written(b"\r\n");
        bytes.extend(behind);
        Written { bytes }
    }
}

const ACCEPT: &str = "sec-websocket-accept";
const EXTENSIONS: &str = "sec-websocket-extensions";
const PROTOCOL: &str = "sec-websocket-protocol";
/// What answers no key that a client has sent.
const WRONG_ACCEPT: &[u8] = b"AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
