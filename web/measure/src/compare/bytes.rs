//! Bytes on the wire that a browser does not tell, without those of TLS and TCP.

use serde::{Deserialize, Serialize};

/// A close frame with a code, masked by the client and answered by the server
/// ([RFC 6455, 5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)).
pub const CLOSE_SENT: u64 = frame(2, Masked::Yes);
pub const CLOSE_RECEIVED: u64 = frame(2, Masked::No);
/// `date: Mon, 30 Nov 2026 07:00:00 GMT` and the end of the line; dates have that form
/// ([RFC 9110, 5.6.7](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7)).
pub const DATE: u64 = 6 + 29 + 2;

/// Heads of requests and responses in bytes, with the empty line at their end. `None` where nobody tells: over HTTP/2 they are
/// compressed, and across origins a browser shows only those headers that the server exposes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Of a `POST` of `Plan::size` bytes, as the server counted it.
    pub request: Option<u64>,
    pub response: Option<u64>,
    /// The same with a body of 1 MiB.
    pub large_request: Option<u64>,
    pub large_response: Option<u64>,
    /// Of the `GET` that begins server-sent events.
    pub events_request: Option<u64>,
    pub events_response: Option<u64>,
    /// Of the WebSocket's handshake at `/echo?deflate=no`, as the server counted it.
    pub handshake_request: Option<u64>,
    pub handshake_response: Option<u64>,
}

/// Whether a frame is masked: the client's are, the server's are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masked {
    Yes,
    No,
}

/// A frame with its header ([RFC 6455, 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)).
pub const fn frame(payload: u64, masked: Masked) -> u64 {
    let length = match payload {
        0..=125 => 0,
        126..=0xFFFF => 2,
        _ => 8,
    };
    let key = match masked {
        Masked::Yes => 4,
        Masked::No => 0,
    };
    2 + length + key + payload
}

/// The headers of a response, as a browser lists them, under `HTTP/1.1 200 OK`, or the status text that it has.
pub fn response_head<'a>(reason: &str, headers: impl Iterator<Item = (&'a str, &'a str)>) -> u64 {
    let lines: usize = headers.map(|(name, value)| name.len() + ": ".len() + value.len() + "\r\n".len()).sum();
    ("HTTP/1.1 200 ".len() + reason.len() + "\r\n".len() + lines + "\r\n".len()) as u64
}

/// What asks `/http/echo` for a description, behind the `Accept` that the request has without it.
pub const DESCRIBED: &str = ", application/json";

/// The head of the request that was described, without what asked for that, with another target.
pub fn request_head(described: u64, target: &str, other: &str) -> u64 {
    described - DESCRIBED.len() as u64 - target.len() as u64 + other.len() as u64
}

/// One of Canyon's server-sent events, in a chunk of its own
/// ([RFC 9112, 7.1](https://www.rfc-editor.org/rfc/rfc9112#section-7.1)).
pub fn event(id: &str, data: u64) -> u64 {
    let event = ("id: ".len() + id.len() + "\ndata: ".len() + "\n\n".len()) as u64 + data;
    let digits = u64::from(event.max(1).ilog2() / 4 + 1);
    digits + 2 + event + 2
}

/// Behind the last chunk.
pub const LAST_CHUNK: u64 = "0\r\n\r\n".len() as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_as_large_as_the_rfc_has_them() {
        let sizes = [0, 125, 126, 65_535, 65_536].map(|size| (frame(size, Masked::No), frame(size, Masked::Yes)));
        assert_eq!(sizes, [(2, 6), (127, 131), (130, 134), (65_539, 65_543), (65_546, 65_550)]);
        assert_eq!((CLOSE_SENT, CLOSE_RECEIVED), (8, 4));
    }

    #[test]
    fn a_response_head_is_its_lines() {
        let headers = [("content-type", "text/plain"), ("content-length", "5")];
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\n";
        assert_eq!(response_head("OK", headers.into_iter()), head.len() as u64);
        assert_eq!(DATE, "date: Mon, 30 Nov 2026 07:00:00 GMT\r\n".len() as u64);
    }

    #[test]
    fn a_request_head_is_the_described_one_without_the_description() {
        let head = |target: &str, accept: &str| {
            format!("GET {target} HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n").len() as u64
        };
        let described = head("/http/echo", "text/event-stream, application/json");
        assert_eq!(request_head(described, "/http/echo", "/sse?count=5"), head("/sse?count=5", "text/event-stream"));
    }

    #[test]
    fn an_event_is_a_chunk() {
        assert_eq!(event("7", 64), "4e\r\nid: 7\ndata: ".len() as u64 + 64 + "\n\n\r\n".len() as u64);
        // 15 and 16 bytes in the chunk.
        assert_eq!((event("7", 0), event("7", 1)), (1 + 2 + 14 + 2, 1 + 2 + 15 + 2));
        assert_eq!(event("7", 2), 2 + 2 + 16 + 2);
    }
}
