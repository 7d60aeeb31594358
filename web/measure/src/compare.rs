//! HTTP against WebSocket: the same exchanges by `fetch`, by server-sent events and over a WebSocket, with one Canyon server.
//! What is compared, and what was found; the engine (`main.rs`) does it in a browser.

pub mod answers;
pub mod bytes;
pub mod ways;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use self::bytes::Heads;
use crate::round_trip::Percentiles;

/// Exchanges with a large body, and WebSockets that are opened for one message each.
pub const FEW: u32 = 10;
/// In bytes.
pub const LARGE: u32 = 1 << 20;
/// Server-sent events, and messages of `/stream`, a second.
pub const PUSHES_PER_SECOND: u32 = 200;
const MAX_SIZE: u64 = 64 << 10;
const MAX_COUNT: u64 = 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The server as WebSockets name it: scheme, host and port, such as `ws://localhost:12345`.
    pub server: String,
    /// Bytes of a message or a body.
    pub size: u32,
    pub count: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlanError {
    #[error("'{0}' is not the URL of a WebSocket: it begins with ws:// or wss://")]
    Url(String),
    #[error("{name} is '{value}': a whole number from {min} to {max} is needed")]
    Number { name: &'static str, value: String, min: u64, max: u64 },
}

impl Plan {
    /// # Errors
    /// What is wrong with one of the fields.
    pub fn new(url: &str, size: &str, count: &str) -> Result<Self, PlanError> {
        let number = |name, typed: &str, min, max| {
            let parsed = typed.trim().parse().ok().filter(|number| (min..=max).contains(number));
            parsed.ok_or_else(|| PlanError::Number { name, value: typed.trim().to_owned(), min, max })
        };
        let server = server(url).ok_or_else(|| PlanError::Url(url.trim().to_owned()))?;
        let size = number("the size", size, 64, MAX_SIZE)? as u32;
        let count = number("the number of exchanges", count, 10, MAX_COUNT)? as u32;
        Ok(Self { server, size, count })
    }

    /// The address of a path over WebSocket.
    pub fn socket(&self, path: &str) -> String {
        self.server.clone() + path
    }

    /// The address of a path over HTTP: `ws` and `wss` take the ports of `http` and `https`
    /// ([RFC 6455, 3](https://www.rfc-editor.org/rfc/rfc6455#section-3)).
    pub fn http(&self, path: &str) -> String {
        self.server.replacen("ws", "http", 1) + path
    }

    /// How many exchanges there are one way.
    pub fn exchanges(&self, way: Way) -> u32 {
        match way {
            Way::SocketEach | Way::FetchLarge | Way::SocketLarge => FEW,
            _ => self.count,
        }
    }

    /// Bytes of one message, body or event.
    pub fn bytes(&self, way: Way) -> u32 {
        match way {
            Way::FetchLarge | Way::SocketLarge => LARGE,
            _ => self.size,
        }
    }
}

/// Scheme and authority of a WebSocket's URL, without a user's name, in lower case.
fn server(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next().filter(|host| !host.is_empty())?;
    matches!(&*scheme, "ws" | "wss").then(|| format!("{scheme}://{}", host.to_ascii_lowercase()))
}

/// When the server made a push, in milliseconds since 1970, as `/sse` and `/stream` say in each.
pub fn pushed_at(push: &str) -> Option<f64> {
    push.split_once("\"ms\":")?.1.split([',', '}']).next()?.parse().ok()
}

/// One way to exchange the same messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Way {
    FetchOneByOne,
    /// All requests are made at once; the browser decides how many are on their way.
    FetchAtOnce,
    SocketOneByOne,
    SocketAtOnce,
    /// Another WebSocket is opened for each message.
    SocketEach,
    Events,
    SocketPushes,
    FetchLarge,
    SocketLarge,
}

