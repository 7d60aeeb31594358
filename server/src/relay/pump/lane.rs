//! One direction of a pair of WebSockets: messages are read from one, perhaps delayed, and sent to the other.

use std::{
    collections::VecDeque,
    num::{NonZeroU64, NonZeroUsize},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Sink, SinkExt, Stream};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Sleep, sleep},
};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::Frame},
};

use super::{End, Side, Socket, lost};
use crate::{
    message_timeout::too_slow,
    session::{ReadEnd, fragments, into_frame},
};

/// What one side sends before it is the other connections' turn: messages, and bytes.
const MESSAGES: usize = 64;
const BYTES: usize = 256 << 10;

/// What is left of that.
struct Share {
    messages: usize,
    bytes: usize,
}

impl Share {
    fn is_spent(&self) -> bool {
        self.messages == 0 || self.bytes == 0
    }
}

/// What is done to messages of one direction.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::relay) struct Treatment {
    /// Most payload of a frame, in bytes.
    pub(in crate::relay) fragment: Option<NonZeroUsize>,
    pub(in crate::relay) delay: Duration,
    /// A random time up to this is added to the delay.
    pub(in crate::relay) jitter: Duration,
    /// How many messages pass before the connection ends.
    pub(in crate::relay) most: Option<NonZeroU64>,
}

impl Treatment {
    fn delay(&self) -> Option<Duration> {
        let time = self.delay + self.jitter.mul_f64(fastrand::f64());
        (!time.is_zero()).then_some(time)
    }
}

type Fragments = Box<dyn Iterator<Item = Frame> + Send>;

/// One direction.
pub(super) struct Lane {
    from: Side,
    treatment: Treatment,
    /// At most one message, a ping, and a close frame.
    queue: VecDeque<Message>,
    /// What is left of a message that goes in fragments, which are made one by one.
    fragments: Option<Fragments>,
    /// A message that waits for its delay; nothing more is read meanwhile.
    delayed: Option<(Pin<Box<Sleep>>, Message)>,
    /// How many messages have passed.
    passed: u64,
    must_flush: bool,
    /// The sender has closed, and that is in the queue.
    pub(super) has_closed: bool,
    /// Why the client is given up, once all that it has sent before is on its way.
    pub(super) fault: Option<CloseFrame>,
    /// The receiver is given up when the sender has closed, and gets no close frame from here.
    pub(super) is_last: bool,
}

impl Lane {
    pub(super) fn new(from: Side, treatment: Treatment) -> Self {
        Self {
            from,
            treatment,
            queue: VecDeque::new(),
            fragments: None,
            delayed: None,
            passed: 0,
            must_flush: false,
            has_closed: false,
            fault: None,
            is_last: false,
        }
    }

    /// Moves messages until there is none, the receiver takes none, or it is the others' turn. It is ready when the sender has
    /// closed and the receiver has been told.
    ///
    /// 1. Sends what is queued. As long as the receiver does not take it, nothing more is read.
    /// 2. Waits for the delay of the message that was read last.
    /// 3. Reads the next one. If there is none, flushes what was sent.
    pub(super) fn poll<F, T>(
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
        let mut share = Share { messages: MESSAGES, bytes: BYTES };
        loop {
            match self.send_queued(to, &mut share, cx) {
                Poll::Ready(sent) => sent?,
                Poll::Pending => {
                    from.get_mut().meter().forgive();
                    return Poll::Pending;
                }
            }
            if self.has_closed && !self.has_queued() {
                self.must_flush = true;
                return self.flush(to, cx);
            }
            if share.is_spent() {
                // Where the receiver is not ready, the next turn waits for it.
                let _ = Pin::new(&mut *to).poll_flush(cx);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(message) = ready!(self.delayed(to, cx))? {
                self.enqueue(message, to);
                continue;
            }
            match Pin::new(&mut *from).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => {
                    let message = translate(message).map_err(|frame| End::Fault(self.from, frame))?;
                    message.map_or(Ok(()), |message| self.take(message, to))?;
                }
                Poll::Ready(_) => {
                    let frame = self.closed(from.get_ref().end())?;
                    self.has_closed = true;
                    if !self.is_last {
                        self.queue.push_back(Message::Close(frame));
                    }
                }
                Poll::Pending => {
                    ready!(self.flush(to, cx))?;
                    return Poll::Pending;
                }
            }
        }
    }

