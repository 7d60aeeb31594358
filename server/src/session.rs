//! A WebSocket in a tokio task, with tungstenite: it reads messages, asks the behaviour, and does what that says. It reads
//! no further while an answer waits to be sent, so a slow reader's pace reaches the sender through TCP.

mod fragment;
mod frame_layer;
mod goodbye;
mod meter;
mod perform;
#[cfg(test)]
mod tests;
mod times;

use std::{
    collections::VecDeque,
    mem,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::yield_now,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{Role, WebSocketConfig, frame::coding::Data},
    },
};

use self::goodbye::End;
use crate::{
    behaviour::{Action, Behaviour},
    config::{Limits, bytes},
    connection::Connected,
    feed::Feed,
    keep_alive::KeepAlive,
    shared::Shared,
};
pub(crate) use fragment::{fragments, into_frame};
pub use frame_layer::{FrameLayer, ReadEnd};
pub(crate) use meter::Meter;

/// How much is answered before the session flushes and yields, in bytes.
const BATCH: usize = 256 << 10;
/// What a message costs of that beside its payload, and what a frame costs.
const MESSAGE: usize = BATCH / 64;
const FRAGMENT: usize = BATCH / 1024;

/// How much may wait to be answered, in bytes, before a session reads no further; two messages may wait whatever their size.
const MOST_WAITING: usize = 64 << 10;
/// What a message that waits takes beside its payload, in bytes.
const WAITING_MESSAGE: usize = 256;
/// How often a session that reads no further looks whether the peer is gone.
const HANG_UP_CHECK: Duration = Duration::from_secs(1);

/// What outlasts tungstenite's buffers.
struct SessionContext {
    behaviour: Behaviour,
    /// When the behaviour's next ping is to be sent.
    next_ping: Option<Instant>,
    keep_alive: KeepAlive,
    connected: Connected,
    shared: Arc<Shared>,
    /// What comes from other connections.
    feed: Option<Feed>,
    opened: Instant,
    /// The same by the system's clock, since 1970.
    opened_unix: Duration,
    farewell: Farewell,
}

/// How the stream is closed behind a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Farewell {
    Close,
    Reset,
}

struct Session<'run, S> {
    socket: WebSocketStream<&'run mut FrameLayer<S>>,
    context: &'run mut SessionContext,
    /// What the behaviour asked for and is not done yet.
    actions: VecDeque<Action>,
    /// What the messages among them take, in bytes.
    waiting: usize,
    /// What the behaviour waits for before its next action.
    wait: Option<Wait>,
    /// What is left of [`BATCH`] before it is the other connections' turn, in bytes.
    left: usize,
    /// Frames that had come when `left` was last counted.
    frames_before: u64,
    /// Keep-alive checks since the last message.
    quiet_checks: u32,
}

struct Wait {
    until: Instant,
    /// Whether nothing is read meanwhile.
    is_pause: bool,
}

/// What a session begins with.
pub(crate) struct Opening {
    pub(crate) behaviour: Behaviour,
    /// What the behaviour sends to the client about its request.
    pub(crate) request: Option<String>,
    pub(crate) feed: Option<Feed>,
}

