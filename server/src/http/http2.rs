//! HTTP/2: requests, and WebSockets as streams of one connection ([RFC 8441](https://www.rfc-editor.org/rfc/rfc8441)).
//! Never carries a WebSocket: whoever is given the stream does.

mod charged;
mod lent;
mod stream;

use std::{
    convert::Infallible,
    mem,
    num::NonZeroUsize,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use futures_util::TryFutureExt;
use hyper::{Request, Response, body::Incoming, server::conn::http2, service::service_fn, upgrade};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

pub(crate) use self::stream::Stream;
use self::{charged::Charged, lent::Lent};
use super::{
    Client,
    answer::AnswerBody,
    handshake::Accepted,
    no_room::NoRoom,
    opening,
    raw_head::RawHead,
    refusal::Refusal,
    responder::{Responder, Standing},
};
use crate::{
    budget::Charge,
    config::{Limits, bytes},
    connection::Guards,
    shared::Shared,
    transport::Transport,
    write_timeout::WriteTimeout,
};

/// What the preface of HTTP/2 begins with, as far as a parser of HTTP/1.1 reads it
/// ([RFC 9113, 3.4](https://www.rfc-editor.org/rfc/rfc9113#section-3.4)).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2";

/// Bytes that a client may send on a stream before they are read. The window of a connection is that of all its streams
/// together, so that one that is not read holds up no other.
const STREAM_WINDOW: u32 = 64 << 10;

/// Bytes of a stream's answer that wait for the client.
const STREAM_OUTPUT: usize = 32 << 10;

/// Requests that a client may take back before they are answered, until its connection is ended
/// ([CVE-2023-44487](https://nvd.nist.gov/vuln/detail/CVE-2023-44487)).
const RAPID_RESETS: usize = 20;

/// Faulty requests that are answered with a reset, until the connection is ended.
const FAULTS: usize = 100;

/// Answers requests until the client leaves, is idle or does wrong, or the server has drained; gives the transport back to
/// be closed. `open` gets each WebSocket, and runs in a task of its own.
///
/// One function, because hyper's connection borrows the service that answers, and has no type that can be named.
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
    let (activity, ended) = (Activity::new(limits.max_streams), CancellationToken::new());
    let front = Front { client, guards, tls, shared: &shared, activity, ended, open };
    let _ends = front.ended.clone().drop_guard();
    let builder = builder(limits);
    {
        let service = service_fn(|request| front.respond(request));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(io), service));
        // Who asks for nothing has as long for that as for the first request, and again for leaving.
        let idle = || front.activity.idle(*limits.handshake_timeout);
        let mut is_idle = pin!(idle());
        let mut is_leaving = false;
        loop {
            tokio::select! {
                served = connection.as_mut() => {
                    if let Err(error) = served {
                        tracing::debug!(connection = client.connection, %error, "HTTP/2 ended: {error}");
                    }
                    break;
                }
                () = shared.shutdown.draining(), if !is_leaving => {}
                () = is_idle.as_mut() => {
                    if is_leaving {
                        break;
                    }
                    is_idle.set(idle());
                }
            }
            is_leaving = true;
            connection.as_mut().graceful_shutdown();
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
        .max_send_buf_size(STREAM_OUTPUT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(STREAM_WINDOW.saturating_mul(streams).min(i32::MAX as u32))
        .max_header_list_size(u32::try_from(bytes(limits.max_head_size)).unwrap_or(u32::MAX))
        .keep_alive_timeout(*limits.ping_timeout)
        .keep_alive_interval((!limits.ping_interval.is_zero()).then_some(*limits.ping_interval));
    builder
}

/// What happens on a connection.
struct Activity {
    /// How many requests there were.
    requests: AtomicU64,
    /// Room for WebSockets.
    free: Arc<Semaphore>,
    max_streams: NonZeroUsize,
}

impl Activity {
    fn new(max_streams: NonZeroUsize) -> Self {
        Self { requests: AtomicU64::new(0), free: Arc::new(Semaphore::new(max_streams.get())), max_streams }
    }

    /// Completes when there was no request and no WebSocket for that time.
    async fn idle(&self, time: Duration) {
        loop {
            let before = self.requests.load(Ordering::Relaxed);
            sleep(time).await;
            let is_free = self.free.available_permits() == self.max_streams.get();
            if before == self.requests.load(Ordering::Relaxed) && is_free {
                return;
            }
        }
    }
}

/// Answers the requests of one connection.
struct Front<'run, Open> {
    client: Client,
    /// What the connection holds.
    guards: Guards,
    /// What TLS negotiated, if it is spoken.
    tls: Option<wire::event::Tls>,
    shared: &'run Arc<Shared>,
    activity: Activity,
    ended: CancellationToken,
    open: Open,
}

impl<Open, Opened> Front<'_, Open>
where
    Open: Fn(Accepted, Stream, Guards) -> Opened + Clone + Send + 'static,
    Opened: Future<Output = ()> + Send + 'static,
{
    /// Answers a request, if there is memory for its stream; that is counted until the answer is sent.
    fn respond(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Charged<AnswerBody>>, Infallible>> + use<Open, Opened> {
        self.activity.requests.fetch_add(1, Ordering::Relaxed);
        let charge = self.guards.charge_for(u64::from(STREAM_WINDOW) + STREAM_OUTPUT as u64);
        let standing =
            charge.as_ref().map_or_else(|&overdrawn| Standing::Refused(overdrawn.into()), |_| Standing::Admitted);
        let responder = Responder {
            server: self.shared,
            client: self.client,
            tls: self.tls.clone(),
            standing,
            is_answering: Arc::default(),
        };
        let mut charge = charge.unwrap_or_default();
        let open =
            |request: &mut Request<Incoming>, accepted| self.open(request, accepted, mem::take(&mut charge)).map(Some);
        let response = responder.respond(request, RawHead::default(), open);
        response.map_ok(|response| response.map(|body| Charged { body, _charge: charge }))
    }

    /// Opens a WebSocket as soon as its response is sent.
    fn open(
        &self,
        request: &mut Request<Incoming>,
        accepted: Accepted,
        charge: Charge,
    ) -> Result<Response<AnswerBody>, Refusal> {
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
            drop((room, charge));
        }));
        Ok(response)
    }

    /// What a WebSocket holds on this connection.
    fn place(&self, accepted: &Accepted) -> Result<(OwnedSemaphorePermit, Guards), Refusal> {
        // These need what HTTP/2 does not have: the bytes of the head, and a connection that is theirs alone.
        if opening::is_special(accepted) || accepted.target.path() == wire::Path::Headers {
            let what = match accepted.onward {
                Some(_) => "canyon relay".to_owned(),
                None => accepted.target.path().pattern().to_owned(),
            };
            return Err(Refusal::NotOverHttp2(what));
        }
        let room = Arc::clone(&self.activity.free).try_acquire_owned().map_err(|_| NoRoom::Connections)?;
        Ok((room, self.guards.for_stream(accepted.peer)?))
    }
}
