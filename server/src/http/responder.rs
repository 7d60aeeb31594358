//! What a request is answered, whichever version of HTTP it came over: the page, a probe, a sentence, or the opening of a
//! WebSocket.

use std::{
    convert::Infallible,
    future::{self, Ready},
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
};

use futures_util::future::Either;
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{ACCEPT, CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN, TRANSFER_ENCODING},
};
use wire::{event, relay};

use super::{
    Client,
    access::Reach,
    answer::{AnswerBody, sentence},
    cors, echo, events,
    handshake::{self, Accepted},
    headers::{check_body, exactly_one},
    health::{health, probe},
    metrics,
    no_room::NoRoom,
    page,
    raw_head::RawHead,
    refusal::Refusal,
    refused::refused,
};
use crate::{
    config::{Config, bytes},
    inspect::{self, Tap},
    peer::Peer,
    shared::Shared,
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

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

/// A response to come. Most are there at once.
pub(super) type Responding = Either<
    Ready<Result<Response<AnswerBody>, Infallible>>,
    Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>,
>;

/// What is answered to a request that is not refused.
enum Answer {
    Response(Response<AnswerBody>),
    /// The same, to be read by pages of other origins, too.
    Exposed(Response<AnswerBody>),
    /// The body, by `/http/echo`, and a description of the request.
    Echo,
    Description,
    WebSocket(Box<Accepted>),
}

impl Responder<'_> {
    /// The response to a request. A handshake's is that of `open`, or none if it is not HTTP's.
    pub(super) fn respond(
        &self,
        mut request: Request<Incoming>,
        raw_head: RawHead,
        open: impl FnOnce(&mut Request<Incoming>, Accepted) -> Result<Option<Response<AnswerBody>>, Refusal>,
    ) -> Responding {
        let (origin, site) = (request.headers().get(ORIGIN).cloned(), cors::Site::of(request.headers()));
        // Where a chunked body ends is what requests are smuggled by: nothing is read behind one.
        let is_last = request.headers().contains_key(TRANSFER_ENCODING);
        let finish = move |mut response: Response<AnswerBody>| {
            if is_last {
                response.headers_mut().append(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        };
        let expose = move |mut response| {
            cors::expose(origin.as_ref(), site, &mut response);
            finish(response)
        };
        let time = *self.server.config.limits.write_timeout;
        let opened = match self.answer(&request, &raw_head) {
            Ok(Answer::Response(response)) => Ok(Some(response)),
            Ok(Answer::WebSocket(accepted)) => open(&mut request, *accepted),
            Ok(Answer::Exposed(response)) => return Either::Left(future::ready(expose(response))),
            Ok(Answer::Echo) => {
                return Either::Left(future::ready(expose(echo::echo(request, time, &self.is_answering))));
            }
            Ok(Answer::Description) => {
                return Either::Right(Box::pin(async move { expose(echo::describe(request, raw_head, time).await) }));
            }
            Err(refusal) => Err(refusal),
        };
        match opened {
            Ok(Some(response)) => Either::Left(future::ready(finish(response))),
            Ok(None) => Either::Right(Box::pin(future::pending())),
            Err(refusal) => Either::Left(future::ready(finish(self.refuse(&refusal, request.headers())))),
        }
    }

    fn refuse(&self, refusal: &Refusal, headers: &HeaderMap) -> Response<AnswerBody> {
        self.server.totals.count_refusal(refusal.status(), refusal.reason());
        tracing::debug!(connection = self.client.connection, %refusal, "refused: {refusal}");
        refused(refusal, headers)
    }

    /// The answer to a request. What is refused is told to those who watch the request; what is accepted tells them itself.
    fn answer<B>(&self, request: &Request<B>, raw_head: &RawHead) -> Result<Answer, Refusal> {
        // Of HTTP/1.1, hyper refuses that.
        let max_headers = self.server.config.limits.max_headers;
        if request.headers().len() > max_headers.get() {
            return Err(Refusal::Headers(max_headers));
        }
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
        let (connection, peer) = (self.client.connection, self.peer(request.headers()));
        // The number of a stream over HTTP/2 is its own.
        let is_stream = request.version() == Version::HTTP_2;
        let (connection, stream_of) =
            if is_stream { (self.server.inspect.number(), Some(connection)) } else { (connection, None) };
        let Some(tap) = self.server.inspect.tap(request.uri(), peer, connection)? else { return Ok(None) };
        tap.request(event::Request {
            peer: peer.to_string(),
            stream_of,
            relay_of: None,
            tls: self.tls.clone(),
            version: format!("{:?}", request.version()),
            method: request.method().to_string(),
            target: request.uri().path_and_query().map_or("/", |target| target.as_str()).to_owned(),
            headers: if is_stream { inspect::headers(request.headers()) } else { raw_head.headers().collect() },
            head_bytes: (!is_stream).then_some(raw_head.len() as u64),
        });
        Ok(Some(tap.into()))
    }

    /// The client, which is another than the connection's where that is a proxy's.
    fn peer(&self, headers: &HeaderMap) -> Peer {
        let Client { peer, connection, .. } = self.client;
        self.server.config.proxies.client(peer, headers).unwrap_or_else(|(known, wrong)| {
            tracing::debug!(connection, wrong, "no address of a client that is forwarded: {wrong:?}");
            known
        })
    }

    fn decide<B>(&self, request: &Request<B>, raw_head: &RawHead) -> Result<Answer, Refusal> {
        self.check(request)?;
        let is_attempt = handshake::is_attempt(request);
        let path = request.uri().path();
        match path {
            "/healthz" if !is_attempt => return Ok(Answer::Response(health(self.server))),
            metrics::PATH if !is_attempt => return Ok(Answer::Response(metrics::response(self.server))),
            _ if self.server.shutdown.is_draining() => return Err(Refusal::Draining),
            _ => {}
        }
        if let Standing::Refused(no_room) = self.standing {
            return Err(no_room.into());
        }
        if (is_attempt || path == "/readyz") && self.server.budget.is_exhausted() {
            return Err(NoRoom::Memory.into());
        }
        if is_attempt {
            let peer = self.peer(request.headers());
            let accepted = handshake::accept(request, raw_head.clone(), (self.client.peer, peer), self.server)?;
            return Ok(Answer::WebSocket(Box::new(accepted)));
        }
        match path {
            "/readyz" => Ok(Answer::Response(probe("ready".to_owned()))),
            echo::PATH | events::PATH if cors::is_preflight(request) => {
                Ok(Answer::Exposed(cors::allow_all(request.headers())))
            }
            echo::PATH if echo::wants_description(request.headers()) => Ok(Answer::Description),
            echo::PATH => Ok(Answer::Echo),
            events::PATH => self.events(request).map(Answer::Exposed),
            relay::PATH => self.relay_token().map(Answer::Response),
            _ => answer_http(request).map(Answer::Response),
        }
    }

    /// What any request has to keep to.
    fn check<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        if request.version() == Version::HTTP_11 {
            exactly_one(headers, &HOST)?;
        }
        check_body(headers)?;
        self.server.config.access.check(self.client.local, request.uri(), headers)?;
        let is_attempt = handshake::is_attempt(request);
        let takes_method = match (request.uri().path(), request.method()) {
            (_, &Method::GET | &Method::HEAD) | (echo::PATH, _) => true,
            (events::PATH, _) => cors::is_preflight(request),
            _ => false,
        };
        if !is_attempt && !takes_method {
            return Err(Refusal::HttpMethod(request.method().clone()));
        }
        if request.uri().path() == relay::PATH {
            self.check_relay(request, is_attempt)?;
        }
        Ok(())
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
}

/// The answer to a GET or HEAD that asks for no WebSocket.
fn answer_http<B>(request: &Request<B>) -> Result<Response<AnswerBody>, Refusal> {
    let path = request.uri().path();
    if path == "/" && accepts_html(request) {
        return Ok(page::index().into_response());
    }
    if let Some(file) = page::file(path) {
        return Ok(file.into_response());
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
