//! The opening handshake ([RFC 6455, 4.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2)): from a request to what
//! its connection will be, or to the status that refuses it.

use std::sync::LazyLock;

use data_encoding::{BASE64, Encoding};
use hyper::{
    Method, Request, Response, StatusCode, Version,
    ext::Protocol,
    header::{
        CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS,
        SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, SET_COOKIE, TRANSFER_ENCODING, UPGRADE,
    },
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wire::{Behaviour, ByteSize, ConnectionOptions, Cookie, DeflateOptions, LegalCase, Path, Target, relay};

use crate::{
    config::bytes,
    feed::Feed,
    http::headers::{exactly_one, has_token},
    http::raw_head::RawHead,
    http::refusal::Refusal,
    http::{admission::Counted, requested, subprotocol},
    inspect::{self, Tap},
    peer::Peer,
    protocol::deflate::{self, Agreed, Context, DeflateConfig, WindowBits},
    relay::onward::Onward,
    shared::Shared,
};

/// The only version of the protocol that is spoken here.
pub(crate) const VERSION: &str = "13";

const EMBEDDER_POLICY: HeaderName = HeaderName::from_static("cross-origin-embedder-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

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
    /// What the URL asks for; for a connection to another server, nothing beside that.
    pub(crate) target: Target,
    pub(crate) route: Route,
    /// What was agreed on compression, if anything.
    pub(crate) deflate: Option<Agreed>,
    subprotocol: Option<String>,
    /// The value of `Sec-WebSocket-Accept`; HTTP/2 has none.
    accept_key: Option<String>,
    /// What else the URL asks for in the head.
    options: ConnectionOptions,
    /// The head of the request.
    pub(crate) raw_head: RawHead,
    /// What `/headers` reports about the request.
    pub(crate) request: Option<String>,
    /// What comes from other connections.
    pub(crate) feed: Option<Feed>,
    /// Where it is told what crosses the wire, if somebody may see that.
    pub(crate) tap: Option<Box<Tap>>,
    pub(crate) peer: Peer,
    /// It is counted for its peer, if the connection counts for nobody yet.
    pub(crate) counted: Option<Counted>,
    /// Where it leads, if to another server: then that one's answer is waited for.
    pub(crate) onward: Option<Box<Onward>>,
}

/// Where a WebSocket leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    /// To what the URL asks for.
    Behaviour,
    /// To another server, which the client names.
    Relay,
    /// To the other server of `canyon relay`.
    Gateway,
}

/// Whether the request asks for a WebSocket at all, rightly or wrongly.
pub(crate) fn is_attempt<B>(request: &Request<B>) -> bool {
    match request.version() {
        Version::HTTP_2 => request.extensions().get::<Protocol>().is_some(),
        _ => is_upgrade(request.headers()),
    }
}

fn is_upgrade(headers: &HeaderMap) -> bool {
    has_token(headers, &UPGRADE, "websocket")
}

/// Whether frames may follow the request: it is an attempt, or was one before a proxy took `Upgrade` out of it.
pub(crate) fn may_be_followed_by_frames(headers: &HeaderMap) -> bool {
    is_upgrade(headers) || headers.contains_key(SEC_WEBSOCKET_KEY)
}

/// Whether the request names the version that is spoken here, and no other.
pub(crate) fn has_version(headers: &HeaderMap) -> bool {
    exactly_one(headers, &SEC_WEBSOCKET_VERSION).is_ok_and(|version| version == VERSION)
}

/// Checks the handshake of `peer` on a connection of `connection`. Over HTTP/2 it is an extended CONNECT without a key
/// ([RFC 8441, 5](https://www.rfc-editor.org/rfc/rfc8441#section-5)).
pub(crate) fn accept<B>(
    request: &Request<B>,
    raw_head: RawHead,
    (connection, peer): (Peer, Peer),
    shared: &Shared,
) -> Result<Accepted, Refusal> {
    let headers = request.headers();
    let is_extended_connect = request.version() == Version::HTTP_2;
    if is_extended_connect { check_protocol(request) } else { check_upgrade(request) }?;
    let version = exactly_one(headers, &SEC_WEBSOCKET_VERSION)?;
    if version != VERSION {
        return Err(Refusal::WebSocketVersion(version.to_owned()));
    }
    let accept_key = if is_extended_connect { None } else { Some(accept_key(headers)?) };
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let extensions = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().map(|value| value.as_bytes());
    let route = match request.uri().path() {
        path if shared.config.gateway.is_some() && !inspect::is_watcher(path) => Route::Gateway,
        relay::PATH => Route::Relay,
        _ => Route::Behaviour,
    };
    let target: Target = if route == Route::Behaviour { target.parse()? } else { Target::plain(Path::Echo) };
    let options = target.connection_options();
    let behaviour = target.behaviour();
    check_allowed(&target, &behaviour, shared)?;
    let deflate = shared.deflate().and_then(|config| with_options(config, &behaviour, options.deflate));
    let deflate = deflate::negotiate(extensions, deflate.as_ref())?;
    if needs_deflate(&behaviour) && deflate.is_none() {
        return Err(Refusal::Malformed(format!("{target} needs permessage-deflate, which was not agreed")));
    }
    let offered = subprotocol::offered(headers)?;
    let onward = match &shared.config.gateway {
        Some(gateway) if route == Route::Gateway => {
            Some(gateway.onward(request.uri(), headers, &raw_head, &shared.config.limits)?.into())
        }
        _ => None,
    };
    requested::check(&target, headers, &shared.attempts)?;
    // A stream of HTTP/2 has a permit of its own.
    let is_counted_here = shared.config.proxies.forwards(connection) && !is_extended_connect;
    let counted = is_counted_here.then(|| shared.admission.count_for(peer)).transpose()?;
    let known = &shared.config.subprotocol;
    let subprotocol = subprotocol::choose(&behaviour, options.subprotocol.as_deref(), known, &offered);
    let feed = match (&behaviour, target.inspected()) {
        (Behaviour::Broadcast { room }, _) => Some(Feed::Room(shared.rooms.join(room)?)),
        (Behaviour::Inspect, Some(id)) => Some(Feed::Inspection(shared.inspect.watch(&id, peer)?)),
        _ => None,
    };
    Ok(Accepted {
        target,
        route,
        deflate,
        subprotocol,
        accept_key,
        options,
        raw_head,
        request: None,
        feed,
        tap: None,
        peer,
        counted,
        onward,
    })
}

