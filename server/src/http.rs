//! HTTP on the port: the page for browsers, the handshake for WebSockets, and an answer in words for everything else.
//! Never carries a WebSocket: once the handshake is answered the socket leaves here.

pub(crate) mod accept;
pub(crate) mod access;
pub(crate) mod admission;
mod answer;
pub(crate) mod attempts;
mod cors;
mod description;
mod echo;
mod events;
pub(crate) mod handshake;
pub(crate) mod headers;
pub(crate) mod http2;
mod last_words;
mod metrics;
pub(crate) mod no_room;
pub(crate) mod opening;
mod page;
mod raw_head;
pub(crate) mod refusal;
mod requested;
mod responder;
mod subprotocol;
pub(crate) mod token;

use std::{
    convert::Infallible,
    future,
    net::{IpAddr, Shutdown, SocketAddr},
    pin::{Pin, pin},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use bytes::BytesMut;
use futures_util::{FutureExt, future::Either};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Incoming},
    header::{CONNECTION, HeaderValue, ORIGIN, TRANSFER_ENCODING},
    server::conn::http1,
    service::Service,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use socket2::SockRef;
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::oneshot};

use crate::{
    config::bytes,
    shared::Shared,
    tls::{self, Tls},
    transport::Transport,
    write_timeout::{Progress, WriteTimeout},
};
use answer::AnswerBody;
use handshake::Accepted;
pub(crate) use last_words::plain_on_tls_port;
use last_words::{WithoutAutomaticAnswers, last_words, response};
use no_room::NoRoom;
use opening::Opening;
use raw_head::{Recorder, Recording};
use responder::{Answer, RETRY, Responder, Standing, log_refusal, refuse};

/// As much of a request as is thrown away for the client's sake where it is refused at once, in bytes.
const UNREAD: usize = 4096;

/// The time that a client for which there is no room has for its request, and again for reading the answer.
const REFUSAL_TIME: Duration = Duration::from_secs(1);

/// Whose requests are answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Client {
    pub(crate) peer: SocketAddr,
    /// The address that it connected to.
    pub(crate) local: IpAddr,
    /// The number of its connection.
    pub(crate) connection: u64,
}

/// What is left of a connection when HTTP has done its part.
pub(crate) struct Parts {
    pub(crate) transport: Transport,
    /// What the client sent behind its last request.
    pub(crate) rest: BytesMut,
    pub(crate) next: Next,
}

/// What comes after HTTP/1.1 on a connection.
pub(crate) enum Next {
    End,
    /// The last request was a handshake.
    WebSocket(Box<Accepted>),
    /// The client has begun with the preface of HTTP/2 instead of a request; it is in what is left.
    Http2,
}

/// Answers requests until the client leaves, one of them opens a WebSocket, or the server drains.
pub(crate) async fn serve(transport: Transport, client: Client, server: &Shared) -> Parts {
    let peer = client.peer;
    let (mut parts, error) = answer_requests(transport, client, server, Standing::Admitted, future::pending()).await;
    if let (Next::End, Some(Unanswered { error, status })) = (&parts.next, error)
        && (status.is_some() || parts.transport.progress() == Progress::Nothing)
    {
        if last_words::is_tls(&parts.rest) {
            server.log.tls_on_plain_port(peer, client.connection);
        }
        let answer = last_words(&error, status, &parts.rest, server);
        // The connection ends now, however this write ends.
        let _ = parts.transport.write_all(answer.as_bytes()).await;
    }
    let Parts { transport, rest, next } = &mut parts;
    if let Next::WebSocket(special) = next
        && opening::is_special(special)
    {
        match opening::open(transport, rest, special, server).await {
            Ok(Opening::Open) => {}
            Ok(Opening::Ended) => *next = Next::End,
            Err(error) => {
                tracing::debug!(connection = client.connection, %error, "lost: {error}");
                *next = Next::End;
            }
        }
    }
    if let Next::WebSocket(accepted) = next
        && let Accepted { target, raw_head, request, .. } = &mut **accepted
        && target.path() == wire::Path::Headers
    {
        *request = Some(description::of_handshake(target, raw_head, peer, transport).to_string());
    }
    parts
}

/// Answers one request of a client for which there is no room: `/healthz` as always, anything else with 503. It has a
/// second for that, another for a TLS handshake before, or until `is_evicted` completes because others wait for the same.
pub(crate) async fn refuse_connection(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<Tls>>,
    server: &Shared,
    no_room: NoRoom,
    mut is_evicted: oneshot::Receiver<()>,
) {
    let Ok(local) = stream.local_addr() else { return };
    let stream = WriteTimeout::new(stream, REFUSAL_TIME);
    let transport = match tls {
        None => Transport::Tcp(stream),
        Some(tls) => tokio::select! {
            accepted = tls.accept(stream, local, REFUSAL_TIME) => match accepted {
                Ok(transport) => transport,
                Err(_) => return,
            },
            _ = &mut is_evicted => return,
        },
    };
    let evicted = async { drop((&mut is_evicted).await) };
    let client = Client { peer, local: local.ip(), connection: server.inspect.number() };
    let (Parts { mut transport, .. }, _) =
        answer_requests(transport, client, server, Standing::Refused(no_room), evicted).await;
    if transport.progress() == Progress::Nothing {
        // A new socket has room for these few bytes; if not, the client gets the close alone.
        let _ = transport.write_all(refusal_in_bytes(no_room).as_bytes()).now_or_never();
    }
    let mut close = pin!(transport.close());
    // The first poll ends the server's side, and throws away what has come.
    if close.as_mut().now_or_never().is_none() && !is_evicted.is_terminated() {
        tokio::select! {
            () = close => {}
            _ = is_evicted => {}
        }
    }
}

