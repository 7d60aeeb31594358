//! The opening handshake ([RFC 6455, 4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)): from a request to what
//! its connection will be, or to the status that refuses it. Never touches the socket.

use hyper::{
    Method, Request, Response, StatusCode, Version,
    header::{
        self, CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
    },
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A handshake that was in order.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) behaviour: wire::Behaviour,
    /// The value of `Sec-WebSocket-Accept`.
    accept_key: String,
}

/// Why a request gets no WebSocket; the text names what was wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("only GET can open a WebSocket, not {0}")]
    Method(Method),
    #[error("a WebSocket needs HTTP/1.1, not {0:?}")]
    HttpVersion(Version),
    #[error("{0}")]
    Malformed(String),
    #[error("WebSocket version {0:?} is not known here, only 13")]
    WebSocketVersion(String),
    #[error(transparent)]
    Behaviour(#[from] wire::Error),
}

impl Refusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::HttpVersion(_) => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::WebSocketVersion(_) => StatusCode::UPGRADE_REQUIRED,
            Self::Behaviour(wire::Error::UnknownPath { .. }) => StatusCode::NOT_FOUND,
            Self::Malformed(_) | Self::Behaviour(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// The header that the status asks for, if any.
    pub(crate) fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::Method(_) => Some((header::ALLOW, "GET")),
            Self::WebSocketVersion(_) => Some((SEC_WEBSOCKET_VERSION, "13")),
            _ => None,
        }
    }
}

/// Whether the request asks for a WebSocket at all, rightly or wrongly.
pub(crate) fn is_attempt(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Checks the client's handshake.
pub(crate) fn accept<B>(request: &Request<B>) -> Result<Accepted, Refusal> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(Refusal::Method(request.method().clone()));
    }
    if request.version() != Version::HTTP_11 {
        return Err(Refusal::HttpVersion(request.version()));
    }
    only(headers, &HOST)?;
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(Refusal::Malformed("the header Connection: Upgrade is missing".to_owned()));
    }
    if headers.contains_key(TRANSFER_ENCODING) || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0") {
        return Err(Refusal::Malformed("a request for a WebSocket has no body".to_owned()));
    }
    let version = only(headers, &SEC_WEBSOCKET_VERSION)?;
    if version != "13" {
        return Err(Refusal::WebSocketVersion(version.to_owned()));
    }
    let key = only(headers, &SEC_WEBSOCKET_KEY)?;
    if !data_encoding::BASE64.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Refusal::Malformed(format!("Sec-WebSocket-Key {key:?} is not 16 bytes in base64")));
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    Ok(Accepted { behaviour: target.parse()?, accept_key: derive_accept_key(key.as_bytes()) })
}

impl Accepted {
    /// The answer that opens the WebSocket.
    pub(crate) fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, header::HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, header::HeaderValue::from_static("websocket"));
        if let Ok(accept_key) = header::HeaderValue::from_str(&self.accept_key) {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept_key);
        }
        response
    }
}

/// The value of a header that must be there once.
fn only<'headers>(headers: &'headers HeaderMap, name: &HeaderName) -> Result<&'headers str, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Err(Refusal::Malformed(format!("the header {name} is missing"))),
        (Some(_), Some(_)) => Err(Refusal::Malformed(format!("the header {name} is there more than once"))),
        (Some(value), None) => value
            .to_str()
            .map_err(|_| Refusal::Malformed(format!("the header {name} holds bytes that are not ASCII: {value:?}"))),
    }
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
