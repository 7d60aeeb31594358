//! The frame layer: what lies between a socket and tungstenite. It fails a connection as soon as a header or a byte of
//! text shows it to be wrong, inflates and compresses messages where permessage-deflate was agreed, and counts frames.
//! Never speaks for tungstenite: close frames, the assembling of messages and pings within them stay there.

mod counters;
mod decoder;
pub mod deflate;
mod header;
mod message;
mod output;
#[cfg(test)]
mod tests;
mod thread_buffers;
mod utf8;
mod violation;

use std::{
    io, mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::Data};

use self::deflate::{Agreed, Deflater};
pub use counters::Counters;
use counters::Sent;
pub use decoder::{Decoder, Reply};
use decoder::{Deflation, PING, Turn};
pub use message::Limits;
use output::Output;
use thread_buffers::{EXTRA_READ, READ_BUDGET, READ_SIZE, ThreadBuffers};
pub use violation::ProtocolViolation;

/// A server's stream for `WebSocketStream`, with the frame layer around the socket's own.
///
/// After a [`ProtocolViolation`] all reads fail with it ([`ProtocolViolation::from_error`]), while writes go on: so everything before it is
/// answered, and then the close frame can be sent.
#[derive(Debug)]
pub struct FrameLayer<S> {
    stream: S,
    decoder: Decoder,
    /// There where something could not go on, now or a moment ago. A connection at rest is smaller without it.
    kept: Option<Box<Leftovers>>,
    /// There where permessage-deflate was agreed.
    deflater: Option<Box<Deflater>>,
    sent: Sent,
}

/// What could not go on.
#[derive(Debug, Default)]
struct Leftovers {
    /// What came from the socket and has not passed the decoder: what is behind a compressed frame's start, or part of a
    /// header. Never more than one read.
    input: BytesMut,
    /// What has passed the decoder and not gone on: the start of a message that was to be turned.
    passed: BytesMut,
    /// Answers of the fast path that the socket has not taken.
    output: Output,
}

impl Leftovers {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.passed.is_empty() && self.output.is_empty()
    }
}

/// Why the fast path ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// There is something that is not for it: read on in the general way.
    Other,
    /// It is the next connection's turn: go on, there is more.
    Again,
    /// The peer has ended its side, and everything whole that came before is answered.
    Ended,
}

impl<S> FrameLayer<S> {
    /// FrameLayer over `stream`, of which `read_ahead` was read already, together with the handshake.
    pub fn new(stream: S, read_ahead: BytesMut, limits: Limits, agreed: Option<Agreed>) -> Self {
        let kept = Leftovers { input: read_ahead, ..Leftovers::default() };
        Self {
            stream,
            decoder: Decoder::new(limits, agreed.as_ref()),
            kept: (!kept.is_empty()).then(|| Box::new(kept)),
            deflater: agreed.map(|agreed| Box::new(Deflater::new(&agreed))),
            sent: Sent::default(),
        }
    }

    /// The message as it is to be sent: compressed if that was agreed and can pay.
    ///
    /// Messages must be sent in the order in which they were given here, each of them: the next may refer to it.
    pub fn compress(&mut self, message: Message) -> Message {
        match &mut self.deflater {
            Some(deflater) => deflater.compress(message),
            None => message,
        }
    }

    /// Whether permessage-deflate was agreed.
    pub fn is_compressing(&self) -> bool {
        self.deflater.is_some()
    }

    /// What the client sent so far.
    pub fn received(&self) -> Counters {
        self.decoder.received()
    }

    /// What the socket took so far.
    pub fn sent(&self) -> Counters {
        self.sent.counters
    }

    /// Whether all that came from the client are whole messages and control frames.
    pub fn is_between_messages(&self) -> bool {
        let has_none = |kept: &Leftovers| kept.input.is_empty() && kept.passed.is_empty();
        self.kept.as_deref().is_none_or(has_none) && self.decoder.is_between_messages()
    }