/// Tells a client without reading anything of it that there is no room for it, over TLS by an alert.
pub(crate) fn refuse_at_once(stream: &TcpStream, tls: Option<&Tls>, no_room: NoRoom) {
    // A new socket has room for these few bytes; if not, the client gets the close alone.
    let _ = match tls {
        None => stream.try_write(refusal_in_bytes(no_room).as_bytes()),
        Some(_) => stream.try_write(&tls::NO_ROOM),
    };
    let _ = SockRef::from(stream).shutdown(Shutdown::Write);
    // A socket that is closed with unread bytes in it is reset, which can take the answer from the client.
    let _ = stream.try_read(&mut [0; UNREAD]);
}

fn refusal_in_bytes(no_room: NoRoom) -> String {
    let headers = format!("retry-after: {RETRY}\r\n");
    response(StatusCode::SERVICE_UNAVAILABLE, &headers, &no_room.to_string())
}

/// Why HTTP ended with bytes that got no answer, and the status that hyper had for them.
struct Unanswered {
    error: hyper::Error,
    status: Option<StatusCode>,
}

async fn answer_requests(
    transport: Transport,
    client: Client,
    server: &Shared,
    standing: Standing,
    evicted: impl Future<Output = ()>,
) -> (Parts, Option<Unanswered>) {
    let limits = &server.config.limits;
    let is_answering = Arc::new(AtomicBool::new(false));
    let is_taken_over = AtomicBool::new(false);
    let recorder = Recorder::new(bytes(limits.max_head_size));
    let front = Front {
        responder: Responder {
            server,
            client,
            tls: transport.negotiated(),
            standing,
            is_answering: Arc::clone(&is_answering),
        },
        accepted: OnceLock::new(),
        is_taken_over: &is_taken_over,
        recorder: &recorder,
    };
    let stream = Recording::new(WithoutAutomaticAnswers::new(transport, &is_answering), &recorder);
    let draining = server.shutdown.is_draining();
    let head_time = match standing {
        Standing::Admitted => *limits.handshake_timeout,
        Standing::Refused(_) => REFUSAL_TIME.min(*limits.handshake_timeout),
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(bytes(limits.max_head_size))
        .max_headers(limits.max_headers.get())
        .half_close(true)
        .keep_alive(!draining && standing == Standing::Admitted)
        .serve_connection(TokioIo::new(stream), front);
    let served = tokio::select! {
        served = future::poll_fn(|cx| {
            let served = connection.poll_without_shutdown(cx);
            // The answer is not HTTP's: it is not waited for.
            if is_taken_over.load(Ordering::Relaxed) { Poll::Ready(Ok(())) } else { served }
        }) => Some(served),
        // A client that comes while the server drains gets a 503, and not just the end of the connection.
        () = server.shutdown.draining(), if !draining => None,
        () = evicted => None,
    };
    let served = match served {
        Some(served) => served,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            future::poll_fn(|cx| connection.poll_without_shutdown(cx)).await
        }
    };
    let parts = connection.into_parts();
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

/// Answers the requests of one connection of HTTP/1.1, and remembers the handshake among them.
struct Front<'server> {
    responder: Responder<'server>,
    accepted: OnceLock<Accepted>,
    /// Set when the answer to a handshake is not HTTP's.
    is_taken_over: &'server AtomicBool,
    recorder: &'server Recorder,
}

impl Service<Request<Incoming>> for Front<'_> {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    /// Most answers are there at once.
    type Future = Either<
        future::Ready<Result<Self::Response, Infallible>>,
        Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>,
    >;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.responder.is_answering.store(true, Ordering::Relaxed);
        let headers = request.headers();
        let raw_head = self.recorder.take_head(request.body().size_hint().exact().unwrap_or(0));
        let answer = self.responder.answer(&request, &raw_head);
        // Where a chunked body ends is what requests are smuggled by: nothing is read behind one.
        let is_last = headers.contains_key(TRANSFER_ENCODING);
        let origin = headers.get(ORIGIN).cloned();
        let finish = move |mut response: Response<AnswerBody>, is_exposed: bool| {
            if is_exposed {
                cors::expose(origin.as_ref(), &mut response);
            }
            if is_last {
                response.headers_mut().append(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response)
        };
        let time = *self.responder.server.config.limits.write_timeout;
        match answer {
            Err(refusal) => {
                self.responder.server.totals.count_refusal(refusal.status(), refusal.reason());
                log_refusal(&refusal, self.responder.client.connection);
                Either::Left(future::ready(finish(refuse(&refusal, headers), false)))
            }
            Ok(Answer::WebSocket(accepted)) => {
                let (response, is_special) = (accepted.response(), opening::is_special(&accepted));
                if let Some(tap) = accepted.tap.as_ref().filter(|_| !is_special) {
                    tap.response(&response, None);
                }
                // A connection has one handshake: after it, HTTP reads no further request.
                let _ = self.accepted.set(*accepted);
                if is_special {
                    self.is_taken_over.store(true, Ordering::Relaxed);
                    return Either::Right(Box::pin(future::pending()));
                }
                Either::Left(future::ready(finish(response, false)))
            }
            Ok(Answer::Response(response)) => Either::Left(future::ready(finish(response, false))),
            Ok(Answer::Exposed(response)) => Either::Left(future::ready(finish(response, true))),
            Ok(Answer::Echo) if echo::wants_description(headers) => {
                Either::Right(Box::pin(async move { finish(echo::describe(request, raw_head, time).await, true) }))
            }
            Ok(Answer::Echo) => {
                Either::Left(future::ready(finish(echo::echo(request, time, &self.responder.is_answering), true)))
            }
        }
    }
}
