//! Messages between two WebSockets, both ways at once, in one task. Nothing is read from one side while the other does not take
//! what came before, so each side's pace reaches the other through TCP.

use std::{
    collections::VecDeque,
    future::poll_fn,
    num::NonZeroUsize,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, sleep_until, timeout},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::{
            CloseFrame,
            frame::{Frame, coding::CloseCode},
        },
    },
};

use crate::{
    keep_alive::{KeepAlive, PingTimes, Verdict},
    message_timeout::too_slow,
    session::{FrameLayer, ReadEnd, fragments, into_frame},
    shared::{Shared, going_away, keep_alive_timeout},
};

/// What one side sends before it is the other connections' turn: messages, and bytes.
const MESSAGES: usize = 64;
const BYTES: usize = 256 << 10;

pub(super) type Socket<S> = WebSocketStream<FrameLayer<S>>;

/// Which of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The client of this server.
    Near,
    /// The server that the relay is a client of.
    Far,
}

/// Why messages no longer go both ways.
#[derive(Debug)]
pub(super) enum End {
    /// Both sides have closed.
    Closed,
    /// A side has ended without a close frame.
    Cut(Side),
    /// A side is given up, and gets that close frame.
    Fault(Side, CloseFrame),
    /// The server shuts down.
    Drained,
}

/// What becomes of a message on its way.
pub(super) trait Translate {
    /// What the far side gets for it, if anything.
    fn to_far(&mut self, message: Message) -> Result<Option<Message>, CloseFrame>;
    /// What the near side gets for it, if anything.
    fn to_near(&mut self, message: Message) -> Option<Message>;
}

type Fragments = Box<dyn Iterator<Item = Frame> + Send>;

/// One direction.
struct Lane {
    from: Side,
    /// Most payload of a frame, in bytes.
    fragment: Option<NonZeroUsize>,
    /// At most one message, a ping, and a close frame.
    queue: VecDeque<Message>,
    /// What is left of a message that goes in fragments, which are made one by one.
    fragments: Option<Fragments>,
    must_flush: bool,
    /// The sender has closed, and that is in the queue.
    has_closed: bool,
}

impl Lane {
    fn new(from: Side, fragment: Option<NonZeroUsize>) -> Self {
        Self { from, fragment, queue: VecDeque::new(), fragments: None, must_flush: false, has_closed: false }
    }

    /// Moves messages until there is none, the receiver takes none, or it is the others' turn. It is ready when the sender has
    /// closed and the receiver has been told.
    ///
    /// 1. Sends what is queued. As long as the receiver does not take it, nothing more is read.
    /// 2. Reads the next one. If there is none, flushes what was sent.
    fn poll<F, T>(
        &mut self,
        from: &mut Socket<F>,
        to: &mut Socket<T>,
        translate: &mut impl FnMut(Message) -> Result<Option<Message>, CloseFrame>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>>
    where
        F: AsyncRead + AsyncWrite + Unpin,
        T: AsyncRead + AsyncWrite + Unpin,
    {
        let to_side = if self.from == Side::Near { Side::Far } else { Side::Near };
        let (mut messages, mut bytes) = (MESSAGES, BYTES);
        loop {
            while self.has_queued() && messages > 0 && bytes > 0 {
                match to.poll_ready_unpin(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return Poll::Ready(Err(self.cut(to, to_side))),
                    Poll::Pending => {
                        from.get_mut().meter().forgive();
                        return Poll::Pending;
                    }
                }
                let Some(message) = self.next_queued() else { break };
                messages = messages.saturating_sub(1);
                bytes = bytes.saturating_sub(message.len());
                if Pin::new(&mut *to).start_send(message).is_err() {
                    return Poll::Ready(Err(self.cut(to, to_side)));
                }
                self.must_flush = true;
            }
            if self.has_closed && !self.has_queued() {
                return match ready!(Pin::new(&mut *to).poll_flush(cx)) {
                    Ok(()) => Poll::Ready(Ok(())),
                    Err(_) => Poll::Ready(Err(End::Cut(to_side))),
                };
            }
            if messages == 0 || bytes == 0 {
                // Where the receiver is not ready, the next turn waits for it.
                let _ = Pin::new(&mut *to).poll_flush(cx);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            match Pin::new(&mut *from).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    let message = translate(message).map_err(|frame| End::Fault(self.from, frame))?;
                    if let Some(message) = message {
                        self.enqueue(message, to);
                    }
                }
                Poll::Ready(_) => match from.get_ref().end().cloned() {
                    Some(ReadEnd::Closed(frame)) => {
                        self.has_closed = true;
                        self.queue.push_back(Message::Close(frame));
                    }
                    Some(ReadEnd::Violation(violation)) => {
                        return Poll::Ready(Err(End::Fault(self.from, violation.into())));
                    }
                    Some(ReadEnd::TooSlow) => return Poll::Ready(Err(End::Fault(self.from, too_slow()))),
                    Some(ReadEnd::NoMemory(frame)) => return Poll::Ready(Err(End::Fault(self.from, frame))),
                    None => return Poll::Ready(Err(End::Cut(self.from))),
                },
                Poll::Pending => {
                    ready!(self.flush(to, to_side, cx))?;
                    return Poll::Pending;
                }
            }
        }
    }

