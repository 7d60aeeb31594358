//! The opening handshake ([RFC 6455, 4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)): from a request to what
//! its connection will be, or to the status that refuses it.

use std::{collections::HashSet, sync::LazyLock};

use data_encoding::{BASE64, Encoding};
use hyper::{
    Method, Request, Response, StatusCode, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
        SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
    },
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{
    config::Config,
    http::headers::{ascii, exactly_one, has_token},
    http::refusal::Refusal,
    http::token::Subprotocol,
    protocol::deflate::{self, Agreed},
};

/// The only version of the protocol that is spoken here.
pub(crate) const VERSION: &str = "13";

/// Base64 as clients write the key: some set bits in its last digit that stand for nothing. Other servers accept that,
/// and `Sec-WebSocket-Accept` is made of the key as it was written.
static KEY: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = BASE64.specification();
    specification.check_trailing_bits = false;
    specification.encoding().expect("what is base64 with the check is base64 without it")
});

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

/// Whether the request asks for a WebSocket at all, rightly or wrongly.
pub(crate) fn is_attempt(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Whether frames may follow the request: it is an attempt, or was one before a proxy took `Upgrade` out of it.
pub(crate) fn may_be_followed_by_frames(headers: &HeaderMap) -> bool {
    is_attempt(headers) || headers.contains_key(SEC_WEBSOCKET_KEY)
}

/// Whether the request names the version that is spoken here, and no other.
pub(crate) fn has_version(headers: &HeaderMap) -> bool {
    exactly_one(headers, &SEC_WEBSOCKET_VERSION).is_ok_and(|version| version == VERSION)
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
    if version != VERSION {
        return Err(Refusal::WebSocketVersion(version.to_owned()));
    }
    let key = exactly_one(headers, &SEC_WEBSOCKET_KEY)?;
    if !KEY.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16) {
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
        for name in ascii(value, &SEC_WEBSOCKET_PROTOCOL)?.split(',') {
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
