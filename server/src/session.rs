//! One WebSocket from its handshake to its end: read, ask the behaviour, do what it says. Never reads on while an
//! answer waits to be sent, so that TCP carries a slow reader's pace back to the sender.

use std::{collections::VecDeque, future, io, pin::pin, time::Duration};

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, Interval, MissedTickBehavior, interval_at, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{
            CloseFrame, Role,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use crate::{
    behaviour::{Action, Behaviour},
    fragment::fragments,
    frames::{Frames, Reject},
    keep_alive::{KeepAlive, Verdict},
    server::Server,
};

/// How many messages are answered in one go: so many are written together when many arrive together, and no busy peer
/// keeps its session from noticing that the server drains.
const BATCH: usize = 64;
/// The size of a message from which on its buffers are worth giving back, in bytes.
const BLOAT: usize = 64 << 10;
/// The longest reason of a close frame, in bytes ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
const REASON_SIZE: usize = 123;

/// One open WebSocket with what it needs of the server.
pub(crate) struct Session<'server, S> {
    socket: WebSocketStream<Frames<S>>,
    behaviour: Behaviour,
    server: &'server Server,
    /// How many messages were given to the behaviour.
    answered: u64,
    /// Whether a message came that was so large that tungstenite's buffers, which only ever grow, are too.
    bloated: bool,
    /// What the behaviour asked for and is not done yet.
    actions: VecDeque<Action>,
}

/// The connection is quiet for now, and its buffers are larger than it needs.
struct Quiet;

/// How the answering came to its end.
#[derive(Debug)]
enum End {
    /// The closing handshake is done, or the peer has ended its side without one.
    Over,
    /// The connection failed: nothing more can be said.
    Failed(Error),
    /// The peer did wrong; it is told so, and not listened to any more.
    Fault(CloseFrame),
    /// The server goes away; the peer is told so, and its own close frame is awaited.
    Drained,
}

impl<'server, S: AsyncRead + AsyncWrite + Unpin> Session<'server, S> {
    pub(crate) fn new(socket: WebSocketStream<Frames<S>>, behaviour: Behaviour, server: &'server Server) -> Self {
        Self { socket, behaviour, server, answered: 0, bloated: false, actions: VecDeque::new() }
    }

    /// Runs the session to its end, and gives the stream back to be closed.
    pub(crate) async fn run(mut self) -> Frames<S> {
        let end = loop {
            match self.answer().await {
                Ok(Quiet) => self = self.with_small_buffers().await,
                Err(end) => break end,
            }
        };
        if let Err(error) = self.say_goodbye(end).await {
            tracing::debug!(%error, "lost: {error}");
        }
        let frames = self.socket.into_inner();
        self.server.totals.received.add(self.answered);
        self.server.totals.sent.add(frames.sent().messages);
        frames
    }

    /// Answers messages until there is a reason to stop.
    async fn answer(&mut self) -> Result<Quiet, End> {
        let limits = &self.server.config.limits;
        let mut keep_alive = KeepAlive::new(*limits.ping_interval, *limits.ping_timeout);
        let mut check = pin!(sleep_until(Instant::now() + keep_alive.step()));
        let mut pings = self.behaviour.answer().ping.map(every);
        let mut wait = pin!(sleep_until(Instant::now()));
        let mut is_waiting = false;
        let mut batch = 0;
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
            let ready = if may_read && batch < BATCH { self.socket.next().now_or_never() } else { None };
            if let Some(message) = ready {
                batch += 1;
                self.take(message)?;
                continue;
            }
            self.socket.flush().await?;
            batch = 0;
            tokio::select! {
                biased;
                () = self.server.draining.cancelled() => return Err(End::Drained),
                () = &mut check => {
                    if self.bloated && !is_waiting && self.is_idle()? {
                        return Ok(Quiet);
                    }
                    // Who is not listened to cannot be heard.
                    let received = may_read.then(|| self.socket.get_ref().received().bytes);
                    self.obey(keep_alive.check(received)).await?;
                    check.as_mut().reset(Instant::now() + keep_alive.step());
                }
                () = tick(&mut pings) => self.socket.feed(Message::Ping(Bytes::new())).await?,
                () = &mut wait, if is_waiting => is_waiting = false,
                message = self.socket.next(), if may_read => self.take(message)?,
            }
        }
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
            Message::Close(_) => Err(End::Over),
            message @ (Message::Text(_) | Message::Binary(_)) => {
                self.answered += 1;
                self.bloated |= message.len() > BLOAT;
                self.server.log.received(&message);
                self.behaviour.on_message(message, &mut self.actions);
                Ok(())
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(()),
        }
    }

    /// Queues a message, compressed if that was agreed and pays, in as many frames as the behaviour asks for.
    async fn send(&mut self, message: Message) -> Result<(), Error> {
        let message = self.socket.get_mut().compress(message);
        let Some(size) = self.behaviour.answer().fragment else { return self.socket.feed(message).await };
        for frame in fragments(into_frame(message), size) {
            self.socket.feed(Message::Frame(frame)).await?;
        }
        Ok(())
    }

    async fn say_goodbye(&mut self, end: End) -> Result<(), Error> {
        let time = *self.server.config.limits.close_timeout;
        match end {
            End::Over => {
                // A peer that has only ended its own side can still read what it is owed; one that has closed cannot.
                let _ = self.send_rest().await;
                self.socket.flush().await
            }
            End::Failed(error) => Err(error),
            End::Fault(frame) => {
                tracing::debug!(code = %frame.code, reason = %frame.reason, "failed: {}", frame.reason);
                within(time, self.socket.close(Some(frame))).await
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

    /// Sends what is still to be sent, without any waiting.
    async fn send_rest(&mut self) -> Result<(), Error> {
        while let Some(action) = self.actions.pop_front() {
            if let Action::Send(message) = action {
                self.send(message).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing of a message is under way in either direction; takes in what has come meanwhile.
    fn is_idle(&mut self) -> Result<bool, End> {
        match self.socket.next().now_or_never() {
            None => Ok(self.socket.get_ref().is_between_messages()),
            Some(message) => self.take(message).map(|()| false),
        }
    }

    /// The same session, idle as it is, with new buffers in place of those that have grown.
    async fn with_small_buffers(self) -> Self {
        let settings = *self.socket.get_config();
        let socket = WebSocketStream::from_raw_socket(self.socket.into_inner(), Role::Server, Some(settings)).await;
        Self { socket, bloated: false, ..self }
    }
}

impl From<Error> for End {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::Io(io) => {
                return Reject::from_error(io).map_or(Self::Failed(error), |reject| Self::Fault(reject.into()));
            }
            Error::Utf8(_) => return Self::Fault(Reject::InvalidUtf8.into()),
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => return Self::Over,
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
