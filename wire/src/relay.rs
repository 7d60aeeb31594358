//! What a page and the relay say to each other on the WebSocket `/relay`.
//!
//! The first message is a [`Request`], as JSON. From then on binary messages are the other server's and the page's own, as
//! they are, and each text has one character in front ([`from_page`], [`from_relay`]):
//! - `t`: the rest is a text message, the other server's or the page's;
//! - `e`: from the relay; the rest is an [`Event`] as JSON;
//! - `c`: from the page; the rest is a [`Command`] as JSON.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The path of the relay: a WebSocket there is a connection to another server, and GET returns the token to the page.
pub const PATH: &str = "/relay";

/// Most bytes that an event has of the body of a response.
pub const MAX_BODY: usize = 64 << 10;

/// What the relay connects to, and how.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Request {
    /// The token of the relay's server, which only its own page knows.
    pub token: String,
    /// A `ws:` or `wss:` URL.
    pub url: String,
    /// Names and values, in the order in which they are sent. What a handshake has by itself is not among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// In order of preference.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subprotocols: Vec<String>,
    /// The value of `Sec-WebSocket-Extensions`; empty offers none.
    #[serde(default = "usual_offer")]
    pub extensions: String,
    /// Whose certificates are trusted.
    #[serde(default)]
    pub trust: Trust,
    /// What the client shows if the server asks for a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// `http://host:port` (CONNECT) or `socks5://host:port`, each with or without `user:password@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The longest time until the WebSocket is open, in milliseconds.
    #[serde(default = "usual_time")]
    pub open_timeout_ms: u32,
    /// Time between pings to the other server, in milliseconds; 0 sends none.
    #[serde(default)]
    pub ping_interval_ms: u32,
    /// Most payload of a frame that is sent, in bytes; 0 sends each message in one.
    #[serde(default)]
    pub fragment: u32,
}

/// What browsers offer.
fn usual_offer() -> String {
    "permessage-deflate; client_max_window_bits".to_owned()
}

const fn usual_time() -> u32 {
    10_000
}

impl Request {
    /// A request for a URL, and all else as usual.
    pub fn new(token: &str, url: &str) -> Self {
        Self {
            token: token.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            subprotocols: Vec::new(),
            extensions: usual_offer(),
            trust: Trust::System,
            identity: None,
            proxy: None,
            open_timeout_ms: usual_time(),
            ping_interval_ms: 0,
            fragment: 0,
        }
    }
}

/// Without the secrets that may be in it: no log has them.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").finish_non_exhaustive()
    }
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Those of the system.
    #[default]
    System,
    /// Of these issuers, in PEM, and no others.
    Issuers(String),
    /// Anybody: TLS hides what is said from everyone but who answers.
    Anyone,
}

/// A client's certificate and its private key, in PEM.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Identity {
    /// With the issuers' behind it.
    pub certificate: String,
    /// Not encrypted.
    pub key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// What happens on the way to the other server, and there beside messages. Each step has the time that it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// The name has these addresses. An address needs no look-up.
    Resolved {
        /// Microseconds.
        us: u64,
        /// Those that the relay may connect to, in the resolver's order.
        addresses: Vec<String>,
    },
    /// The TCP connection stands.
    Connected {
        /// Microseconds, failed attempts at other addresses included.
        us: u64,
        /// The server's, or the proxy's.
        address: String,
    },
    /// The TLS handshake is done.
    Secured {
        /// Microseconds.
        us: u64,
        /// Such as `TLSv1_3`.
        version: String,
        /// The cipher suite.
        cipher: String,
    },
    /// The server has answered the handshake.
    Responded {
        /// Microseconds from the request to the head of the response.
        us: u64,
        /// 101 for a WebSocket.
        status: u16,
        /// As they were written, in their order.
        headers: Vec<(String, String)>,
        /// What came behind another head than one of 101, at most [`MAX_BODY`].
        body: String,
    },
    /// The WebSocket is open; messages follow.
    Opened {
        /// The one that the server chose, empty for none.
        subprotocol: String,
        /// The server's `Sec-WebSocket-Extensions`, empty for none.
        extensions: String,
    },
    /// The server has sent a ping, which was answered.
    Ping(Vec<u8>),
    /// The server has sent a pong.
    Pong(Vec<u8>),
    /// No WebSocket, or no longer one, for another reason than a close frame. The last event.
    Failed {
        /// What is at fault.
        cause: Cause,
        /// What shows it, as a sentence for people.
        evidence: String,
    },
}

