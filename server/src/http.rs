//! HTTP on the port: the page for browsers, the handshake for WebSockets, and an answer in words for everything else.
//! Never carries a WebSocket: once the handshake is answered the socket leaves here.

pub(crate) mod accept;
pub(crate) mod access;
pub(crate) mod admission;
pub(crate) mod handshake;
pub(crate) mod headers;
mod page;
pub(crate) mod refusal;
pub(crate) mod token;

use std::{convert::Infallible, future, net::IpAddr, pin::Pin, sync::OnceLock};

use bytes::{Bytes, BytesMut};
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, Version,
    body::Incoming,
    header::{
        ACCEPT, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue,
        RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE, X_CONTENT_TYPE_OPTIONS,
    },
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    config::bytes,
    linger,
    shared::Shared,
    shutdown::Phase,
    write_timeout::{Progress, WriteTimeout},
};
use handshake::Accepted;
use headers::exactly_one;
use page::File;
use refusal::Refusal;

/// A connection's stream, below HTTP and below WebSocket.
pub(crate) type Stream = WriteTimeout<TcpStream>;

/// The seconds after which a client that found no room may try again.
const RETRY: &str = "1";

/// What is left of a connection when HTTP has done its part.
pub(crate) struct Parts {
    pub(crate) stream: Stream,
    /// What the client sent behind its last request.
    pub(crate) rest: BytesMut,
    /// The handshake, if the last request was one.
    pub(crate) accepted: Option<Accepted>,
}

/// Answers requests until the client leaves, one of them opens a WebSocket, or the server drains; `local` is the
/// address that the client connected to.
pub(crate) async fn serve(stream: Stream, local: IpAddr, server: &Shared) -> Parts {
    let limits = &server.config.limits;
    let front = Front { server, local, accepted: OnceLock::new() };
    let draining = server.phase.is_at_least(Phase::Draining);
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(*limits.handshake_timeout)
        .max_buf_size(bytes(limits.max_head_size))
        .max_headers(limits.max_headers.get())
        .half_close(true)
        .keep_alive(!draining)
        .serve_connection(TokioIo::new(stream), front);
    let served = tokio::select! {
        served = future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(served),
        // Who comes while the server drains shall be told so, and not just hung up on.
        () = server.phase.reached(Phase::Draining), if !draining => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Err(error) = &served {
        tracing::debug!(%error, "HTTP ended: {error}");
    }
    let parts = connection.into_parts();
    // A handshake whose answer could not be written has opened nothing.
    let accepted = parts.service.accepted.into_inner().filter(|_| served.is_ok());
    // Copied, because it is little, and the buffer in which it lies is hyper's and large.
    let rest = BytesMut::from(&parts.read_buf[..]);
    let mut stream = parts.io.into_inner();
    if let Err(error) = served
        && stream.progress() == Progress::Nothing
    {
        // hyper hangs up on these without a word.
        let _ = stream.write_all(canned(last_words(&error), "").as_bytes()).await;
    }
    Parts { stream, rest, accepted }
}

/// The status for a request that never became one.
fn last_words(error: &hyper::Error) -> &'static str {
    if error.is_timeout() {
        "408 Request Timeout"
    } else if error.is_parse() {
        "505 HTTP Version Not Supported"
    } else {
        "400 Bad Request"
    }
}

/// A whole response for where there is no request to answer; `headers` end in a line break each.
fn canned(status: &str, headers: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\n{headers}connection: close\r\n\
         content-type: text/plain; charset=utf-8\r\ncontent-length: {}\r\n\r\n{status}\n",
        status.len() + 1
    )
}

/// Tells a client without reading its request that there is no room for it.
pub(crate) async fn refuse_connection(mut stream: TcpStream) {
    let answer = canned("503 Service Unavailable", &format!("retry-after: {RETRY}\r\n"));
    // A new socket has room for these few bytes; if not, the client gets the close alone.
    if stream.write_all(answer.as_bytes()).await.is_ok() {
        linger::close(stream).await;
    }
}

/// Answers the requests of one connection, and remembers the handshake among them.
struct Front<'server> {
    server: &'server Shared,
    local: IpAddr,
    accepted: OnceLock<Accepted>,
}

impl Service<Request<Incoming>> for Front<'_> {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = future::Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        future::ready(Ok(self.answer(&request).unwrap_or_else(|refusal| refuse(&refusal))))
    }
}

impl Front<'_> {
    fn answer(&self, request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
        let headers = request.headers();
        if request.version() == Version::HTTP_11 {
            exactly_one(headers, &HOST)?;
        }
        self.server.config.access.check(self.local, request.uri(), headers)?;
        let is_attempt = handshake::is_attempt(headers);
        match request.uri().path() {
            "/healthz" if !is_attempt => return Ok(self.health()),
            _ if self.server.phase.is_at_least(Phase::Draining) => return Err(Refusal::Draining),
            "/readyz" if !is_attempt => return Ok(sentence(StatusCode::OK, "ready".to_owned())),
            _ => {}
        }
        if !is_attempt {
            return answer_http(request);
        }
        let accepted = handshake::accept(request, &self.server.config)?;
        let response = accepted.response();
        // A connection has one handshake: after it, HTTP reads no further request.
        let _ = self.accepted.set(accepted);
        Ok(response)
    }

    /// That the server lives, and how it does.
    fn health(&self) -> Response<Full<Bytes>> {
        let totals = &self.server.totals;
        let body = format!(
            r#"{{"status":"ok","connections":{},"opened":{},"panics":{}}}"#,
            self.server.admission.total(),
            totals.opened.total(),
            totals.panics.total()
        );
        let mut response = sentence(StatusCode::OK, body);
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

fn answer_http(request: &Request<Incoming>) -> Result<Response<Full<Bytes>>, Refusal> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Err(Refusal::HttpMethod(request.method().clone()));
    }
    let path = request.uri().path();
    if path == "/" && accepts_html(request) {
        return Ok(serve_file(page::index()));
    }
    if let Some(file) = page::file(path) {
        return Ok(serve_file(file));
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    let behaviour: wire::Behaviour = target.parse()?;
    Err(Refusal::NoUpgrade(behaviour.path()))
}

fn accepts_html(request: &Request<Incoming>) -> bool {
    request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn refuse(refusal: &Refusal) -> Response<Full<Bytes>> {
    tracing::debug!(%refusal, "refused: {refusal}");
    let mut response = sentence(refusal.status(), refusal.to_string());
    let headers = response.headers_mut();
    match refusal {
        Refusal::HttpMethod(_) => drop(headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"))),
        Refusal::Method(_) => drop(headers.insert(ALLOW, HeaderValue::from_static("GET"))),
        Refusal::Draining => drop(headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY))),
        Refusal::WebSocketVersion(_) => {
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        Refusal::NoUpgrade(_) => drop(headers.insert(UPGRADE, HeaderValue::from_static("websocket"))),
        // What follows a malformed request may be part of it.
        Refusal::Malformed(_) => drop(headers.insert(CONNECTION, HeaderValue::from_static("close"))),
        _ => {}
    }
    response
}

/// A sentence on one line, which no cache keeps.
fn sentence(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn serve_file(file: File) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(file.body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, file.content_type);
    headers.insert(CONTENT_SECURITY_POLICY, file.policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
