//! The opening handshake ([RFC 6455, 4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)): from a request to what
//! its connection will be, or to the status that refuses it. Never touches the socket.

use std::{collections::HashSet, fmt, str::FromStr};

use hyper::{
    Method, Request, Response, StatusCode, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
        SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
    },
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    config::Config,
    deflate::{self, Agreed, MalformedHeader},
};

/// A handshake that was in order.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) behaviour: wire::Behaviour,
    /// What was agreed on compression, if anything.
    pub(crate) deflate: Option<Agreed>,
    subprotocol: Option<Subprotocol>,
    /// The value of `Sec-WebSocket-Accept`.
    accept_key: String,
}

/// The name of a subprotocol ([RFC 6455, 1.9](https://www.rfc-editor.org/rfc/rfc6455#section-1.9)): an HTTP token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subprotocol(String);

/// A text that is no subprotocol's name; use letters, digits and ``!#$%&'*+-.^_`|~``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a subprotocol: it must be of letters, digits and !#$%&'*+-.^_`|~")]
pub struct SubprotocolError(String);

impl FromStr for Subprotocol {
    type Err = SubprotocolError;

    fn from_str(text: &str) -> Result<Self, SubprotocolError> {
        if text.is_empty() || !text.bytes().all(is_token_char) {
            return Err(SubprotocolError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a request does not get what it asks for; the text names what was wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("{0} is not answered here, only GET and HEAD")]
    HttpMethod(Method),
    #[error("only GET can open a WebSocket, not {0}")]
    Method(Method),
    #[error("a WebSocket needs HTTP/1.1, not {0:?}")]
    HttpVersion(Version),
    #[error("{0}")]
    Malformed(String),
    #[error("{0} is a WebSocket: connect to it with a WebSocket client")]
    NoUpgrade(&'static str),
    #[error("WebSocket version {0:?} is not known here, only 13")]
    WebSocketVersion(String),
    #[error("host {0:?} is not served here; canyon's flag --allow-host would")]
    Host(String),
    #[error("origin {0:?} is not served here; canyon's flag --allow-origin would")]
    Origin(String),
    #[error("the server is shutting down")]
    Draining,
    #[error(transparent)]
    Behaviour(#[from] wire::Error),
}

impl From<MalformedHeader> for Refusal {
    fn from(error: MalformedHeader) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl From<SubprotocolError> for Refusal {
    fn from(error: SubprotocolError) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::HttpMethod(_) | Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HttpVersion(_) => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::NoUpgrade(_) | Self::WebSocketVersion(_) => StatusCode::UPGRADE_REQUIRED,
            Self::Host(_) | Self::Origin(_) => StatusCode::FORBIDDEN,
            Self::Draining => StatusCode::SERVICE_UNAVAILABLE,
            Self::Behaviour(wire::Error::UnknownPath { .. }) => StatusCode::NOT_FOUND,
            Self::Malformed(_) | Self::Behaviour(_) => StatusCode::BAD_REQUEST,
        }
    }
}

/// Whether the request asks for a WebSocket at all, rightly or wrongly.
pub(crate) fn is_attempt(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Checks the client's handshake.
pub(crate) fn accept<B>(request: &Request<B>, config: &Config) -> Result<Accepted, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method(request.method().clone()));
    }
    if request.version() != Version::HTTP_11 {
        return Err(Refusal::HttpVersion(request.version()));
    }
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::Malformed("the header Connection: Upgrade is missing".to_owned()));
    }
    if headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0") {
        return Err(Refusal::Malformed("a request for a WebSocket has no body".to_owned()));
    }
    let version = exactly_one(headers, &SEC_WEBSOCKET_VERSION)?;
    if version != "13" {
        return Err(Refusal::WebSocketVersion(version.to_owned()));
    }
    let key = exactly_one(headers, &SEC_WEBSOCKET_KEY)?;
    if !data_encoding::BASE64.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Refusal::Malformed(format!("Sec-WebSocket-Key {key:?} is not 16 bytes in base64")));
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let extensions = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().map(|value| value.as_bytes());
    Ok(Accepted {
        behaviour: target.parse()?,
        deflate: deflate::negotiate(extensions, config.compression.deflate().as_ref())?,
        subprotocol: choose_subprotocol(headers, &config.subprotocol)?,
        accept_key: derive_accept_key(key.as_bytes()),
    })
}

/// The first subprotocol that the client asks for and the server knows.
fn choose_subprotocol(headers: &HeaderMap, known: &[Subprotocol]) -> Result<Option<Subprotocol>, Refusal> {
    let mut asked = HashSet::new();
    let mut chosen = None;
    for value in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        for name in text(value, &SEC_WEBSOCKET_PROTOCOL)?.split(',') {
            // Empty elements of a list count for nothing (RFC 9110, 5.6.1.2).
            if name.trim().is_empty() {
                continue;
            }
            let name: Subprotocol = name.trim().parse()?;
            if chosen.is_none() && known.contains(&name) {
                chosen = Some(name.clone());
            }
            if let Some(name) = asked.replace(name) {
                return Err(Refusal::Malformed(format!("the subprotocol {name} is asked for more than once")));
            }
        }
    }
    if asked.is_empty() && headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Err(Refusal::Malformed(format!("the header {SEC_WEBSOCKET_PROTOCOL} names no subprotocol")));
    }
    Ok(chosen)
}

impl Accepted {
    /// The answer that opens the WebSocket.
    pub(crate) fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        let values = [
            (SEC_WEBSOCKET_ACCEPT, Some(self.accept_key.clone())),
            (SEC_WEBSOCKET_PROTOCOL, self.subprotocol.as_ref().map(Subprotocol::to_string)),
            (SEC_WEBSOCKET_EXTENSIONS, self.deflate.as_ref().map(Agreed::to_string)),
        ];
        for (name, value) in values {
            // All three are tokens by construction, which a header can hold.
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// The value of a header that must be there once.
pub(crate) fn exactly_one<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Result<&'headers str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Malformed(format!("the header {name} is missing"))),
        (Some(_), Some(_)) => Err(Refusal::Malformed(format!("the header {name} is there more than once"))),
        (Some(value), None) => text(value, name),
    }
}

fn text<'value>(value: &'value HeaderValue, name: &HeaderName) -> Result<&'value str, Refusal> {
    let not_ascii = |_| Refusal::Malformed(format!("the header {name} holds bytes that are not ASCII: {value:?}"));
    value.to_str().map_err(not_ascii)
}

/// `tchar` of [RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
pub(crate) fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a header that is a list of tokens has this one, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}
