//! The stream below tungstenite: the socket's own, with the frames that come from it checked and inflated.

use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::tungstenite::Message;

use crate::protocol::{
    Counters, Decoder, Limits, Sent,
    deflate::{Agreed, Deflater},
};

/// How much is read at a time, in bytes.
const READ_SIZE: usize = 8 << 10;

/// A server's stream for `WebSocketStream`.
///
/// After a [violation](crate::protocol::ProtocolViolation) every read fails with it, while writes go on: what came before
/// it is answered, and then the close frame is sent.
#[derive(Debug)]
pub struct FrameLayer<S> {
    stream: S,
    decoder: Decoder,
    /// What was read and has not gone through the decoder.
    input: BytesMut,
    /// Present if permessage-deflate was negotiated.
    deflater: Option<Box<Deflater>>,
    sent: Sent,
}

impl<S> FrameLayer<S> {
    /// Frames over `stream`, of which `read_ahead` was read already, together with the handshake.
    pub fn new(stream: S, read_ahead: BytesMut, limits: Limits, agreed: Option<Agreed>) -> Self {
        Self {
            stream,
            decoder: Decoder::new(limits, agreed.as_ref()),
            input: read_ahead,
            deflater: agreed.map(|agreed| Box::new(Deflater::new(&agreed))),
            sent: Sent::default(),
        }
    }

    /// The message as it is to be sent: compressed if that was negotiated and pays.
    ///
    /// Every message that is compressed must be sent, in the same order: the next may refer to it.
    pub fn compress(&mut self, message: Message) -> Message {
        match &mut self.deflater {
            Some(deflater) => deflater.compress(message),
            None => message,
        }
    }

    /// What the client sent so far.
    pub fn received(&self) -> Counters {
        self.decoder.received()
    }

    /// What the stream took so far.
    pub fn sent(&self) -> Counters {
        self.sent.counters
    }

    /// Whether all that came from the client are whole messages and control frames.
    pub fn is_between_messages(&self) -> bool {
        self.input.is_empty() && self.decoder.is_between_messages()
    }

    /// The stream below.
    pub fn stream(&self) -> &S {
        &self.stream
    }

    /// The stream below, and nothing of the frames.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Puts what was read through the decoder, as far as there is room.
    fn decode(&mut self, buf: &mut ReadBuf<'_>) -> io::Result<()> {
        let start = buf.filled().len();
        while buf.remaining() >= self.decoder.room() {
            let mut rest = &self.input[..];
            let decoded = self.decoder.read(&mut rest, buf.initialize_unfilled());
            let taken = self.input.len() - rest.len();
            self.input.advance(taken);
            match decoded {
                Ok(0) => break,
                Ok(count) => buf.advance(count),
                // The next read returns the same.
                Err(_) if buf.filled().len() > start => break,
                Err(end) => return Err(end.into()),
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FrameLayer<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() < this.decoder.room() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidInput, "buffer too small for a header")));
        }
        let start = buf.filled().len();
        loop {
            this.decode(buf)?;
            if buf.filled().len() > start {
                return Poll::Ready(Ok(()));
            }
            let mut room = [MaybeUninit::uninit(); READ_SIZE];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(&mut this.stream).poll_read(cx, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.input.extend_from_slice(read.filled());
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FrameLayer<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let taken = ready!(Pin::new(&mut this.stream).poll_write(cx, buf))?;
        this.sent.took(buf, taken);
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