    fn flush<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        to: &mut Socket<T>,
        to_side: Side,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        if self.must_flush {
            if ready!(Pin::new(to).poll_flush(cx)).is_err() {
                return Poll::Ready(Err(End::Cut(to_side)));
            }
            self.must_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// A receiver that takes nothing more has been lost, unless it had closed: then all is in order.
    fn cut<T: AsyncRead + AsyncWrite + Unpin>(&self, to: &Socket<T>, side: Side) -> End {
        match to.get_ref().end() {
            Some(ReadEnd::Violation(violation)) => End::Fault(side, (*violation).into()),
            _ => End::Cut(side),
        }
    }

    fn has_queued(&self) -> bool {
        !self.queue.is_empty() || self.fragments.is_some()
    }

    /// What is sent next: a control frame may come between two fragments.
    fn next_queued(&mut self) -> Option<Message> {
        if let Some(message) = self.queue.pop_front() {
            return Some(message);
        }
        let fragment = self.fragments.as_mut()?.next();
        if fragment.as_ref().is_none_or(|fragment| fragment.header().is_final) {
            self.fragments = None;
        }
        fragment.map(Message::Frame)
    }

    /// Queues a message, compressed if that was negotiated and pays, in frames of the size that is asked for.
    fn enqueue<T: AsyncRead + AsyncWrite + Unpin>(&mut self, message: Message, to: &mut Socket<T>) {
        let (Message::Text(_) | Message::Binary(_)) = message else { return self.queue.push_back(message) };
        let message = to.get_mut().compress(message);
        match self.fragment {
            None => self.queue.push_back(message),
            Some(size) => self.fragments = Some(Box::new(fragments(into_frame(message), size))),
        }
    }
}

/// Two WebSockets that are relayed.
pub(super) struct Pair<N, F> {
    pub(super) near: Socket<N>,
    pub(super) far: Socket<F>,
}

/// How the far side is treated.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToFar {
    /// Most payload of a frame, in bytes.
    pub(super) fragment: Option<NonZeroUsize>,
    /// Time between pings to the far side.
    pub(super) ping: Option<Duration>,
}