/// What is at fault where a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The request breaks a rule.
    Request,
    /// The relay is not to be used like this.
    NotAllowed,
    /// The name has no address.
    NameNotFound,
    /// Nobody listens there.
    Refused,
    /// There is no way there.
    Unreachable,
    /// Something took too long.
    TimedOut,
    /// The proxy does not connect.
    Proxy,
    /// The certificate's issuer is not trusted.
    CertificateIssuer,
    /// The certificate is signed by itself.
    CertificateSelfSigned,
    /// The certificate has expired.
    CertificateExpired,
    /// The certificate is not valid yet.
    CertificateNotYetValid,
    /// The certificate is for other names.
    CertificateName,
    /// Something else is wrong about the certificate, or with TLS.
    Tls,
    /// The server wants a certificate of the client.
    CertificateRequired,
    /// `wss:` to a port that does not speak TLS.
    NoTls,
    /// `ws:` to a port that speaks TLS.
    TlsOnly,
    /// The answer is no HTTP/1.1.
    NotHttp,
    /// A status of 3xx.
    Redirected,
    /// 401 or 407.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 or 410.
    NotFound,
    /// 426.
    UpgradeRequired,
    /// 429.
    TooManyRequests,
    /// 502, 503 or 504: a proxy in front answers.
    Gateway,
    /// Any other status than 101.
    Status,
    /// A status of 101 without what makes it an upgrade to WebSocket.
    NoUpgrade,
    /// `Sec-WebSocket-Accept` does not fit the key.
    WrongAccept,
    /// The server chose a subprotocol that was not offered.
    Subprotocol,
    /// The server agreed to an extension that was not offered.
    Extension,
    /// The connection ended without a close frame.
    Cut,
    /// The server broke the protocol.
    Protocol,
}

/// What the page asks for beside messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Command {
    /// Send a ping.
    Ping(Vec<u8>),
    /// Send a close frame, with a code that a browser's own WebSocket may not send.
    Close {
        /// RFC 6455, 7.4.
        code: u16,
        /// At most 123 bytes.
        reason: String,
    },
}

/// A text from the page, after the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromPage<'text> {
    /// A message for the other server.
    Text(&'text str),
    /// What else is to be done.
    Command(Command),
}

/// A text from the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromRelay<'text> {
    /// A message of the other server.
    Text(&'text str),
    /// What happened beside messages.
    Event(Event),
}

/// Why a text is none of these; names what is wrong with it, and never a secret in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    /// It must begin with one of two characters.
    #[error("a text to or from the relay begins with {expected}, not with {found:?}")]
    Kind {
        /// Those that it may begin with.
        expected: &'static str,
        /// The first character.
        found: Option<char>,
    },
    /// What is wrong, where serde has found it.
    #[error("{what} cannot be read: {reason}")]
    Json {
        /// What the text should be.
        what: &'static str,
        /// With the place.
        reason: String,
    },
}

/// Writes a request, an event or a command as JSON.
fn json(value: &impl Serialize, mut text: String) -> String {
    // These have nothing that JSON cannot hold.
    text += &serde_json::to_string(value).unwrap_or_default();
    text
}

fn parse<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, RelayError> {
    serde_json::from_str(text).map_err(|error| RelayError::Json { what, reason: error.to_string() })
}

impl Request {
    /// As the first message.
    pub fn to_json(&self) -> String {
        json(self, String::new())
    }

    /// From the first message.
    ///
    /// # Errors
    /// It is no request.
    pub fn from_json(text: &str) -> Result<Self, RelayError> {
        parse("the relay's request", text)
    }
}

impl Event {
    /// As a text of the relay.
    pub fn to_text(&self) -> String {
        json(self, "e".to_owned())
    }
}

impl Command {
    /// As a text of the page.
    pub fn to_text(&self) -> String {
        json(self, "c".to_owned())
    }
}

/// Reads a text of the page.
///
/// # Errors
/// It is neither a message nor a command.
pub fn from_page(text: &str) -> Result<FromPage<'_>, RelayError> {
    match text.split_at_checked(1) {
        Some(("t", message)) => Ok(FromPage::Text(message)),
        Some(("c", command)) => parse("the command", command).map(FromPage::Command),
        _ => Err(RelayError::Kind { expected: "t or c", found: text.chars().next() }),
    }
}

/// Reads a text of the relay.
///
/// # Errors
/// It is neither a message nor an event.
pub fn from_relay(text: &str) -> Result<FromRelay<'_>, RelayError> {
    match text.split_at_checked(1) {
        Some(("t", message)) => Ok(FromRelay::Text(message)),
        Some(("e", event)) => parse("the event", event).map(FromRelay::Event),
        _ => Err(RelayError::Kind { expected: "t or e", found: text.chars().next() }),
    }
}
