//! The general way of a session, with tungstenite: read, ask the behaviour, do what it says. Lasts for as long as there
//! is something under way, and never reads on while an answer waits to be sent.

use std::{collections::VecDeque, future, io, mem, num::NonZeroUsize, pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    task::yield_now,
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use super::{Next, SessionContext, fragment::fragments};
use crate::{
    behaviour::Action,
    config::{Limits, bytes},
    keep_alive::Verdict,
    protocol::{FrameLayer, ProtocolViolation},
    shutdown::Phase,
};

/// How much is answered in one go, in bytes: so much is written together when much arrives together, and no busy peer
/// keeps its session from noticing that the server drains, or others from their turn.
const BATCH: usize = 256 << 10;
/// What a message costs of that beside its payload.
const COST_PER_MESSAGE: usize = BATCH / 64;
/// Who is back so soon after it went to rest stays until there is a lull.
const SOON: Duration = Duration::from_millis(20);
/// The longest reason of a close frame, in bytes ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
const REASON_SIZE: usize = 123;

/// A session that has something to say or to hear that the fast path does not know.
pub(super) struct Conversation<'session, S> {
    socket: WebSocketStream<&'session mut FrameLayer<S>>,
    context: &'session mut SessionContext,
    /// What the behaviour asked for and is not done yet.
    actions: VecDeque<Action>,
    /// Whether a message has come since the last check.
    heard: bool,
    /// Whether none came from one check to another, or none came at all.
    lull: bool,
    /// Whether it went to rest just before.
    is_needed_again: bool,
    /// Whether the peer wanted it, and not only the keep-alive.
    is_wanted: bool,
}

/// How the answering came to its end.
#[derive(Debug)]
enum End {
    /// The closing handshake is done.
    Over,
    /// The peer has ended its side without one.
    Ended,
    /// The connection failed: nothing more can be said.
    Failed(Error),
    /// The peer did wrong; it is told so, and not listened to any more.
    Fault(CloseFrame),
    /// The server goes away; the peer is told so, and its own close frame is awaited.
    Drained,
}

impl<'session, S: AsyncRead + AsyncWrite + Unpin> Conversation<'session, S> {
    /// Goes on until there is nothing more to be said, and tells why it ended.
    pub(super) async fn hold(frames: &'session mut FrameLayer<S>, context: &'session mut SessionContext) -> Next {
        let settings = settings(&context.server.config.limits);
        let socket = WebSocketStream::from_raw_socket(frames, Role::Server, Some(settings)).await;
        let is_needed_again = context.rested.is_some_and(|rested| rested.elapsed() < SOON);
        let mut conversation = Self {
            socket,
            context,
            actions: VecDeque::new(),
            heard: false,
            lull: true,
            is_needed_again,
            is_wanted: false,
        };
        let Err(end) = conversation.answer().await else {
            conversation.context.rested = conversation.is_wanted.then(Instant::now);
            return Next::Rest;
        };
        if let Err(error) = conversation.say_goodbye(end).await {
            tracing::debug!(%error, "lost: {error}");
        }
        Next::Close
    }

    /// Answers messages until nothing is under way.
    async fn answer(&mut self) -> Result<(), End> {
        let server = Arc::clone(&self.context.server);
        let mut check = pin!(sleep_until(self.context.check));
        let mut pings = self.context.behaviour.answer().ping.map(every);
        let mut wait = pin!(sleep_until(Instant::now()));
        let mut is_waiting = false;
        let mut left = BATCH;
        // Nothing more is read before what the fast path has left is written.
        self.socket.flush().await?;
        loop {
            while !is_waiting && let Some(action) = self.actions.pop_front() {
                match action {
                    Action::Wait(time) => {
                        wait.as_mut().reset(Instant::now() + time);
                        is_waiting = true;
                    }
                    Action::Send(message) => self.send(message).await?,
                }
            }
            // While an answer waits, the next message is taken in as well: so pings are answered and a close is seen.
            let may_read = self.actions.len() <= 1;
            let may_read_more = may_read && left > 0;
            let ready = if may_read_more { self.socket.next().now_or_never() } else { None };
            if let Some(message) = ready {
                left = left.saturating_sub(COST_PER_MESSAGE + message.as_ref().map_or(0, size));
                self.take(message)?;
                continue;
            }
            self.socket.flush().await?;
            if left == 0 {
                yield_now().await;
            }
            left = BATCH;
            let is_quiet = may_read_more && !is_waiting && self.socket.get_ref().is_between_messages();
            if is_quiet && self.may_end() {
                return Ok(());
            }
            tokio::select! {
                biased;
                () = server.phase.reached(Phase::Draining) => return Err(End::Drained),
                () = &mut check => {
                    // Who is not listened to cannot be heard.
                    let received = may_read.then(|| self.socket.get_ref().received().bytes);
                    let verdict = self.context.keep_alive.check(received);
                    self.context.check = Instant::now() + self.context.keep_alive.step();
                    check.as_mut().reset(self.context.check);
                    self.obey(verdict).await?;
                    self.lull |= !mem::replace(&mut self.heard, false);
                }
                () = tick(&mut pings) => self.socket.feed(Message::Ping(Bytes::new())).await?,
                () = &mut wait, if is_waiting => is_waiting = false,
                message = self.socket.next(), if may_read => self.take(message)?,
            }
        }
    }