impl<N, F> Pair<N, F>
where
    N: AsyncRead + AsyncWrite + Unpin,
    F: AsyncRead + AsyncWrite + Unpin,
{
    /// Moves messages both ways until that ends. After the first close frame the rest has the time for a close.
    pub(super) async fn run(&mut self, to_far: ToFar, translate: &mut impl Translate, shared: &Shared) -> End {
        let mut out = Lane::new(Side::Near, to_far.fragment);
        let mut back = Lane::new(Side::Far, None);
        let (mut is_out_done, mut is_back_done) = (false, false);
        let mut near_alive = KeepAlive::new(Instant::now().into_std(), shared.ping_times());
        let far_times = PingTimes { interval: to_far.ping.unwrap_or_default(), ..shared.ping_times() };
        let mut far_alive = KeepAlive::new(Instant::now().into_std(), far_times);
        let mut closing: Option<Instant> = None;
        loop {
            if closing.is_none() && (out.has_closed || back.has_closed) {
                closing = Some(Instant::now() + *shared.config.limits.close_timeout);
            }
            let was_closing = closing.is_some();
            let Self { near, far } = self;
            let moved = poll_fn(|cx| {
                if !is_out_done
                    && let Poll::Ready(done) = out.poll(near, far, &mut |message| translate.to_far(message), cx)
                {
                    done?;
                    is_out_done = true;
                }
                if !is_back_done
                    && let Poll::Ready(done) = back.poll(far, near, &mut |message| Ok(translate.to_near(message)), cx)
                {
                    done?;
                    is_back_done = true;
                }
                if is_out_done && is_back_done {
                    return Poll::Ready(Err(End::Closed));
                }
                // The time for the rest begins.
                if !was_closing && (out.has_closed || back.has_closed) { Poll::Ready(Ok(())) } else { Poll::Pending }
            });
            tokio::select! {
                biased;
                () = shared.shutdown.draining() => return End::Drained,
                moved = moved => if let Err(end) = moved { return end },
                () = sleep_until(near_alive.deadline().min(far_alive.deadline()).into()) => {
                    let now = Instant::now().into_std();
                    // What is not read from is not judged.
                    let of_near = out.is_reading().then(|| self.near.get_ref().received().bytes);
                    match near_alive.check(now, of_near, shared.ping_times()) {
                        Verdict::Ping => back.ping(),
                        Verdict::Wait => {}
                        Verdict::Gone => return End::Fault(Side::Near, keep_alive_timeout()),
                    }
                    let of_far = back.is_reading().then(|| self.far.get_ref().received().bytes);
                    match far_alive.check(now, of_far, far_times) {
                        Verdict::Ping => out.ping(),
                        Verdict::Wait => {}
                        Verdict::Gone => return End::Fault(Side::Far, keep_alive_timeout()),
                    }
                }
                () = until(closing) => return End::Closed,
            }
        }
    }

    /// Tells both sides how it ended, and gives the near side's stream back.
    pub(super) async fn finish(mut self, end: &End, time: Duration) -> N {
        let other = |side: Side| match side {
            Side::Near => CloseFrame { code: CloseCode::Away, reason: "the client was lost".into() },
            Side::Far => CloseFrame { code: CloseCode::Error, reason: "the other server was given up".into() },
        };
        let (near, far) = match end {
            End::Closed | End::Cut(_) => (None, None),
            End::Fault(Side::Near, frame) => (Some(frame.clone()), Some(other(Side::Near))),
            End::Fault(Side::Far, frame) => (Some(other(Side::Far)), Some(frame.clone())),
            End::Drained => (Some(going_away()), Some(going_away())),
        };
        // Whatever becomes of this, both connections end.
        let _ = timeout(time, async { tokio::join!(close(&mut self.near, near), close(&mut self.far, far)) }).await;
        self.near.into_inner().into_inner()
    }
}

impl Lane {
    fn is_reading(&self) -> bool {
        !self.has_queued() && !self.has_closed
    }

    fn ping(&mut self) {
        // One is enough for a receiver that takes nothing.
        if !self.queue.iter().any(Message::is_ping) && !self.has_closed {
            self.queue.push_back(Message::Ping(Bytes::new()));
        }
    }
}

/// Sends a close frame, if there is one, and reads until the peer has ended.
async fn close<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut Socket<S>, frame: Option<CloseFrame>) {
    let Some(frame) = frame else { return };
    if socket.close(Some(frame)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}
