//! What a request is answered, whichever version of HTTP it came over: the page, a probe, a sentence, or the opening of a
//! WebSocket.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, Version,
    header::{
        ACCEPT, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
        HeaderMap, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use super::{
    Client,
    answer::{AnswerBody, uncached},
    cors, echo, events,
    handshake::{self, Accepted},
    headers::exactly_one,
    metrics,
    no_room::NoRoom,
    page::{self, File},
    raw_head::RawHead,
    refusal::Refusal,
};
use wire::{event, relay};

use crate::{
    config::{Config, bytes},
    http::access::Reach,
    inspect::{self, Tap},
    shared::Shared,
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The seconds after which a client that found no room may try again.
pub(super) const RETRY: &str = "1";

/// Whether a connection has a place, or only gets a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Admitted,
    Refused(NoRoom),
}

/// Answers requests, whichever version of HTTP they come over.
pub(super) struct Responder<'server> {
    pub(super) server: &'server Shared,
    pub(super) client: Client,
    /// What TLS negotiated, if it is spoken.
    pub(super) tls: Option<event::Tls>,
    pub(super) standing: Standing,
    /// Whether an answer of HTTP/1.1 is being written; nothing of that is asked over HTTP/2.
    pub(super) is_answering: Arc<AtomicBool>,
}

/// What is answered to a request that is not refused.
pub(super) enum Answer {
    Response(Response<AnswerBody>),
    /// The same, to be read by pages of other origins, too.
    Exposed(Response<AnswerBody>),
    /// By `/http/echo`.
    Echo,
    WebSocket(Box<Accepted>),
}

