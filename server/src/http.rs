//! HTTP on the port: the page for browsers, the handshake for WebSockets, and an answer in words for everything else.
//! Never carries a WebSocket: once the handshake is answered the socket leaves here.

use std::{convert::Infallible, future, pin::Pin, sync::OnceLock};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ACCEPT, ALLOW, CONTENT_TYPE, HeaderValue, UPGRADE, X_CONTENT_TYPE_OPTIONS},
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::{
    config::Config,
    handshake::{self, Accepted, Refusal},
    page::{self, File},
};

/// The largest head of a request, in bytes; more is answered with 431.
const HEAD_SIZE: usize = 16 * 1024;
/// The most headers of a request; more is answered with 431.
const HEADERS: usize = 100;

/// What is left of a connection when HTTP has done its part.
pub(crate) struct Parts {
    pub(crate) stream: TcpStream,
    /// What the client sent behind its last request.
    pub(crate) rest: Bytes,
    /// The handshake, if the last request was one.
    pub(crate) accepted: Option<Accepted>,
}

/// Answers requests until the client leaves, one of them opens a WebSocket, or `shutdown` comes.
pub(crate) async fn serve(stream: TcpStream, config: &Config, shutdown: &CancellationToken) -> Parts {
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(*config.handshake_timeout)
        .max_buf_size(HEAD_SIZE)
        .max_headers(HEADERS)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), Front::default());
    let served = tokio::select! {
        served = future::poll_fn(|cx| connection.poll_without_shutdown(cx)) => Some(served),
        () = shutdown.cancelled() => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "HTTP ended");
    }
    let parts = connection.into_parts();
    Parts { stream: parts.io.into_inner(), rest: parts.read_buf, accepted: parts.service.accepted.into_inner() }
}

/// Answers the requests of one connection, and remembers the handshake among them.
#[derive(Default)]
struct Front {
    accepted: OnceLock<Accepted>,
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = future::Ready<Result<Self::Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        future::ready(Ok(self.answer(&request)))
    }
}

impl Front {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        if !handshake::is_attempt(request.headers()) {
            return answer_http(request);
        }
        match handshake::accept(request) {
            Ok(accepted) => {
                let response = accepted.response();
                // A connection has one handshake: after it, HTTP reads no further request.
                let _ = self.accepted.set(accepted);
                response
            }
            Err(refusal) => refuse(&refusal),
        }
    }
}

fn answer_http(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = text(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("{} is not answered here, only GET and HEAD", request.method()),
        );
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = request.uri().path();
    if path == "/" && accepts_html(request) {
        return serve_file(page::index());
    }
    if let Some(file) = page::file(path) {
        return serve_file(file);
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    match target.parse::<wire::Behaviour>() {
        Ok(behaviour) => {
            let path = behaviour.path();
            let sentence = format!("{path} is a WebSocket: connect to it with a WebSocket client");
            let mut response = text(StatusCode::UPGRADE_REQUIRED, sentence);
            response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
            response
        }
        Err(error) => refuse(&error.into()),
    }
}

fn accepts_html(request: &Request<Incoming>) -> bool {
    request
        .headers()
        .get(ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

fn refuse(refusal: &Refusal) -> Response<Full<Bytes>> {
    tracing::debug!(%refusal, "handshake refused");
    let mut response = text(refusal.status(), refusal.to_string());
    if let Some((name, value)) = refusal.header() {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if refusal.status() == StatusCode::UPGRADE_REQUIRED {
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    response
}

fn text(status: StatusCode, sentence: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(sentence + "\n"));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn serve_file(file: File) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(file.body));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, file.content_type);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}