    /// Sends what is queued, as much as there is a share for; pending where the receiver does not take it.
    fn send_queued<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        to: &mut Socket<T>,
        share: &mut Share,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        while self.has_queued() && !share.is_spent() {
            if ready!(to.poll_ready_unpin(cx)).is_err() {
                return Poll::Ready(Err(self.cut(to)));
            }
            let Some(message) = self.next_queued() else { break };
            share.messages = share.messages.saturating_sub(1);
            share.bytes = share.bytes.saturating_sub(message.len());
            if Pin::new(&mut *to).start_send(message).is_err() {
                return Poll::Ready(Err(self.cut(to)));
            }
            self.must_flush = true;
        }
        Poll::Ready(Ok(()))
    }

    /// The message whose delay is over; `None` where none is delayed.
    fn delayed<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        to: &mut Socket<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Message>, End>> {
        if let Some((sleep, _)) = &mut self.delayed
            && sleep.as_mut().poll(cx).is_pending()
        {
            ready!(self.flush(to, cx))?;
            return Poll::Pending;
        }
        Poll::Ready(Ok(self.delayed.take().map(|(_, message)| message)))
    }

    /// Takes a message that was read: queues it, or delays it first.
    fn take<T: AsyncRead + AsyncWrite + Unpin>(&mut self, message: Message, to: &mut Socket<T>) -> Result<(), End> {
        let is_data = matches!(message, Message::Text(_) | Message::Binary(_));
        if is_data && self.treatment.most.is_some_and(|most| most.get() == self.passed) {
            return Err(End::Spent);
        }
        self.passed += u64::from(is_data);
        match self.treatment.delay() {
            Some(time) if is_data => self.delayed = Some((Box::pin(sleep(time)), message)),
            _ => self.enqueue(message, to),
        }
        Ok(())
    }

    /// The close frame with which the sender has ended, or why it ended without one.
    fn closed(&mut self, end: Option<&ReadEnd>) -> Result<Option<CloseFrame>, End> {
        let frame = match end.cloned() {
            Some(ReadEnd::Closed(frame)) => return Ok(frame),
            // What the client sent before is still answered, as without a relay: so the other server is to close.
            Some(ReadEnd::Violation(violation)) if self.from == Side::Near => {
                self.fault = Some(violation.into());
                return Ok(Some(lost(Side::Near)));
            }
            Some(ReadEnd::Violation(violation)) => violation.into(),
            Some(ReadEnd::TooSlow) => too_slow(),
            Some(ReadEnd::NoMemory(frame)) => frame,
            None => return Err(End::Cut(self.from)),
        };
        Err(End::Fault(self.from, frame))
    }

    fn flush<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        to: &mut Socket<T>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), End>> {
        if self.must_flush {
            if ready!(Pin::new(to).poll_flush(cx)).is_err() {
                return Poll::Ready(Err(End::Cut(self.from.other())));
            }
            self.must_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// A receiver that takes nothing more has been lost, unless it had closed: then all is in order.
    fn cut<T: AsyncRead + AsyncWrite + Unpin>(&self, to: &Socket<T>) -> End {
        let side = self.from.other();
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
        match self.treatment.fragment {
            None => self.queue.push_back(message),
            Some(size) => self.fragments = Some(Box::new(fragments(into_frame(message), size))),
        }
    }

    pub(super) fn is_reading(&self) -> bool {
        !self.has_queued() && self.delayed.is_none() && !self.has_closed
    }

    pub(super) fn ping(&mut self) {
        // One is enough for a receiver that takes nothing.
        if !self.queue.iter().any(Message::is_ping) && !self.has_closed {
            self.queue.push_back(Message::Ping(Bytes::new()));
        }
    }
}
