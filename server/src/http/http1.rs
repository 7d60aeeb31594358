//! HTTP/1.1: requests, one after the other, of which a handshake is the last.

use std::{
    convert::Infallible,
    future,
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
};

use bytes::BytesMut;
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};

use super::{
    Client, Next, Parts,
    answer::AnswerBody,
    handshake::Accepted,
    http2,
    last_words::WithoutAutomaticAnswers,
    opening,
    raw_head::{Recorder, Recording},
    responder::{Responder, Responding, Standing},
    turn_away::REFUSAL_TIME,
};
use crate::{config::bytes, limit::Limit, shared::Shared, transport::Transport, write_timeout::Progress};

/// A connection as hyper serves it.
type Connection<'run> =
    http1::Connection<TokioIo<Recording<'run, WithoutAutomaticAnswers<'run, Transport>>>, Front<'run>>;

/// Why HTTP ended with bytes that got no answer, and the status that hyper had for them.
pub(super) struct Unanswered {
    pub(super) error: hyper::Error,
    pub(super) status: Option<StatusCode>,
}

/// Answers requests until the client leaves, one of them opens a WebSocket, the server drains, or `evicted` completes.
pub(super) async fn serve(
    transport: Transport,
    client: Client,
    server: &Shared,
    standing: Standing,
    evicted: impl Future<Output = ()>,
) -> (Parts, Option<Unanswered>) {
    let is_answering = Arc::new(AtomicBool::new(false));
    let is_taken_over = AtomicBool::new(false);
    let recorder = Recorder::new(bytes(server.config.limits.max_head_size));
    let tls = transport.negotiated();
    let stream = Recording::new(WithoutAutomaticAnswers::new(transport, &is_answering), &recorder);
    let is_answering = Arc::clone(&is_answering);
    let front = Front {
        responder: Responder { server, client, tls, standing, is_answering },
        accepted: OnceLock::new(),
        is_taken_over: &is_taken_over,
        recorder: &recorder,
    };
    // A client that comes while the server drains gets a 503, and not just the end of the connection.
    let draining = server.shutdown.is_draining();
    let last_request = async {
        tokio::select! {
            () = server.shutdown.draining(), if !draining => {}
            () = evicted => {}
        }
    };
    let mut builder = builder(server, standing);
    let keep_alive = !draining && standing == Standing::Admitted;
    let mut connection = builder.keep_alive(keep_alive).serve_connection(TokioIo::new(stream), front);
    let served = drive(&mut connection, &is_taken_over, last_request).await;
    if served.as_ref().is_err_and(hyper::Error::is_timeout) {
        server.totals.limits.count(Limit::HandshakeTimeout);
    }
    take_apart(connection, served)
}

/// HTTP/1.1 with the limits of the server.
fn builder(server: &Shared, standing: Standing) -> http1::Builder {
    let limits = &server.config.limits;
    let head_time = match standing {
        Standing::Admitted => *limits.handshake_timeout,
        Standing::Refused(_) => REFUSAL_TIME.min(*limits.handshake_timeout),
    };
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(bytes(limits.max_head_size))
        .max_headers(limits.max_headers.get())
        .half_close(true);
    builder
}

/// Answers requests until the answer to one is not HTTP's; from the completion of `last_request` on, one more.
async fn drive(
    connection: &mut Connection<'_>,
    is_taken_over: &AtomicBool,
    last_request: impl Future<Output = ()>,
) -> hyper::Result<()> {
    tokio::select! {
        served = future::poll_fn(|cx| {
            let served = connection.poll_without_shutdown(cx);
            // The answer is not HTTP's: it is not waited for.
            if is_taken_over.load(Ordering::Relaxed) { Poll::Ready(Ok(())) } else { served }
        }) => return served,
        () = last_request => {}
    }
    Pin::new(&mut *connection).graceful_shutdown();
    future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await
}

fn take_apart(connection: Connection<'_>, served: hyper::Result<()>) -> (Parts, Option<Unanswered>) {
    let parts = connection.into_parts();
    let client = parts.service.responder.client;
    // A handshake whose answer could not be written has opened nothing.
    let accepted = parts.service.accepted.into_inner().filter(|_| served.is_ok());
    // Copied, because it is little, and the buffer in which it lies is hyper's and large.
    let rest = BytesMut::from(&parts.read_buf[..]);
    let (transport, status) = parts.io.into_inner().into_inner().into_parts();
    let unanswered = served.err().map(|error| {
        tracing::debug!(connection = client.connection, %error, "HTTP ended: {error}");
        Unanswered { error, status }
    });
    let next = match accepted {
        Some(accepted) => Next::WebSocket(Box::new(accepted)),
        None if rest.starts_with(http2::PREFACE) && transport.progress() == Progress::Nothing => Next::Http2,
        None => Next::End,
    };
    (Parts { transport, rest, next }, unanswered)
}

/// Answers the requests of one connection, and remembers the handshake among them.
struct Front<'server> {
    responder: Responder<'server>,
    accepted: OnceLock<Accepted>,
    /// Set when the answer to a handshake is not HTTP's.
    is_taken_over: &'server AtomicBool,
    recorder: &'server Recorder,
}

impl Front<'_> {
    /// The answer to a handshake, unless it is not HTTP's.
    fn accept(&self, accepted: Accepted) -> Option<Response<AnswerBody>> {
        let is_special = opening::is_special(&accepted);
        let response = accepted.response();
        if let Some(tap) = accepted.tap.as_ref().filter(|_| !is_special) {
            tap.response(&response, None);
        }
        // A connection has one handshake: after it, HTTP reads no further request.
        let _ = self.accepted.set(accepted);
        self.is_taken_over.store(is_special, Ordering::Relaxed);
        (!is_special).then_some(response)
    }
}

impl Service<Request<Incoming>> for Front<'_> {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Responding;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.responder.is_answering.store(true, Ordering::Relaxed);
        let raw_head = self.recorder.take_head(request.body().size_hint().exact().unwrap_or(0));
        self.responder.respond(request, raw_head, |_, accepted| Ok(self.accept(accepted)))
    }
}
