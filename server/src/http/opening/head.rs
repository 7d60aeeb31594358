//! The head that answers a handshake: in order, or with one fault.

use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Empty;
use wire::HandshakeFault;

use crate::http::handshake::Accepted;

/// The size of the head of `long-head`, in bytes.
const LONG_HEAD: usize = 1 << 20;
/// The headers of `many-headers`.
const MANY_HEADERS: usize = 10_000;

const ACCEPT: &str = "sec-websocket-accept";
const EXTENSIONS: &str = "sec-websocket-extensions";
const PROTOCOL: &str = "sec-websocket-protocol";
/// What answers no key that a client has sent.
const WRONG_ACCEPT: &[u8] = b"AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// The head of an answer that opens a WebSocket, with these headers of another server.
pub(crate) fn with_headers<'far>(accepted: &Accepted, of_far: impl Iterator<Item = (&'far str, &'far str)>) -> Vec<u8> {
    let mut head = Head::new(accepted);
    for (name, value) in of_far {
        head.add(name, value.as_bytes());
    }
    head.written(b"\r\n")
}

/// The head of the answer with that fault, and what the fault puts behind it.
pub(super) fn bytes(accepted: &Accepted, fault: Option<HandshakeFault>) -> Vec<u8> {
    let mut head = Head::new(accepted);
    let Some(fault) = fault else { return head.written(b"\r\n") };
    match fault {
        HandshakeFault::Garbage => return b"\x00\xffgarbage instead of a status line\r\n\r\n".to_vec(),
        HandshakeFault::CutHead => return b"HTTP/1.1 101 Switching Protocols\r\nupgrade: webso".to_vec(),
        _ => {}
    }
    if let Some(status) = status_line(fault) {
        head.status = status.as_bytes();
    }
    head.falsify_negotiation(fault);
    head.falsify_headers(fault);
    let line_end: &[u8] = if fault == HandshakeFault::BareLf { b"\n" } else { b"\r\n" };
    let mut bytes = head.written(line_end);
    bytes.extend(behind(fault));
    bytes
}

/// A status line that is not `HTTP/1.1 101` as it should be.
fn status_line(fault: HandshakeFault) -> Option<&'static str> {
    use HandshakeFault as F;
    match fault {
        F::NulInStatus => Some("HTTP/1.1 101 Switching\0Protocols"),
        F::NulBefore => Some("\0HTTP/1.1 101 Switching Protocols"),
        F::NonAsciiStatus => Some("HTTP/1.1 101 Prötocols"),
        F::Http10 => Some("HTTP/1.0 101 Switching Protocols"),
        F::Http12 => Some("HTTP/1.2 101 Switching Protocols"),
        F::Http2 => Some("HTTP/2.0 101 Switching Protocols"),
        F::Status200 => Some("HTTP/1.1 200 OK"),
        F::Status102 => Some("HTTP/1.1 102 Processing"),
        F::NoStatus => Some("HTTP/1.1 Switching Protocols"),
        _ => None,
    }
}

/// What the client gets behind the head.
fn behind(fault: HandshakeFault) -> &'static [u8] {
    match fault {
        HandshakeFault::WrongAccept => b"\x81\x05Hello",
        HandshakeFault::ContentLength => b"Hello",
        HandshakeFault::Chunked => b"0\r\n\r\n",
        _ => b"",
    }
}

/// A status line and headers, which need not be right.
struct Head {
    status: &'static [u8],
    headers: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Head {
    fn new(accepted: &Accepted) -> Self {
        let response = accepted.response::<Empty<Bytes>>();
        let mut head = Self { status: b"HTTP/1.1 101 Switching Protocols", headers: Vec::new() };
        for (name, value) in response.headers() {
            head.add(name.as_str(), value.as_bytes());
        }
        head.add("date", httpdate::fmt_http_date(SystemTime::now()).as_bytes());
        head
    }

    /// Falsifies what WebSocket's handshake agrees on. `unoffered-subprotocol` has been chosen before.
    fn falsify_negotiation(&mut self, fault: HandshakeFault) {
        use HandshakeFault as F;
        match fault {
            F::NoAccept => self.remove(ACCEPT),
            F::WrongAccept => self.set(ACCEPT, WRONG_ACCEPT),
            F::EmptyAccept => self.set(ACCEPT, b""),
            F::TwoAccepts => self.add(ACCEPT, WRONG_ACCEPT),
            F::NonAsciiAccept => self.set(ACCEPT, &[&self.accept_key(), "é".as_bytes()].concat()),
            F::UnofferedExtension => self.set(EXTENSIONS, b"x-unoffered"),
            F::UnknownParameter => self.set(EXTENSIONS, b"permessage-deflate; unknown_parameter"),
            F::WrongWindow => self.set(EXTENSIONS, b"permessage-deflate; server_max_window_bits=7"),
            F::RepeatedParameter => {
                self.set(EXTENSIONS, b"permessage-deflate; server_no_context_takeover; server_no_context_takeover")
            }
            F::TwoExtensions => self.set(EXTENSIONS, b"permessage-deflate, permessage-deflate"),
            F::NonAsciiExtension => self.set(EXTENSIONS, "permessage-déflate".as_bytes()),
            F::EmptySubprotocol => self.set(PROTOCOL, b""),
            F::TwoSubprotocols => {
                self.set(PROTOCOL, b"one");
                self.add(PROTOCOL, b"two");
            }
            F::SubprotocolList => self.set(PROTOCOL, b"one, two"),
            _ => {}
        }
    }

    /// Falsifies what HTTP needs, or adds what is rare.
    fn falsify_headers(&mut self, fault: HandshakeFault) {
        use HandshakeFault as F;
        match fault {
            F::NoUpgrade => self.remove("upgrade"),
            F::WrongUpgrade => self.set("upgrade", b"h2c"),
            F::NoConnection => self.remove("connection"),
            F::WrongConnection => self.set("connection", b"keep-alive"),
            F::SpaceBeforeColon => {
                self.remove("upgrade");
                self.add("upgrade ", b"websocket");
            }
            F::FoldedHeader => self.add("x-folded", b"one\r\n two"),
            F::NoColon => self.add("", b"no colon"),
            F::ContentLength => self.add("content-length", b"5"),
            F::Chunked => self.add("transfer-encoding", b"chunked"),
            F::LongHead => {
                let rest = LONG_HEAD - self.written(b"\r\n").len() - "x-long: \r\n".len();
                self.add("x-long", &vec![b'x'; rest]);
            }
            F::ManyHeaders => {
                for number in self.headers.len()..MANY_HEADERS {
                    self.add("x-many", number.to_string().as_bytes());
                }
            }
            F::OldHeaders => {
                self.add("sec-websocket-origin", b"http://localhost");
                self.add("sec-websocket-location", b"ws://localhost/");
                self.add("websocket-origin", b"http://localhost");
            }
            F::EmptyHeader => self.add("x-empty", b""),
            F::RepeatedHeader => {
                self.add("x-repeated", b"one");
                self.add("x-repeated", b"two");
            }
            _ => {}
        }
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
        let mut bytes = [self.status, line_end].concat();
        for (name, value) in &self.headers {
            let colon: &[u8] = if name.is_empty() { b"" } else { b": " };
            bytes.extend([name, colon, value, line_end].concat());
        }
        bytes.extend(line_end);
        bytes
    }
}