impl Responder<'_> {
    /// The answer to a request. What is refused is told to those who watch the request; what is accepted tells them itself.
    pub(super) fn answer<B>(&self, request: &Request<B>, raw_head: &RawHead) -> Result<Answer, Refusal> {
        // What passes through the relay begins with its token: nobody watches or records it.
        let may_be_watched = handshake::is_attempt(request) && request.uri().path() != relay::PATH;
        let tap = if may_be_watched { self.tap(request, raw_head)? } else { None };
        let mut answer = self.decide(request, raw_head);
        match (&mut answer, tap) {
            (Ok(Answer::WebSocket(accepted)), tap) => accepted.tap = tap,
            (Err(refusal), Some(tap)) => tap.refusal(refusal, request.headers()),
            _ => {}
        }
        answer
    }

    /// Tells those who may see the request that it has come.
    fn tap<B>(&self, request: &Request<B>, raw_head: &RawHead) -> Result<Option<Box<Tap>>, inspect::Full> {
        let Client { peer, connection, .. } = self.client;
        // The number of a stream over HTTP/2 is its own.
        let is_stream = request.version() == Version::HTTP_2;
        let (connection, stream_of) =
            if is_stream { (self.server.inspect.number(), Some(connection)) } else { (connection, None) };
        let Some(tap) = self.server.inspect.tap(request.uri(), peer.ip(), connection)? else { return Ok(None) };
        tap.request(event::Request {
            peer: peer.to_string(),
            stream_of,
            tls: self.tls.clone(),
            version: format!("{:?}", request.version()),
            method: request.method().to_string(),
            target: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            headers: if is_stream { inspect::headers(request.headers()) } else { raw_head.headers().collect() },
            head_bytes: (!is_stream).then_some(raw_head.len() as u64),
        });
        Ok(Some(tap.into()))
    }

    fn decide<B>(&self, request: &Request<B>, raw_head: &RawHead) -> Result<Answer, Refusal> {
        let headers = request.headers();
        if request.version() == Version::HTTP_11 {
            exactly_one(headers, &HOST)?;
        }
        check_body(headers)?;
        self.server.config.access.check(self.client.local, request.uri(), headers)?;
        let is_attempt = handshake::is_attempt(request);
        let path = request.uri().path();
        let is_exposed = matches!(path, echo::PATH | events::PATH);
        let takes_method = match *request.method() {
            Method::GET | Method::HEAD => true,
            _ => path == echo::PATH || (is_exposed && cors::is_preflight(request)),
        };
        if !is_attempt && !takes_method {
            return Err(Refusal::HttpMethod(request.method().clone()));
        }
        if path == relay::PATH {
            self.check_relay(request, is_attempt)?;
        }
        match path {
            "/healthz" if !is_attempt => return Ok(Answer::Response(self.health())),
            metrics::PATH if !is_attempt => return Ok(Answer::Response(metrics::response(self.server))),
            _ if self.server.shutdown.is_draining() => return Err(Refusal::Draining),
            _ => {}
        }
        if let Standing::Refused(no_room) = self.standing {
            return Err(no_room.into());
        }
        let is_probe = path == "/readyz" && !is_attempt;
        if (is_attempt || is_probe) && self.server.budget.is_exhausted() {
            return Err(NoRoom::Memory.into());
        }
        if is_probe {
            return Ok(Answer::Response(probe("ready".to_owned())));
        }
        if !is_attempt && is_exposed && cors::is_preflight(request) {
            return Ok(Answer::Exposed(cors::allow_all(headers)));
        }
        if !is_attempt {
            return match path {
                echo::PATH => Ok(Answer::Echo),
                events::PATH => self.events(request).map(Answer::Exposed),
                relay::PATH => self.relay_token().map(Answer::Response),
                _ => answer_http(request).map(Answer::Response),
            };
        }
        let accepted = handshake::accept(request, raw_head.clone(), self.client.peer.ip(), self.server)?;
        Ok(Answer::WebSocket(Box::new(accepted)))
    }

    /// Who may use the relay, or learn its token: that is for a page of this server, which no other may frame or read.
    fn check_relay<B>(&self, request: &Request<B>, is_attempt: bool) -> Result<(), Refusal> {
        let Config { relay, access, .. } = &self.server.config;
        if !relay.relay {
            return Err(Refusal::RelayOff);
        }
        let reach = if relay.relay_to.is_empty() { Reach::Everywhere } else { Reach::Named };
        let headers = request.headers();
        access.check_relay(self.client.local, request.uri(), headers, reach)?;
        if is_attempt {
            return access.check_relay_origin(request.uri(), headers);
        }
        // Where a browser says who asks, it must be a page of this server: others could not read the answer, but need not even
        // ask.
        let is_foreign = headers.get(SEC_FETCH_SITE).is_some_and(|site| site != "same-origin");
        if is_foreign || headers.contains_key(ORIGIN) { Err(Refusal::RelayOrigin) } else { Ok(()) }
    }

    /// The relay's token, for the page of this server.
    fn relay_token(&self) -> Result<Response<AnswerBody>, Refusal> {
        let relay = self.server.relay.as_ref().ok_or(Refusal::RelayOff)?;
        let mut response = sentence(StatusCode::OK, relay.token().expose().to_owned());
        response.headers_mut().insert(RESOURCE_POLICY, HeaderValue::from_static("same-origin"));
        Ok(response)
    }

    fn events<B>(&self, request: &Request<B>) -> Result<Response<AnswerBody>, Refusal> {
        let target = request.uri().path_and_query().map_or(events::PATH, |target| target.as_str());
        let rule = wire::Target::parse_http(target)?.stream();
        let limit = self.server.config.limits.max_message_size;
        if rule.size > bytes(limit) {
            return Err(Refusal::Malformed(format!("size={} is more than --max-message-size, {limit}", rule.size)));
        }
        if request.method() == Method::HEAD {
            // There is no end to wait for.
            return Ok(events::events(wire::Stream { count: 0, ..rule }, request.headers(), &self.is_answering));
        }
        Ok(events::events(rule, request.headers(), &self.is_answering))
    }

    /// How the process does: 503 if one of its threads has failed or is stuck.
    fn health(&self) -> Response<AnswerBody> {
        let failed_workers = self.server.failed_workers.load(Ordering::Relaxed);
        let (code, status) = match failed_workers {
            0 => (StatusCode::OK, "ok"),
            _ => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
        };
        let totals = &self.server.totals;
        let body = format!(
            r#"{{"status":"{status}","connections":{},"opened":{},"panics":{},"failed_workers":{failed_workers},"restarts":{},"memory":{}}}"#,
            self.server.admission.total(),
            totals.opened.total(),
            totals.panics.total(),
            totals.restarts.total(),
            self.server.budget.taken()
        );
        let mut response = probe(body);
        *response.status_mut() = code;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

impl Tap {
    /// Tells what becomes of a request with these headers.
    pub(super) fn refusal(&self, refusal: &Refusal, headers: &HeaderMap) {
        self.response(&refuse(refusal, headers), Some(refusal.to_string()));
    }
}

/// Checks how the body's length is stated: a proxy in between must read the same length.
fn check_body(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            if headers.contains_key(CONTENT_LENGTH) {
                return Err(Refusal::Malformed(
                    "a request has content-length or transfer-encoding, not both".to_owned(),
                ));
            }
            Ok(())
        }
        _ => {
            Err(Refusal::TransferCoding(format!("{:?}", headers.get_all(TRANSFER_ENCODING).iter().collect::<Vec<_>>())))
        }
    }
}

