//! A request to the relay that keeps the rules, ready to be carried out.

use std::{fmt, num::NonZeroUsize, time::Duration};

use hyper::header::{HeaderName, HeaderValue};
use wire::relay::{Cause, Request};

use super::{
    failure::Failure,
    target::Rules,
    trust::ClientTls,
    url::{Credentials, Endpoint, Server, ServerUrl, Url},
};
use crate::{config::Limits, config::bytes, http::token::Subprotocol};

/// The longest time that a request may give the other server to open its WebSocket.
const MAX_OPEN_TIME: Duration = Duration::from_secs(60);
/// The shortest time between pings.
const MIN_PING: Duration = Duration::from_millis(100);

/// The first part of names that are not among a request's headers, or the whole name: what the handshake itself has, what says
/// how long the request is, and what proxies take for theirs. `Host` chooses among servers at one address, which would get
/// past the rules about names.
const RESERVED: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-",
    "sec-websocket-",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What is connected to, and how.
pub(crate) struct Plan {
    pub(crate) server: Server,
    /// Present for `wss:`.
    pub(crate) tls: Option<ClientTls>,
    pub(crate) proxy: Option<Proxy>,
    /// The value of `Host`.
    pub(crate) authority: String,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) subprotocols: Vec<Subprotocol>,
    /// The value of `Sec-WebSocket-Extensions`; empty offers none.
    pub(crate) extensions: String,
    pub(crate) open_timeout: Duration,
    pub(crate) ping: Option<Duration>,
    pub(crate) fragment: Option<NonZeroUsize>,
}

/// Without the secrets that may be in it: no log has them.
impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").finish_non_exhaustive()
    }
}

/// What connects in the relay's place.
pub(crate) struct Proxy {
    pub(crate) kind: ProxyKind,
    pub(crate) endpoint: Endpoint,
    pub(crate) credentials: Option<Credentials>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProxyKind {
    /// By CONNECT ([RFC 9110, 9.3.6](https://www.rfc-editor.org/rfc/rfc9110#section-9.3.6)).
    Http,
    /// [RFC 1928](https://www.rfc-editor.org/rfc/rfc1928).
    Socks5,
}

impl Plan {
    /// Checks a request, and whether the relay may connect to its host and its proxy.
    pub(crate) fn new(request: &Request, rules: Rules<'_>, limits: &Limits) -> Result<Self, Failure> {
        let wrong = |sentence: String| Failure::new(Cause::Request, sentence);
        let url = ServerUrl::parse(&request.url).map_err(wrong)?;
        let proxy = request.proxy.as_deref().map(proxy).transpose().map_err(wrong)?;
        check(&url.server, proxy.as_ref(), rules)?;
        let headers = headers(&request.headers, limits).map_err(wrong)?;
        let subprotocols = request.subprotocols.iter().map(|name| name.parse::<Subprotocol>());
        let subprotocols = subprotocols.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
        let is_value = HeaderValue::from_str(&request.extensions).is_ok_and(|value| value.to_str().is_ok());
        if !is_value {
            return Err(wrong(format!("the extension offer {:?} is no value of a header", request.extensions)));
        }
        let ms = |ms: u32| Duration::from_millis(ms.into());
        let ping = Some(ms(request.ping_interval_ms)).filter(|time| !time.is_zero());
        if ping.is_some_and(|time| time < MIN_PING) {
            return Err(wrong(format!("ping-interval-ms is {}, 100 is the least", request.ping_interval_ms)));
        }
        let open_timeout = ms(request.open_timeout_ms);
        if open_timeout.is_zero() || open_timeout > MAX_OPEN_TIME {
            return Err(wrong(format!("open-timeout-ms is {}, from 1 to 60000 it may be", request.open_timeout_ms)));
        }
        let tls = || ClientTls::new(&request.trust, request.identity.as_ref());
        let tls = url.is_secure.then(tls).transpose().map_err(wrong)?;
        Ok(Self {
            server: url.server,
            tls,
            proxy,
            authority: url.authority,
            target: url.target,
            headers,
            subprotocols,
            extensions: request.extensions.trim().to_owned(),
            open_timeout,
            ping,
            fragment: usize::try_from(request.fragment).ok().and_then(NonZeroUsize::new),
        })
    }
}

/// Checks that the relay may connect to a server, and to what connects in its place.
fn check(server: &Server, proxy: Option<&Proxy>, rules: Rules<'_>) -> Result<(), Failure> {
    let forbidden = |forbidden| Failure::new(Cause::NotAllowed, forbidden);
    let check_host = |endpoint: &Endpoint| rules.check_host(&endpoint.host, endpoint.port).map_err(forbidden);
    match (server, proxy) {
        (Server::Tcp(endpoint), None) => check_host(endpoint),
        (Server::Tcp(endpoint), Some(proxy)) => check_host(endpoint).and_then(|()| check_host(&proxy.endpoint)),
        (Server::Unix(path), None) => rules.check_socket(path).map_err(forbidden),
        (Server::Unix(_), Some(_)) => Err(Failure::new(Cause::Request, "no proxy leads to a Unix socket")),
    }
}

/// Checks names and values, and that they are not too many.
fn headers(headers: &[(String, String)], limits: &Limits) -> Result<Vec<(String, String)>, String> {
    let size: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    if headers.len() > limits.max_headers.get() || size > bytes(limits.max_head_size) {
        return Err(format!(
            "{} headers of {size} bytes are too many: {} of {} are the most",
            headers.len(),
            limits.max_headers,
            limits.max_head_size
        ));
    }
    for (name, value) in headers {
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(format!("{name:?} is no name of a header"));
        }
        let lower = name.to_ascii_lowercase();
        if is_reserved(&lower) {
            return Err(format!("the header {name} is the handshake's own, and cannot be set"));
        }
        if HeaderValue::from_str(value).is_err() {
            return Err(format!("the value of the header {name} has a line break or a control character in it"));
        }
    }
    Ok(headers.to_vec())
}

/// Whether a name in lower case is not among a request's headers.
pub(super) fn is_reserved(lower: &str) -> bool {
    RESERVED.iter().any(|&own| lower == own || (own.ends_with('-') && lower.starts_with(own)))
}

fn proxy(text: &str) -> Result<Proxy, String> {
    let Url { scheme, endpoint, credentials, target, .. } = Url::parse(text, &["http", "socks5"])?;
    if target != "/" {
        return Err("a proxy's URL has no path".to_owned());
    }
    let kind = if scheme == "http" { ProxyKind::Http } else { ProxyKind::Socks5 };
    Ok(Proxy { kind, endpoint, credentials })
}