    /// Whether it may end when it is quiet: at once where the fast path can go on, which is cheaper, unless that has just
    /// been tried; else in a lull, for to begin anew has its price, too.
    fn may_end(&self) -> bool {
        let is_asked = self.context.check <= Instant::now() || self.context.server.phase.is_at_least(Phase::Draining);
        !is_asked && self.context.may_rest() && (self.lull || self.context.reply.is_some() && !self.is_needed_again)
    }

    async fn obey(&mut self, verdict: Verdict) -> Result<(), End> {
        match verdict {
            Verdict::Ping => Ok(self.socket.feed(Message::Ping(Bytes::new())).await?),
            Verdict::Wait => Ok(()),
            Verdict::Gone => Err(End::Fault(keep_alive_timeout())),
        }
    }

    /// Takes in what was read, and asks the behaviour what is to be done about it.
    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        match message.ok_or(End::Over)?? {
            // tungstenite has queued the answer, and the goodbye flushes it.
            Message::Close(_) => return Err(End::Over),
            Message::Ping(_) => {
                self.is_wanted = true;
                return Ok(());
            }
            Message::Pong(_) | Message::Frame(_) => return Ok(()),
            Message::Text(text) => {
                self.context.heard(Data::Text, text.as_bytes());
                self.context.behaviour.on_message(Message::Text(text), &mut self.actions);
            }
            Message::Binary(bytes) => {
                self.context.heard(Data::Binary, &bytes);
                self.context.behaviour.on_message(Message::Binary(bytes), &mut self.actions);
            }
        }
        (self.heard, self.lull, self.is_wanted) = (true, false, true);
        Ok(())
    }

    /// Queues a message, compressed if that was agreed and pays, in as many frames as the behaviour asks for.
    async fn send(&mut self, message: Message) -> Result<(), Error> {
        let message = self.socket.get_mut().compress(message);
        let Some(size) = self.context.behaviour.answer().fragment else { return self.socket.feed(message).await };
        for frame in fragments(into_frame(message), size) {
            self.socket.feed(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    async fn say_goodbye(&mut self, end: End) -> Result<(), Error> {
        let time = *self.context.server.config.limits.close_timeout;
        match end {
            End::Over => self.socket.flush().await,
            End::Ended => {
                // Pongs that wait, if tungstenite still sends them; what lies below it goes out with what is written.
                let _ = self.socket.flush().await;
                let rest = self.rest()?;
                let frames = self.socket.get_mut();
                frames.write_all(&rest).await?;
                Ok(frames.flush().await?)
            }
            End::Failed(error) => Err(error),
            End::Fault(frame) => {
                tracing::debug!(code = %frame.code, reason = %frame.reason, "failed: {}", frame.reason);
                within(time, async {
                    self.send_rest().await?;
                    self.socket.close(Some(frame)).await
                })
                .await
            }
            End::Drained => {
                self.send_rest().await?;
                let reason = "server is shutting down".into();
                within(time, async {
                    self.socket.close(Some(CloseFrame { code: CloseCode::Away, reason })).await?;
                    while let Some(Ok(_)) = self.socket.next().await {}
                    Ok(())
                })
                .await
            }
        }
    }

    /// What is still to be sent, in frames, for a peer that has ended its side: tungstenite says nothing more to it, but it
    /// can still read what it is owed.
    fn rest(&mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let size = self.context.behaviour.answer().fragment.unwrap_or(NonZeroUsize::MAX);
        for action in mem::take(&mut self.actions) {
            if let Action::Send(message) = action {
                let message = self.socket.get_mut().compress(message);
                fragments(into_frame(message), size).try_for_each(|frame| frame.format(&mut bytes))?;
            }
        }
        Ok(bytes)
    }

    /// Sends what is still to be sent, without any waiting.
    async fn send_rest(&mut self) -> Result<(), Error> {
        while let Some(action) = self.actions.pop_front() {
            if let Action::Send(message) = action {
                self.send(message).await?;
            }
        }
        Ok(())
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Io(io) => {
                return ProtocolViolation::from_error(io)
                    .map_or(Self::Failed(error), |violation| Self::Fault(violation.into()));
            }
            Error::Utf8(_) => return Self::Fault(ProtocolViolation::InvalidUtf8.into()),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Self::Ended,
            Error::ConnectionClosed | Error::AlreadyClosed => return Self::Over,
            Error::Protocol(_) => CloseCode::Protocol,
            Error::Capacity(_) => CloseCode::Size,
            _ => return Self::Failed(error),
        };
        let reason = error.to_string();
        Self::Fault(CloseFrame { code, reason: reason[..reason.floor_char_boundary(REASON_SIZE)].into() })
    }
}

async fn within(time: Duration, goodbye: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("the goodbye took longer than {time:?}"));
    timeout(time, goodbye).await.unwrap_or_else(|_| Err(late().into()))
}

/// Bytes of what was read.
fn size(read: &Result<Message, Error>) -> usize {
    read.as_ref().map_or(0, Message::len)
}

fn keep_alive_timeout() -> CloseFrame {
    CloseFrame { code: CloseCode::Error, reason: "keepalive ping timeout".into() }
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
/// a bound on what waits to be written, because pings are answered even to a peer that never reads. A quarter of that
/// bound is gathered before it is written, so that there is room for more while the socket is full.
fn settings(limits: &Limits) -> WebSocketConfig {
    let message = bytes(limits.max_message_size);
    let write_buffer = bytes(limits.max_write_buffer);
    WebSocketConfig::default()
        .read_buffer_size(8 * 1024)
        .write_buffer_size(write_buffer / 4)
        .max_write_buffer_size(message.saturating_add(write_buffer))
        .max_message_size(Some(message))
        .max_frame_size(Some(message))
}