/// The answer to a GET or HEAD that asks for no WebSocket.
fn answer_http<B>(request: &Request<B>) -> Result<Response<AnswerBody>, Refusal> {
    let path = request.uri().path();
    if path == "/" && accepts_html(request) {
        return Ok(serve_file(page::index()));
    }
    if let Some(file) = page::file(path) {
        return Ok(serve_file(file));
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let target: wire::Target = target.parse()?;
    Err(Refusal::NoUpgrade(target.path().pattern()))
}

fn accepts_html<B>(request: &Request<B>) -> bool {
    request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

pub(super) fn log_refusal(refusal: &Refusal, connection: u64) {
    tracing::debug!(connection, %refusal, "refused: {refusal}");
}

/// The response to a request with these headers that does not get what it asks for.
pub(super) fn refuse(refusal: &Refusal, headers: &HeaderMap) -> Response<AnswerBody> {
    let mut response = sentence(refusal.status(), refusal.to_string());
    let asks_for_upgrade = response.status() == StatusCode::UPGRADE_REQUIRED;
    let may_be_followed_by_frames = handshake::may_be_followed_by_frames(headers);
    let answer = response.headers_mut();
    match refusal {
        Refusal::HttpMethod(_) => drop(answer.insert(ALLOW, HeaderValue::from_static("GET, HEAD"))),
        Refusal::Method(_) => drop(answer.insert(ALLOW, HeaderValue::from_static("GET"))),
        Refusal::Draining | Refusal::NoRoom(_) => drop(answer.insert(RETRY_AFTER, HeaderValue::from_static(RETRY))),
        Refusal::Requested { header: Some(header), .. } => {
            let (name, value) = *header.clone();
            answer.insert(name, value);
        }
        _ => {}
    }
    if asks_for_upgrade {
        // Upgrade needs Connection: Upgrade beside it (RFC 9110, 7.8).
        answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
        answer.append(CONNECTION, HeaderValue::from_static("Upgrade"));
    }
    if asks_for_upgrade || (may_be_followed_by_frames && !handshake::has_version(headers)) {
        answer.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(handshake::VERSION));
    }
    // What follows a malformed request may be part of it, and what follows a handshake is frames.
    if may_be_followed_by_frames || matches!(refusal, Refusal::Malformed(_)) {
        answer.append(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// The answer to who asks how the server is. Its connection ends, so that the next time shows whether new connections
/// are served.
fn probe(text: String) -> Response<AnswerBody> {
    let mut response = sentence(StatusCode::OK, text);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A sentence on one line, which no cache keeps.
fn sentence(status: StatusCode, text: String) -> Response<AnswerBody> {
    let mut response = uncached(HeaderValue::from_static("text/plain; charset=utf-8"), Full::from(text + "\n"));
    *response.status_mut() = status;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn serve_file(file: File) -> Response<AnswerBody> {
    let mut response = Response::new(Full::from(file.body).into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, file.content_type);
    headers.insert(CONTENT_SECURITY_POLICY, file.policy);
    // Isolated from other origins, a page has a clock of 5 µs instead of 100 µs, see
    // https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
