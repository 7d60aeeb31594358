//! The stream below tungstenite: the socket's own, but what comes from it are whole messages and pings, checked and
//! inflated, in frames without a mask. A close frame does not come through: tungstenite would answer some with another code.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        CloseFrame,
        frame::coding::{Control, OpCode},
    },
};

use super::meter::Meter;
use crate::{
    budget::Overdrawn,
    inspect::{Plain, Tap},
    protocol::{Counters, Limits, Protocol, ProtocolViolation, Reply, Role, Status, close, deflate::Agreed},
};

/// A stream for `WebSocketStream`, which in a server's role must accept unmasked frames.
///
/// When the peer has [closed or done wrong](Self::end) every read fails, while writes go on: what came before it is
/// answered, and then a close frame is sent.
#[derive(Debug)]
pub struct FrameLayer<S> {
    stream: S,
    protocol: Protocol,
    end: Option<ReadEnd>,
    meter: Box<Meter>,
    /// Tells whether the peer has ended or reset the connection, even if there is more to be read before that.
    has_hung_up: fn(&S) -> bool,
    /// Present if somebody may see what crosses the wire.
    tap: Option<Box<Tap>>,
}

/// Why nothing more is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadEnd {
    /// The client did wrong.
    Violation(ProtocolViolation),
    /// The client has closed. What it said is to be answered with the same.
    Closed(Option<CloseFrame>),
    /// A message has not arrived in its time.
    TooSlow,
    /// There is no memory for what the client sends; with the close frame for it.
    NoMemory(CloseFrame),
}

impl From<Overdrawn> for ReadEnd {
    fn from(overdrawn: Overdrawn) -> Self {
        Self::NoMemory(overdrawn.into())
    }
}

impl<S> FrameLayer<S> {
    /// A server's frames over `stream`, of which `read_ahead` was read already, together with the handshake.
    pub fn new(stream: S, read_ahead: BytesMut, limits: Limits, agreed: Option<Agreed>) -> Self {
        Self::with_role(Role::Server, stream, read_ahead, limits, agreed)
    }

    /// The same for either side; in the client's role, `agreed` is turned round ([`Agreed::for_client`]).
    pub fn with_role(role: Role, stream: S, read_ahead: BytesMut, limits: Limits, agreed: Option<Agreed>) -> Self {
        Self {
            stream,
            protocol: Protocol::new(Reply::PassOn(role), read_ahead, limits, agreed),
            end: None,
            meter: Box::default(),
            has_hung_up: |_| false,
            tap: None,
        }
    }

    /// The same with limits on memory and time.
    pub(crate) fn with_meter(self, meter: Meter, has_hung_up: fn(&S) -> bool) -> Self {
        Self { meter: Box::new(meter), has_hung_up, ..self }
    }

    /// The same, and what crosses the wire from now on is told there.
    pub(crate) fn with_tap(self, tap: Option<Box<Tap>>) -> Self {
        Self { tap, ..self }
    }