impl Way {
    /// In the order in which they are measured.
    pub const ALL: [Self; 9] = [
        Self::FetchOneByOne,
        Self::SocketOneByOne,
        Self::FetchAtOnce,
        Self::SocketAtOnce,
        Self::SocketEach,
        Self::Events,
        Self::SocketPushes,
        Self::FetchLarge,
        Self::SocketLarge,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::FetchOneByOne => "fetch, one by one",
            Self::FetchAtOnce => "fetch, all at once",
            Self::SocketOneByOne => "WebSocket, one by one",
            Self::SocketAtOnce => "WebSocket, all at once",
            Self::SocketEach => "a WebSocket for each",
            Self::Events => "server-sent events",
            Self::SocketPushes => "WebSocket, pushed",
            Self::FetchLarge => "fetch, 1 MiB",
            Self::SocketLarge => "WebSocket, 1 MiB",
        }
    }

    /// Whether the server sends unasked, so that there is no round trip. The time of a push is how much longer it took than the
    /// fastest one, because the clocks of server and browser may differ.
    pub fn is_push(self) -> bool {
        matches!(self, Self::Events | Self::SocketPushes)
    }
}

/// What one way has taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    pub way: Way,
    pub times: Percentiles,
    /// From the first request, or the opening of the WebSocket, to the last reply, in microseconds.
    pub total: u64,
    /// On the wire, heads and frames, without TLS and TCP; `None` where the browser or the server does not tell.
    pub sent: Option<u64>,
    pub received: Option<u64>,
    /// How many TCP connections were opened; `None` where the browser does not tell. 0 where one was open already.
    pub connections: Option<u32>,
    /// Opening the WebSocket, in microseconds.
    pub handshake: Option<u64>,
    /// Why it ended early, or that replies were not what was sent.
    pub failure: Option<String>,
}

/// All that was found so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    pub plan: Plan,
    /// Its User-Agent.
    pub browser: String,
    /// Of HTTP, as the server saw it, such as `HTTP/1.1`.
    pub version: String,
    pub heads: Heads,
    pub measured: Vec<Measured>,
    pub is_done: bool,
    /// Why nothing was measured.
    pub failure: Option<String>,
}

impl Comparison {
    pub fn new(plan: Plan, browser: String) -> Self {
        Self {
            plan,
            browser,
            version: String::new(),
            heads: Heads::default(),
            measured: Vec::new(),
            is_done: false,
            failure: None,
        }
    }

    /// What one way has taken, if it came to its end.
    pub fn of(&self, way: Way) -> Option<&Measured> {
        self.measured.iter().find(|measured| measured.way == way && measured.failure.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_reached_by_both_protocols_on_the_same_port() {
        let plan = |url| Plan::new(url, "64", "100").unwrap();
        assert_eq!(plan("ws://localhost:12345/echo?delay=5ms").http("/sse"), "http://localhost:12345/sse");
        assert_eq!(plan(" WSS://me@Host:1#x").http("/"), "https://host:1/");
        assert_eq!(plan("wss://wss.example").socket("/echo"), "wss://wss.example/echo");
        assert_eq!(plan("ws://[::1]:80?x").http("/"), "http://[::1]:80/");
    }

    #[test]
    fn pushes_say_when_they_were_made() {
        assert_eq!(pushed_at(r#"{"n":1,"ms":1796022182802.853,"fill":"xx"}"#), Some(1_796_022_182_802.853));
        assert_eq!(pushed_at(r#"{"n":1,"ms":12}"#), Some(12.0));
        assert_eq!((pushed_at("hello"), pushed_at(r#"{"ms":"x"}"#)), (None, None));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |url, size, count| Plan::new(url, size, count).unwrap_err().to_string();
        for url in ["http://a/", "ws://", "ws:///echo", "localhost"] {
            assert_eq!(
                error(url, "64", "100"),
                format!("'{url}' is not the URL of a WebSocket: it begins with ws:// or wss://")
            );
        }
        assert_eq!(error("ws://a", "63", "100"), "the size is '63': a whole number from 64 to 65536 is needed");
        assert_eq!(
            error("ws://a", "64", "many"),
            "the number of exchanges is 'many': a whole number from 10 to 1000 is needed"
        );
    }
}