fn check_protocol<B>(request: &Request<B>) -> Result<(), Refusal> {
    match request.extensions().get::<Protocol>() {
        Some(protocol) if protocol.as_str() == "websocket" => Ok(()),
        protocol => Err(Refusal::Protocol(protocol.map_or("", Protocol::as_str).to_owned())),
    }
}

/// Checks that the request is an upgrade of HTTP/1.1, and nothing else.
fn check_upgrade<B>(request: &Request<B>) -> Result<(), Refusal> {
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
    Ok(())
}

/// The value of `Sec-WebSocket-Accept` for the client's key.
fn accept_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let key = exactly_one(headers, &SEC_WEBSOCKET_KEY)?;
    if !KEY.decode(key.as_bytes()).is_ok_and(|nonce| nonce.len() == 16) {
        return Err(Refusal::Malformed(format!("Sec-WebSocket-Key {key:?} is not 16 bytes in base64")));
    }
    Ok(derive_accept_key(key.as_bytes()))
}

/// Checks what the settings have a say in.
fn check_allowed(target: &Target, behaviour: &Behaviour, shared: &Shared) -> Result<(), Refusal> {
    let config = &shared.config;
    match behaviour {
        Behaviour::Raw | Behaviour::Handshake(_) | Behaviour::Fault { .. } if !config.allows_faults() => {
            Err(Refusal::FaultsOff(target.path().pattern()))
        }
        Behaviour::Stream(stream) if stream.size > bytes(config.limits.max_message_size) => {
            Err(Refusal::Malformed(format!(
                "size={} is more than --max-message-size, {}",
                ByteSize::b(stream.size as u64),
                config.limits.max_message_size
            )))
        }
        _ => Ok(()),
    }
}

fn needs_deflate(behaviour: &Behaviour) -> bool {
    match behaviour {
        Behaviour::Fault { fault, .. } => fault.needs_deflate(),
        Behaviour::Legal(case) => case.needs_deflate(),
        _ => false,
    }
}

/// What the server is ready to agree to on this connection.
fn with_options(mut config: DeflateConfig, behaviour: &Behaviour, options: DeflateOptions) -> Option<DeflateConfig> {
    let context = |takeover| if takeover { Context::Takeover } else { Context::NoTakeover };
    let window = |bits: Option<u8>| bits.and_then(|bits| bits.try_into().ok());
    config.server_window = match behaviour {
        Behaviour::Legal(LegalCase::Window9) => WindowBits::MIN,
        _ => window(options.server_window).unwrap_or(config.server_window),
    };
    config.client_window = window(options.client_window).unwrap_or(config.client_window);
    config.server_context = options.server_takeover.map_or(config.server_context, context);
    config.client_context = options.client_takeover.map_or(config.client_context, context);
    options.agree.unwrap_or(true).then_some(config)
}

/// The value of `Set-Cookie`.
fn set_cookie(cookie: &Cookie) -> String {
    let mut value = format!("{}={}", cookie.name, cookie.value);
    if let Some(same_site) = cookie.same_site {
        value += "; SameSite=";
        value += same_site.name();
    }
    if cookie.secure {
        value += "; Secure";
    }
    if cookie.http_only {
        value += "; HttpOnly";
    }
    if let Some(seconds) = cookie.max_age {
        value += &format!("; Max-Age={seconds}");
    }
    value
}

impl Accepted {
    /// Sets what another server has chosen; empty for none.
    pub(crate) fn choose_subprotocol(&mut self, name: &str) {
        self.subprotocol = (!name.is_empty()).then(|| name.to_owned());
    }

    /// The answer that opens the WebSocket.
    pub(crate) fn response<B: Default>(&self) -> Response<B> {
        let mut response = Response::new(B::default());
        if self.accept_key.is_some() {
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
            response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        let headers = response.headers_mut();
        let cookie =
            if let Behaviour::Cookie(cookie) = self.target.behaviour() { Some(set_cookie(&cookie)) } else { None };
        let values = [
            (SEC_WEBSOCKET_ACCEPT, self.accept_key.clone()),
            (SEC_WEBSOCKET_PROTOCOL, self.subprotocol.clone()),
            (SEC_WEBSOCKET_EXTENSIONS, self.deflate.as_ref().map(Agreed::to_string)),
            (SET_COOKIE, cookie),
            (EMBEDDER_POLICY, self.options.embedder_policy.map(|policy| policy.name().to_owned())),
            (RESOURCE_POLICY, self.options.resource_policy.map(|policy| policy.name().to_owned())),
        ];
        for (name, value) in values {
            // All of them are ASCII by construction, which a header can hold.
            if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
                headers.insert(name, value);
            }
        }
        response
    }
}