    /// Tells that these bytes were written to the stream below.
    pub(super) fn tell_written(&mut self, bytes: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap.sent(bytes);
        }
    }

    /// What is measured.
    pub(crate) fn meter(&mut self) -> &mut Meter {
        &mut self.meter
    }

    /// The message as it is to be sent: compressed if that was negotiated and pays.
    ///
    /// Every message that is compressed must be sent, in the same order: the next may refer to it.
    pub fn compress(&mut self, message: Message) -> Message {
        self.protocol.save_memory(|| self.meter.is_near());
        let plain = self.tap.as_ref().map(|_| Plain::of(&message.clone().into_data()));
        let message = self.protocol.compress(message);
        if let (Some(tap), Some(plain), Message::Frame(_)) = (&mut self.tap, plain, &message) {
            tap.compressed(plain);
        }
        message
    }

    /// Why reads fail, if they do.
    pub fn end(&self) -> Option<&ReadEnd> {
        self.end.as_ref()
    }

    /// What the client sent so far.
    pub fn received(&self) -> Counters {
        self.protocol.received()
    }

    /// What crosses the wire, counted.
    pub(crate) fn protocol(&mut self) -> &mut Protocol {
        &mut self.protocol
    }

    /// Whether all that came from the client are whole messages and control frames.
    pub fn is_between_messages(&self) -> bool {
        self.protocol.is_between_messages()
    }

    /// Whether the peer has ended or reset the connection.
    pub(super) fn has_hung_up(&self) -> bool {
        (self.has_hung_up)(&self.stream)
    }

    /// The stream below.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream below; what is written there is not counted.
    pub(crate) fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream below, and nothing of the frames.
    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for FrameLayer<S> {
    /// 1. Asks the meter whether there is memory to read.
    /// 2. Transfers frames from the stream to `buf`; the callback notes the close frame, and sizes for the tap.
    /// 3. Counts what was passed on and what is kept, and notes a violation.
    /// 4. Tells tungstenite: bytes, an end, or that there is nothing yet.
    ///
    /// One function, because the callback and the bridge borrow the parts of the frame layer.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, protocol, end, meter, has_hung_up, tap, .. } = self.get_mut();
        let before = buf.filled().len();
        let may_read = match meter.poll_may_read(cx, protocol, || has_hung_up(stream)) {
            Ok(may_read) => may_read.is_ready(),
            Err(overdrawn) => return fail(end, overdrawn.into()),
        };
        let is_tapped = tap.is_some();
        let mut decoded = Vec::new();
        let mut on_message = |opcode, payload: &[u8]| {
            if is_tapped && matches!(opcode, OpCode::Data(_)) {
                decoded.push(Plain::of(payload));
            }
            if opcode == OpCode::Control(Control::Close) {
                let frame = close::read(payload).ok().flatten();
                *end = Some(ReadEnd::Closed(frame.map(|(code, reason)| CloseFrame { code, reason: reason.into() })));
            }
        };
        let mut bridge = Bridge { stream, cx, buf, tap: tap.as_deref_mut() };
        let status = match may_read {
            true => protocol.transfer(&mut bridge, &mut on_message)?,
            // What is complete goes on.
            false => protocol.flush(&mut bridge)?,
        };
        if let Err(overdrawn) = meter.passed(buf.filled().len() - before, protocol) {
            return fail(end, overdrawn.into());
        }
        let violation = protocol.violation().filter(|_| !matches!(end, Some(ReadEnd::Violation(_))));
        if let Some(violation) = violation {
            *end = Some(ReadEnd::Violation(violation));
        }
        if let Some(tap) = tap {
            decoded.into_iter().for_each(|message| tap.decoded(message));
            if end.is_some() {
                tap.release();
            }
            if let Some(violation) = violation {
                tap.violation(violation);
            }
        }
        match status {
            _ if buf.filled().len() > before => Poll::Ready(Ok(())),
            Status::NeedInput if may_read && meter.poll_message(cx, protocol).is_ready() => fail(end, ReadEnd::TooSlow),
            Status::NeedInput => Poll::Pending,
            Status::Yield => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Status::Done if end.is_some() => Poll::Ready(Err(io::ErrorKind::InvalidData.into())),
            Status::Done | Status::OutputFull => Poll::Ready(Ok(())),
        }
    }
}

/// Ends the reading.
fn fail(end: &mut Option<ReadEnd>, why: ReadEnd) -> Poll<io::Result<()>> {
    *end = Some(why);
    Poll::Ready(Err(io::ErrorKind::InvalidData.into()))
}

/// What the protocol transfers between here: it reads from the stream, and writes to who reads from the frame layer.
struct Bridge<'poll, 'cx, 'buf, S> {
    stream: &'poll mut S,
    cx: &'poll mut Context<'cx>,
    buf: &'poll mut ReadBuf<'buf>,
    tap: Option<&'poll mut Tap>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Bridge<'_, '_, '_, S> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, cx, tap, .. } = &mut *self;
        let before = buf.filled().len();
        ready!(Pin::new(&mut **stream).poll_read(cx, buf))?;
        if let Some(tap) = tap {
            tap.received(&buf.filled()[before..]);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: Unpin> AsyncWrite for Bridge<'_, '_, '_, S> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.buf.remaining());
        self.buf.put_slice(&bytes[..count]);
        if count == 0 { Poll::Pending } else { Poll::Ready(Ok(count)) }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameLayer<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.meter.buffered(buf.len());
        let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, buf))?;
        this.meter.buffered(buf.len() - taken);
        this.protocol.count_sent(buf, taken);
        this.tell_written(&buf[..taken]);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