/// Serves a WebSocket until nothing more is to be said, and gives the stream back to be closed.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut frames: FrameLayer<S>,
    Opening { mut behaviour, request, feed }: Opening,
    connected: Connected,
    shared: Arc<Shared>,
) -> (S, Farewell) {
    let opened = Instant::now();
    let opened_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let keep_alive = KeepAlive::new(opened.into_std(), shared.ping_times());
    let next_ping = behaviour.answer().ping.map(|period| opened + period);
    let mut actions = VecDeque::new();
    behaviour.on_open(request, &mut actions);
    let farewell = Farewell::Close;
    let mut context =
        SessionContext { behaviour, next_ping, keep_alive, connected, shared, feed, opened, opened_unix, farewell };
    let settings = settings(&context.shared.config.limits);
    loop {
        frames.meter().renew();
        let socket = WebSocketStream::from_raw_socket(&mut frames, Role::Server, Some(settings)).await;
        let mut session = Session {
            frames_before: socket.get_ref().received().frames,
            socket,
            context: &mut context,
            actions: mem::take(&mut actions),
            waiting: 0,
            wait: None,
            left: BATCH,
            quiet_checks: 0,
        };
        // tungstenite's buffers only grow, so an idle session starts again with small ones.
        let Err(end) = session.answer().await else { continue };
        if let Err(error) = session.say_goodbye(end).await {
            tracing::debug!(connection = context.connected.connection, %error, "lost: {error}");
        }
        break;
    }
    context.connected.count(frames.protocol());
    (frames.into_inner(), context.farewell)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answers messages until the connection ends, or was idle from one keep-alive check to the next.
    ///
    /// 1. Performs the actions that need no waiting.
    /// 2. Takes in what has come, at most a batch of it, and flushes the answers together.
    /// 3. Does what is due: after all that has come was taken in, so that a peer is judged by that.
    /// 4. Waits for whatever comes first: the shutdown, the next time, a message of the room, a message.
    ///
    /// One function, because each step decides whether the next is taken.
    async fn answer(&mut self) -> Result<(), End> {
        let shared = Arc::clone(&self.context.shared);
        let mut timer = pin!(sleep_until(self.context.opened));
        loop {
            self.perform_actions().await?;
            let may_read = self.may_read();
            if may_read
                && self.left > 0
                && let Some(message) = self.socket.next().now_or_never()
            {
                self.take(message)?;
                continue;
            }
            self.flush().await?;
            let has_read_all = may_read && self.left > 0;
            self.yield_if_spent().await;
            if self.do_due(may_read).await? {
                continue;
            }
            if has_read_all && self.is_idle() {
                return Ok(());
            }
            if !may_read {
                self.socket.get_mut().meter().forgive();
                if self.socket.get_ref().has_hung_up() {
                    return Err(End::Ended);
                }
            }
            let next_time = self.next_time();
            if timer.deadline() != next_time {
                timer.as_mut().reset(next_time);
            }
            self.left = BATCH;
            let is_free = self.is_free();
            tokio::select! {
                biased;
                () = shared.shutdown.draining() => return Err(End::Drained),
                () = &mut timer => {}
                messages = Feed::recv(&mut self.context.feed), if is_free => {
                    for message in messages.map_err(End::Fault)? {
                        self.context.behaviour.on_published(message, &mut self.actions);
                    }
                }
                message = self.socket.next(), if may_read => self.take(message)?,
            }
        }
    }

    /// Whether nothing is asked for that is not done.
    fn is_free(&self) -> bool {
        self.actions.is_empty() && self.wait.is_none()
    }

    /// While answers wait, more messages are taken in: so pings are answered and a close is seen.
    fn may_read(&self) -> bool {
        let is_paused = self.wait.as_ref().is_some_and(|wait| wait.is_pause);
        !is_paused && (self.actions.len() <= 1 || self.waiting < MOST_WAITING)
    }

    fn is_idle(&self) -> bool {
        self.quiet_checks >= 2 && self.is_free() && self.socket.get_ref().is_between_messages()
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.socket.flush().await?;
        self.context.connected.count(self.socket.get_mut().protocol());
        Ok(())
    }

    /// Lets the other connections have a turn if this one has had its own.
    async fn yield_if_spent(&mut self) {
        if self.left == 0 {
            yield_now().await;
            self.left = BATCH;
        }
    }

    /// Takes in what was read, and asks the behaviour what is to be done about it.
    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let SessionContext { behaviour, connected, shared, .. } = &mut *self.context;
        let message = message.ok_or(End::Over)??;
        let frames = self.socket.get_ref().received().frames;
        let fragments = FRAGMENT * (frames - mem::replace(&mut self.frames_before, frames)) as usize;
        self.left = self.left.saturating_sub(MESSAGE + fragments + message.len());
        match &message {
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Ok(()),
            Message::Text(text) => shared.log.received(connected.connection, Data::Text, text.as_bytes()),
            Message::Binary(bytes) => shared.log.received(connected.connection, Data::Binary, bytes),
        }
        connected.received += 1;
        self.quiet_checks = 0;
        let before = self.actions.len();
        behaviour.on_message(message, &mut self.actions);
        self.waiting += self.actions.iter().skip(before).map(waiting_size).sum::<usize>();
        Ok(self.socket.get_mut().meter().waits(self.waiting)?)
    }
}

/// What an action holds until its time comes, in bytes.
fn waiting_size(action: &Action) -> usize {
    if let Action::Send(message) = action { WAITING_MESSAGE + message.len() } else { 0 }
}

/// tungstenite's settings. A small read buffer, because it is allocated for every connection and cleared for every read;
/// a limit on what waits to be written, because pings are answered even to a peer that never reads. A quarter of that
/// limit is gathered before it is written, so that there is room for more while the socket is full.
pub(crate) fn settings(limits: &Limits) -> WebSocketConfig {
    let message = bytes(limits.max_message_size);
    let write_buffer = bytes(limits.max_write_buffer);
    WebSocketConfig::default()
        .accept_unmasked_frames(true)
        .read_buffer_size(8 * 1024)
        .write_buffer_size(write_buffer / 4)
        .max_write_buffer_size(message.saturating_add(write_buffer))
        .max_message_size(Some(message))
        .max_frame_size(Some(message))
}