    /// Whether answers of the fast path wait for the socket.
    pub fn is_blocked(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| !kept.output.ready().is_empty())
    }

    /// Whether nothing is under way, in neither direction.
    pub fn is_quiet(&self) -> bool {
        self.kept.as_deref().is_none_or(Leftovers::is_empty) && self.decoder.is_between_messages()
    }

    /// Adds a ping to what the fast path is to send, when all [is quiet](Self::is_quiet).
    pub fn ping(&mut self) {
        let output = &mut self.kept().output;
        output.begin(PING, 0, &[]);
        output.end_control();
    }

    /// Whether there is something to be looked at that did not come from the socket just now.
    pub fn has_input(&self) -> bool {
        !self.input().is_empty()
    }

    /// The stream below, not to be read or written.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream itself, to be closed.
    pub fn into_inner(self) -> S {
        self.stream
    }

    fn kept(&mut self) -> &mut Leftovers {
        self.kept.get_or_insert_default()
    }

    fn input(&self) -> &[u8] {
        self.kept.as_ref().map_or(&[], |kept| &kept.input)
    }

    /// Lets go of what is of no use any more.
    fn settle(&mut self) {
        self.kept.take_if(|kept| kept.is_empty());
    }

    /// What has passed already; `false` if there is none.
    fn read_passed(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let Some(kept) = self.kept.as_mut().filter(|kept| !kept.passed.is_empty()) else { return false };
        let count = kept.passed.len().min(buf.remaining());
        buf.put_slice(&kept.passed.split_to(count));
        if kept.passed.is_empty() {
            kept.passed = BytesMut::new();
        }
        self.settle();
        true
    }

    /// Reads what is there already; `false` if more has to come.
    fn read_input(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<bool> {
        let input = self.kept.as_ref().map_or(&[][..], |kept| &kept.input);
        if input.is_empty() && !self.decoder.has_more() {
            return Ok(false);
        }
        let mut rest = input;
        let filled = self.decoder.read(&mut rest, buf.initialize_unfilled())?;
        let taken = input.len() - rest.len();
        if let Some(kept) = &mut self.kept {
            kept.input.advance(taken);
        }
        self.settle();
        buf.advance(filled);
        Ok(filled > 0)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameLayer<S> {
    /// The fast path: answers plain messages as they come, for as long as nothing else comes. `seen` is told of each.
    ///
    /// Reads on only when the answers are written, and after 256 KiB only when it is called again. What others have read or
    /// left is taken up, so that the stream may be used in the general way between two polls.
    pub fn poll_echo(
        &mut self,
        cx: &mut Context<'_>,
        reply: Option<Reply>,
        seen: &mut impl FnMut(Data, &[u8]),
    ) -> Poll<io::Result<Leave>> {
        if self.is_blocked() {
            ready!(self.poll_send(cx))?;
        }
        // What came with the handshake may be more than there is room for.
        if self.input().len() > READ_SIZE {
            return Poll::Ready(Ok(Leave::Other));
        }
        ThreadBuffers::with(|scratch| {
            if let Some(kept) = &mut self.kept
                && kept.output.room() > 0
            {
                scratch.resume(mem::take(&mut kept.output));
            }
            let turned = self.turn(cx, reply, seen, scratch);
            if !scratch.output.is_empty() {
                self.kept().output = scratch.keep();
                return turned;
            }
            scratch.settle();
            self.settle();
            turned
        })
    }

    fn turn(
        &mut self,
        cx: &mut Context<'_>,
        reply: Option<Reply>,
        seen: &mut impl FnMut(Data, &[u8]),
        ThreadBuffers { input: room, output, rooms, .. }: &mut ThreadBuffers,
    ) -> Poll<io::Result<Leave>> {
        let (mut start, mut filled) = (0, self.input().len());
        if filled > 0 {
            room[..filled].copy_from_slice(&mem::take(&mut self.kept().input));
        }
        let is_compressing = self.is_compressing();
        let deflater = self.deflater.as_deref_mut();
        let mut deflation = deflater.map(|deflater| Deflation::new(deflater, rooms));
        let mut left = READ_BUDGET;
        let result = loop {
            // What lies there is looked at before more is read.
            let mut turn = Turn::Dry;
            if start < filled || self.decoder.has_more() {
                let mut rest = &room[start..filled];
                turn = self.decoder.turn(&mut rest, reply, &mut deflation, output, seen);
                start = filled - rest.len();
                match send(&mut self.stream, output, &mut self.sent, is_compressing, cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                    Poll::Pending => break Poll::Pending,
                }
            }
            match turn {
                Turn::Other => break Poll::Ready(Ok(Leave::Other)),
                Turn::Full if deflation.as_ref().is_some_and(Deflation::is_spent) => {
                    break Poll::Ready(Ok(Leave::Again));
                }
                Turn::Full => continue,
                Turn::Dry if left == 0 => break Poll::Ready(Ok(Leave::Again)),
                Turn::Dry => {}
            }
            if start < filled {
                room.copy_within(start..filled, 0);
            }
            (start, filled) = (0, filled - start);
            let more = READ_SIZE + self.decoder.turning().min(EXTRA_READ);
            let mut buf = ReadBuf::new(&mut room[filled..more]);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Ready(Ok(())) if buf.filled().is_empty() => break Poll::Ready(Ok(Leave::Ended)),
                Poll::Ready(Ok(())) => {
                    left = left.saturating_sub(buf.filled().len());
                    filled += buf.filled().len();
                }
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => break Poll::Pending,
            }
        };
        if let Some(passed) = deflation.and_then(Deflation::into_passed) {
            self.kept().passed.unsplit(passed);
        }
        if start < filled {
            self.kept().input = BytesMut::from(&room[start..filled]);
        }
        result
    }

    /// Leaves the fast path: what it has of an unfinished message goes the general way.
    pub fn return_unfinished(&mut self) {
        let Some(Leftovers { passed, output, .. }) = self.kept.as_deref_mut() else { return };
        passed.unsplit(self.decoder.return_unfinished(output));
        if output.is_roomy() {
            drop(output.shrink());
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_compressing = self.is_compressing();
        let Some(kept) = &mut self.kept else { return Poll::Ready(Ok(())) };
        send(&mut self.stream, &mut kept.output, &mut self.sent, is_compressing, cx)
    }
}

/// Sends answers of the fast path.
#[inline(always)]
fn send<S: AsyncWrite + Unpin>(
    stream: &mut S,
    output: &mut Output,
    sent: &mut Sent,
    may_be_compressed: bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    while !output.ready().is_empty() {
        let taken = ready!(Pin::new(&mut *stream).poll_write(cx, output.ready()))?;
        if taken == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        match output.answers(taken).filter(|_| !may_be_compressed) {
            Some(answers) => sent.counters.add(answers, taken),
            None => sent.took(output.ready(), taken),
        }
        output.took(taken);
    }
    Poll::Ready(Ok(()))
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameLayer<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.read_passed(buf) {
            return Poll::Ready(Ok(()));
        }
        loop {
            if buf.remaining() < this.decoder.room() {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidInput, "buffer too small for a header")));
            }
            if this.read_input(buf)? {
                return Poll::Ready(Ok(()));
            }
            // The bytes go straight to the caller, behind the part of a header that may be left over.
            let start = buf.filled().len();
            buf.put_slice(this.input());
            let fresh = buf.filled().len();
            let read = Pin::new(&mut this.stream).poll_read(cx, buf);
            if read.is_pending() || buf.filled().len() == fresh {
                buf.set_filled(start);
                return read;
            }
            ready!(read)?;
            let passed = start + this.decoder.pass(&buf.filled()[start..]);
            let rest = &buf.filled()[passed..];
            if !rest.is_empty() || this.kept.is_some() {
                this.kept().input = BytesMut::from(rest);
                this.settle();
            }
            buf.set_filled(passed);
            if passed > start {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for FrameLayer<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, buf))?;
        this.sent.took(buf, taken);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(cx))?;
        Pin::new(&mut this.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
