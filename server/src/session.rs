//! A WebSocket in a tokio task, with tungstenite: it reads messages, asks the behaviour, and does what that says. It reads
//! no further while an answer waits to be sent, so a slow reader's pace reaches the sender through TCP.

mod fragment;
mod frame_layer;
mod goodbye;
mod meter;
mod perform;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    future, mem,
    pin::pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::yield_now,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{
            Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{Data, OpCode},
            },
        },
    },
};

use self::{fragment::fragments, goodbye::End, perform::too_slow};
use crate::{
    behaviour::{Action, Behaviour},
    config::{Limits, bytes},
    connection::Connected,
    keep_alive::{KeepAlive, Verdict},
    rooms::{Member, TooSlow},
    shared::{Shared, keep_alive_timeout},
};
pub use frame_layer::{FrameLayer, ReadEnd};
pub(crate) use meter::{Meter, SESSION};

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
    /// The pings that the behaviour asks for.
    pings: Option<Interval>,
    keep_alive: KeepAlive,
    connected: Connected,
    shared: Arc<Shared>,
    /// The place in a room.
    member: Option<Member>,
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
    /// What is left of [`BATCH`] before it is the other connections' turn, in bytes.
    left: usize,
}

/// What a session begins with.
pub(crate) struct Opening {
    pub(crate) behaviour: Behaviour,
    /// What the behaviour sends to the client about its request.
    pub(crate) request: Option<String>,
    pub(crate) member: Option<Member>,
}

