//! HTTP/2: requests, and WebSockets as streams of one connection ([RFC 8441](https://www.rfc-editor.org/rfc/rfc8441)).
//! Never carries a WebSocket: whoever is given the stream does.

use std::{
    convert::Infallible,
    future,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
};

use bytes::BytesMut;
use futures_util::future::Either;
use hyper::{
    Request, Response,
    body::Incoming,
    header::ORIGIN,
    server::conn::http2,
    service::service_fn,
    upgrade::{self, Upgraded},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

use super::{
    Client,
    answer::AnswerBody,
    cors, echo,
    handshake::Accepted,
    no_room::NoRoom,
    opening,
    raw_head::RawHead,
    refusal::Refusal,
    responder::{Answer, Responder, Standing, log_refusal, refuse},
};
use crate::{
    config::{Limits, bytes},
    connection::Guards,
    shared::Shared,
    transport::Transport,
    write_timeout::{WriteNow, WriteTimeout},
};

/// What the preface of HTTP/2 begins with, as far as a parser of HTTP/1.1 reads it
/// ([RFC 9113, 3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2";

/// Bytes that a client may send on a stream before they are read. The window of a connection is that of all its streams
/// together, so that one that is not read holds up no other.
const STREAM_WINDOW: u32 = 64 << 10;

/// Requests that a client may take back before they are answered, until its connection is ended
/// ([CVE-2023-44487](https://nvd.nist.gov/vuln/detail/CVE-2023-44487)).
const RAPID_RESETS: usize = 20;

/// Faulty requests that are answered with a reset, until the connection is ended.
const FAULTS: usize = 100;

/// A WebSocket's stream.
pub(crate) struct Stream {
    stream: WriteTimeout<TokioIo<Upgraded>>,
    /// Cancelled when its connection is at its end.
    connection: CancellationToken,
}

/// Answers requests until the client leaves, is idle or does wrong, or the server has drained; gives the transport back to
/// be closed. `open` gets each WebSocket, and runs in a task of its own.
pub(crate) async fn serve<Open, Opened>(
    transport: Transport,
    read_ahead: BytesMut,
    client: Client,
    guards: Guards,
    shared: Arc<Shared>,
    open: Open,
) -> Option<Transport>
where
    Open: Fn(Accepted, Stream, Guards) -> Opened + Clone + Send + 'static,
    Opened: Future<Output = ()> + Send + 'static,
{
    let tls = transport.negotiated();
    let (back, returned) = oneshot::channel();
    let io = Lent { read_ahead, transport: Some(transport), back: Some(back) };
    let limits = &shared.config.limits;
    let most = limits.max_streams.get();
    let activity = Arc::new(Activity { requests: AtomicU64::new(0), free: Arc::new(Semaphore::new(most)) });
    let ended = CancellationToken::new();
    let front = Front {
        client,
        guards,
        tls,
        shared: Arc::clone(&shared),
        activity: Arc::clone(&activity),
        ended: ended.clone(),
        open,
    };
    let _ends = ended.drop_guard();
    let builder = builder(limits);
    {
        let service = service_fn(|request| front.respond(request));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
        let time = *limits.handshake_timeout;
        let mut check = pin!(sleep(time));
        let mut is_leaving = false;
        let mut requests = 0;
        loop {
            tokio::select! {
                served = connection.as_mut() => {
                    if let Err(error) = served {
                        tracing::debug!(connection = client.connection, %error, "HTTP/2 ended: {error}");
                    }
                    break;
                }
                () = shared.shutdown.draining(), if !is_leaving => {
                    is_leaving = true;
                    connection.as_mut().graceful_shutdown();
                }
                // Who asks for nothing has as long for that as for the first request, and again for leaving.
                () = &mut check => {
                    let before = std::mem::replace(&mut requests, activity.requests.load(Ordering::Relaxed));
                    if before == requests && activity.free.available_permits() == most {
                        if is_leaving {
                            break;
                        }
                        is_leaving = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    check.as_mut().reset(Instant::now() + time);
                }
            }
        }
    }
    returned.await.ok()
}

/// HTTP/2 with the limits of the server.
fn builder(limits: &Limits) -> http2::Builder<TokioExecutor> {
    let streams = u32::try_from(limits.max_streams.get()).unwrap_or(u32::MAX);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .enable_connect_protocol()
        .max_concurrent_streams(streams)
        .max_pending_accept_reset_streams(RAPID_RESETS)
        .max_local_error_reset_streams(FAULTS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAM_WINDOW.saturating_mul(streams).min(i32::MAX as u32))
        .max_header_list_size(u32::try_from(bytes(limits.max_head_size)).unwrap_or(u32::MAX))
        .keep_alive_timeout(*limits.ping_timeout)
        .keep_alive_interval((!limits.ping_interval.is_zero()).then_some(*limits.ping_interval));
    builder
}

/// Most answers are there at once.
type Responded = Either<
    future::Ready<Result<Response<AnswerBody>, Infallible>>,
    Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>,
>;

/// What happens on a connection.
struct Activity {
    /// How many requests there were.
    requests: AtomicU64,
    /// Room for WebSockets.
    free: Arc<Semaphore>,
}

/// Answers the requests of one connection.
struct Front<Open> {
    client: Client,
    /// What the connection holds.
    guards: Guards,
    /// What TLS negotiated, if it is spoken.
    tls: Option<wire::event::Tls>,
    shared: Arc<Shared>,
    activity: Arc<Activity>,
    ended: CancellationToken,
    open: Open,
}

impl<Open, Opened> Front<Open>
where
    Open: Fn(Accepted, Stream, Guards) -> Opened + Clone + Send + 'static,
    Opened: Future<Output = ()> + Send + 'static,
{
    fn respond(&self, mut request: Request<Incoming>) -> Responded {
        self.activity.requests.fetch_add(1, Ordering::Relaxed);
        let limits = &self.shared.config.limits;
        let responder = Responder {
            server: &self.shared,
            client: self.client,
            tls: self.tls.clone(),
            standing: Standing::Admitted,
            is_answering: Arc::default(),
        };
        let raw_head = RawHead::default();
        let origin = request.headers().get(ORIGIN).cloned();
        let expose = move |mut response: Response<AnswerBody>| {
            cors::expose(origin.as_ref(), &mut response);
            Ok(response)
        };
        let answer = match request.headers().len() {
            count if count > limits.max_headers.get() => Err(Refusal::Headers(limits.max_headers)),
            _ => responder.answer(&request, &raw_head),
        };
        let opened = match answer {
            Ok(Answer::Response(response)) => Ok(response),
            Ok(Answer::Exposed(response)) => return Either::Left(future::ready(expose(response))),
            Ok(Answer::Echo) if echo::wants_description(request.headers()) => {
                let time = *limits.write_timeout;
                return Either::Right(Box::pin(async move { expose(echo::describe(request, raw_head, time).await) }));
            }
            Ok(Answer::Echo) => {
                let echo = echo::echo(request, *limits.write_timeout, &Arc::default());
                return Either::Left(future::ready(expose(echo)));
            }
            Ok(Answer::WebSocket(accepted)) => self.open(&mut request, *accepted),
            Err(refusal) => Err(refusal),
        };
        let response = opened.unwrap_or_else(|refusal| {
            self.shared.totals.count_refusal(refusal.status(), refusal.reason());
            log_refusal(&refusal, self.client.connection);
            refuse(&refusal, request.headers())
        });
        Either::Left(future::ready(Ok(response)))
    }

    /// Opens a WebSocket as soon as its response is sent.
    fn open(&self, request: &mut Request<Incoming>, accepted: Accepted) -> Result<Response<AnswerBody>, Refusal> {
        let (room, mut guards) = self.place(&accepted).inspect_err(|refusal| {
            if let Some(tap) = &accepted.tap {
                tap.refusal(refusal, request.headers());
            }
        })?;
        let response = accepted.response();
        if let Some(tap) = &accepted.tap {
            tap.response(&response, None);
            guards.connection = tap.connection();
        }
        let upgrade = upgrade::on(request);
        let (open, connection) = (self.open.clone(), self.ended.clone());
        let write_timeout = *self.shared.config.limits.write_timeout;
        tokio::spawn(self.shared.shutdown.until_closed(async move {
            match upgrade.await {
                Ok(upgraded) => {
                    let stream = WriteTimeout::new(TokioIo::new(upgraded), write_timeout);
                    open(accepted, Stream { stream, connection }, guards).await;
                }
                Err(error) => tracing::debug!(connection = guards.connection, %error, "lost: {error}"),
            }
            drop(room);
        }));
        Ok(response)
    }

    /// What a WebSocket holds on this connection.
    fn place(&self, accepted: &Accepted) -> Result<(OwnedSemaphorePermit, Guards), Refusal> {
        // These need what HTTP/2 does not have: the bytes of the head, and a connection that is theirs alone.
        if opening::is_special(accepted) || accepted.target.path() == wire::Path::Headers {
            return Err(Refusal::NotOverHttp2(accepted.target.path().pattern().to_owned()));
        }
        let room = Arc::clone(&self.activity.free).try_acquire_owned().map_err(|_| NoRoom::Connections)?;
        Ok((room, self.guards.for_stream(self.client.peer.ip())?))
    }
}

impl Stream {
    /// Whether its connection is at its end.
    pub(crate) fn has_hung_up(&self) -> bool {
        self.connection.is_cancelled()
    }
}

/// There is room on a stream when hyper says so.
impl WriteNow for TokioIo<Upgraded> {
    fn write_now(&self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::WouldBlock.into())
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.stream.inner_mut()).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A transport that comes back when hyper, which owns it, is done with it.
struct Lent {
    /// What was read of it before.
    read_ahead: BytesMut,
    /// Absent when it has come back.
    transport: Option<Transport>,
    back: Option<oneshot::Sender<Transport>>,
}

impl Lent {
    fn transport(&mut self) -> Pin<&mut Transport> {
        Pin::new(self.transport.as_mut().expect("it comes back when this is dropped"))
    }
}

impl AsyncRead for Lent {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.read_ahead.is_empty() {
            return self.transport().poll_read(cx, buffer);
        }
        let count = self.read_ahead.len().min(buffer.remaining());
        buffer.put_slice(&self.read_ahead.split_to(count));
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Lent {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.transport().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.transport().poll_write_vectored(cx, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.as_ref().is_some_and(Transport::is_write_vectored)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.transport().poll_shutdown(cx)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let (Some(transport), Some(back)) = (self.transport.take(), self.back.take()) {
            // Whoever does not wait for it wants it dropped.
            drop(back.send(transport));
        }
    }
}