/// Serves a WebSocket until nothing more is to be said, and gives the stream back to be closed.
pub(crate) async fn run<S: AsyncRead + AsyncWrite + Unpin>(
    mut frames: FrameLayer<S>,
    Opening { mut behaviour, request, member }: Opening,
    connected: Connected,
    shared: Arc<Shared>,
) -> (S, Farewell) {
    let opened = Instant::now();
    let opened_unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let keep_alive = KeepAlive::new(opened.into_std(), shared.ping_times());
    let pings = behaviour.answer().ping.map(every);
    let mut actions = VecDeque::new();
    behaviour.on_open(request, &mut actions);
    let farewell = Farewell::Close;
    let mut context =
        SessionContext { behaviour, pings, keep_alive, connected, shared, member, opened, opened_unix, farewell };
    let settings = settings(&context.shared.config.limits);
    loop {
        frames.meter().renew();
        let socket = WebSocketStream::from_raw_socket(&mut frames, Role::Server, Some(settings)).await;
        let actions = mem::take(&mut actions);
        let mut session = Session { socket, context: &mut context, actions, waiting: 0, left: BATCH };
        // tungstenite's buffers only grow, so an idle session starts again with small ones.
        let Err(end) = session.answer().await else { continue };
        if let Err(error) = session.say_goodbye(end).await {
            tracing::debug!(%error, "lost: {error}");
        }
        break;
    }
    context.connected.sent = frames.sent().messages;
    context.connected.store(frames.received(), frames.sent());
    (frames.into_inner(), context.farewell)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Answers messages until the connection ends, or has been idle from one keep-alive check to the next.
    ///
    /// 1. Performs the actions that need no waiting.
    /// 2. Takes in what has come, at most a batch of it, and flushes the answers together.
    /// 3. Judges whether the peer is alive, if that is due: after all that has come was taken in.
    /// 4. Waits for whatever comes first: the shutdown, the keep-alive, a ping's time, an action's time, what is due by
    ///    itself, a message of the room, a message.
    ///
    /// Longer than 40 lines, because the parts share what they wait for.
    async fn answer(&mut self) -> Result<(), End> {
        let shared = Arc::clone(&self.context.shared);
        let mut check = pin!(sleep_until(self.context.keep_alive.deadline().into()));
        let mut is_check_due = false;
        let mut wait = pin!(sleep_until(Instant::now()));
        let (mut is_waiting, mut is_paused) = (false, false);
        let mut received_before = self.context.connected.received;
        let mut frames_before = self.socket.get_ref().received().frames;
        let mut is_idle = false;
        let mut hang_up_check = every(HANG_UP_CHECK);
        loop {
            while !is_waiting && let Some(action) = self.actions.pop_front() {
                match action {
                    Action::Wait(time) | Action::Pause(time) => {
                        wait.as_mut().reset(Instant::now() + time);
                        is_paused = matches!(action, Action::Pause(_));
                        is_waiting = true;
                    }
                    Action::Send(message) => {
                        self.waiting = self.waiting.saturating_sub(WAITING_MESSAGE + message.len());
                        self.socket.get_mut().meter().waits(self.waiting)?;
                        self.send(message).await?;
                    }
                    Action::Publish(message) => self.publish(message),
                    Action::Write(bytes) => self.write(&bytes).await?,
                    Action::End(ending) => return Err(self.end(ending).await),
                }
            }
            if self.actions.is_empty() && !is_waiting {
                self.take_published()?;
                if !self.actions.is_empty() {
                    continue;
                }
            }
            // While answers wait, more messages are taken in: so pings are answered and a close is seen.
            let may_read = !is_paused && (self.actions.len() <= 1 || self.waiting < MOST_WAITING);
            let ready = if may_read && self.left > 0 { self.socket.next().now_or_never() } else { None };
            if let Some(message) = ready {
                let frames = self.socket.get_ref().received().frames;
                let fragments = FRAGMENT * (frames - mem::replace(&mut frames_before, frames)) as usize;
                self.left = self.left.saturating_sub(MESSAGE + fragments + message.as_ref().map_or(0, size));
                self.take(message)?;
                continue;
            }
            self.socket.flush().await?;
            let frames = self.socket.get_ref();
            self.context.connected.sent = frames.sent().messages;
            self.context.connected.store(frames.received(), frames.sent());
            let has_read_all = self.left > 0 && may_read && !is_waiting;
            self.yield_if_spent().await;
            if mem::take(&mut is_check_due) {
                self.check_alive(may_read).await?;
                check.as_mut().reset(self.context.keep_alive.deadline().into());
                is_idle = received_before == self.context.connected.received;
                received_before = self.context.connected.received;
                continue;
            }
            let is_free = self.actions.is_empty() && !is_waiting;
            if is_free && self.take_due() {
                self.left = BATCH;
                yield_now().await;
                continue;
            }
            if is_idle && has_read_all && self.socket.get_ref().is_between_messages() {
                return Ok(());
            }
            self.left = BATCH;
            if !may_read {
                self.socket.get_mut().meter().forgive();
            }
            let due = self.context.due();
            tokio::select! {
                biased;
                () = shared.shutdown.draining() => return Err(End::Drained),
                () = &mut check => {
                    // The runtime looks at its sockets before this goes on.
                    yield_now().await;
                    is_check_due = true;
                }
                () = tick(&mut self.context.pings) => self.ping().await?,
                () = &mut wait, if is_waiting => (is_waiting, is_paused) = (false, false),
                () = until(due), if is_free => {}
                messages = published(&mut self.context.member), if is_free => {
                    for message in messages.map_err(|_| too_slow())? {
                        self.context.behaviour.on_published(message, &mut self.actions);
                    }
                }
                _ = hang_up_check.tick(), if !may_read => {
                    if self.socket.get_ref().has_hung_up() {
                        return Err(End::Ended);
                    }
                }
                message = self.socket.next(), if may_read => {
                    is_idle = false;
                    self.take(message)?;
                }
            }
        }
    }

    /// Lets the other connections have a turn if this one has had its own.
    async fn yield_if_spent(&mut self) {
        if self.left == 0 {
            yield_now().await;
            self.left = BATCH;
        }
    }

    async fn check_alive(&mut self, is_read_from: bool) -> Result<(), End> {
        let received = is_read_from.then(|| self.socket.get_ref().received().bytes);
        let now = Instant::now().into_std();
        match self.context.keep_alive.check(now, received, self.context.shared.ping_times()) {
            Verdict::Ping => Ok(self.ping().await?),
            Verdict::Wait => Ok(()),
            Verdict::Gone => Err(End::Fault(keep_alive_timeout())),
        }
    }

    async fn ping(&mut self) -> Result<(), Error> {
        self.socket.feed(Message::Ping(Bytes::new())).await
    }

    /// Takes in what was read, and asks the behaviour what is to be done about it.
    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let SessionContext { behaviour, connected, shared, .. } = &mut *self.context;
        let message = message.ok_or(End::Over)??;
        match &message {
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => return Ok(()),
            Message::Text(text) => shared.log.received(Data::Text, text.as_bytes()),
            Message::Binary(bytes) => shared.log.received(Data::Binary, bytes),
        }
        connected.received += 1;
        let before = self.actions.len();
        behaviour.on_message(message, &mut self.actions);
        let new = self.actions.iter().skip(before);
        self.waiting += new
            .map(|action| if let Action::Send(message) = action { WAITING_MESSAGE + message.len() } else { 0 })
            .sum::<usize>();
        Ok(self.socket.get_mut().meter().waits(self.waiting)?)
    }

    /// Queues a message, compressed if that was negotiated and pays, in as many frames as the behaviour asks for.
    async fn send(&mut self, message: Message) -> Result<(), Error> {
        let message = self.socket.get_mut().compress(message);
        let Some(size) = self.context.behaviour.answer().fragment else { return self.socket.feed(message).await };
        for frame in fragments(into_frame(message), size) {
            self.left = self.left.saturating_sub(FRAGMENT + frame.payload().len());
            self.socket.feed(Message::Frame(frame)).await?;
            self.yield_if_spent().await;
        }
        Ok(())
    }
}

impl SessionContext {
    /// When something is to be sent next without being asked for.
    fn due(&self) -> Option<Instant> {
        Some(self.opened + self.behaviour.due()?)
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => future::pending().await,
    }
}

async fn published(member: &mut Option<Member>) -> Result<Vec<Message>, TooSlow> {
    match member {
        Some(member) => member.recv().await,
        None => future::pending().await,
    }
}

/// Bytes of what was read.
fn size(read: &Result<Message, Error>) -> usize {
    read.as_ref().map_or(0, Message::len)
}

/// A text, a binary message or a frame as one frame.
fn into_frame(message: Message) -> Frame {
    let data = match message {
        Message::Frame(frame) => return frame,
        Message::Text(_) => Data::Text,
        _ => Data::Binary,
    };
    Frame::message(message.into_data(), OpCode::Data(data), true)
}

fn every(period: Duration) -> Interval {
    let mut interval = interval_at(Instant::now() + period, period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

async fn tick(interval: &mut Option<Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => future::pending().await,
    }
}

/// tungstenite's settings. A small read buffer, because it is allocated for every connection and cleared for every read;
/// a limit on what waits to be written, because pings are answered even to a peer that never reads. A quarter of that
/// limit is gathered before it is written, so that there is room for more while the socket is full.
fn settings(limits: &Limits) -> WebSocketConfig {
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
