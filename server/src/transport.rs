//! What a connection's bytes travel over: TCP, or TLS over it.

use std::{
    io::{self, IoSlice},
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::BytesMut;
use futures_util::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, Interest, ReadBuf},
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use crate::{
    budget::Charge,
    linger,
    socket::Socket,
    write_timeout::{Progress, WriteTimeout},
};

/// A connection's socket, with the bound on how long its peer may read nothing.
pub(crate) type Stream = WriteTimeout<Socket>;

/// Room for a record of TLS: 16 KiB of payload, and what is around it
/// ([RFC 8446, 5.2](https://www.rfc-editor.org/rfc/rfc8446#section-5.2)); with a message of that size come a few bytes more.
const RECORD: usize = 20 << 10;

/// What a connection over TLS takes beside what is counted for it over TCP, in bytes: the keys, and a part of a record.
const TLS_STATE: u64 = 16 << 10;
/// What TLS holds for a socket that takes nothing, in bytes: twice [`TLS_OUTPUT`], because a record may go beyond that.
const TLS_BLOCKED: u64 = 2 * TLS_OUTPUT as u64;
/// Bytes of records that wait for the socket before TLS takes no more: one record.
pub(crate) const TLS_OUTPUT: usize = 16 << 10;

/// A connection's stream, below HTTP and below WebSocket.
#[derive(Debug)]
pub(crate) enum Transport {
    Plain(Stream),
    /// After the handshake.
    Tls(Box<TlsStream<TlsSocket>>),
}

impl Transport {
    /// A connection whose TLS handshake is done; `charge` counts what TLS holds.
    pub(crate) fn tls(mut stream: TlsStream<TlsSocket>, charge: Charge) -> Self {
        let socket = stream.get_mut().0;
        // What the handshake wrote is no answer.
        socket.stream.forget_progress();
        socket.charge = charge;
        socket.count();
        Self::Tls(Box::new(stream))
    }

    fn stream(&self) -> &Stream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &stream.get_ref().0.stream,
        }
    }

    /// What has become of the writes so far, those of a TLS handshake left out.
    pub(crate) fn progress(&self) -> Progress {
        self.stream().progress()
    }

    /// Whether the TLS handshake has chosen HTTP/2.
    pub(crate) fn has_agreed_on_http2(&self) -> bool {
        match self {
            Self::Plain(_) => false,
            Self::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }

    /// Whether the peer has ended or reset the connection. Nothing is read for that: what came before may still lie there.
    pub(crate) fn has_hung_up(&self) -> bool {
        let ready = self.stream().inner().ready(Interest::READABLE | Interest::ERROR).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed() || ready.is_error()))
    }

    /// Makes [`close`](Self::close) reset the connection.
    pub(crate) fn reset_at_end(&mut self) {
        match self {
            Self::Plain(stream) => stream.reset_at_end(),
            Self::Tls(stream) => stream.get_mut().0.stream.reset_at_end(),
        }
    }

    /// The version of TLS, if that is spoken.
    pub(crate) fn tls_version(&self) -> Option<String> {
        match self {
            Self::Plain(_) => None,
            Self::Tls(stream) => stream.get_ref().1.protocol_version().map(|version| format!("{version:?}")),
        }
    }

    /// What the TLS handshake negotiated, if there was one.
    pub(crate) fn negotiated(&self) -> Option<wire::event::Tls> {
        let Self::Tls(stream) = self else { return None };
        let connection = stream.get_ref().1;
        let alpn = connection.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned());
        let cipher = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Some(wire::event::Tls {
            version: self.tls_version().unwrap_or_default(),
            cipher: cipher.unwrap_or_default(),
            alpn,
            server_name: connection.server_name().map(str::to_owned),
        })
    }

    /// Waits for its socket from now on in the runtime that this is called on.
    ///
    /// # Errors
    /// The system has no file descriptor left.
    pub(crate) fn move_to_this_runtime(self, write_timeout: Duration) -> io::Result<Self> {
        match self {
            Self::Plain(stream) => {
                let socket = stream.into_inner().move_to_this_runtime()?;
                Ok(Self::Plain(WriteTimeout::new(socket, write_timeout)))
            }
            Self::Tls(mut stream) => {
                // The socket cannot be taken out from under TLS, but another one for the same connection can take its place.
                let io = &mut stream.get_mut().0.stream;
                let socket = io.inner().again_in_this_runtime()?;
                *io = WriteTimeout::new(socket, write_timeout);
                Ok(Self::Tls(stream))
            }
        }
    }

    /// Whether the peer has read nothing for too long.
    pub(crate) fn has_timed_out(&self) -> bool {
        self.progress() == Progress::TimedOut
    }

    /// Ends the connection so that the peer can still read what was sent, unless it reads nothing.
    pub(crate) async fn close(self) {
        if matches!(self.progress(), Progress::TimedOut | Progress::Reset) {
            return self.stream().inner().reset_at_end();
        }
        let socket = match self {
            Self::Plain(stream) => stream.into_inner(),
            Self::Tls(mut stream) => {
                // Ends with close_notify: without it, a peer cannot tell this end from one that somebody forged.
                let _ = timeout(linger::TIME, stream.shutdown()).await;
                stream.into_inner().0.into_inner().into_inner()
            }
        };
        linger::close(socket).await;
    }
}

/// The socket below TLS, which reads a record at once: rustls asks for it in parts of 4 KiB, and a system call for each
/// costs an echo of 16 KiB an eighth of its time.
#[derive(Debug)]
pub(crate) struct TlsSocket {
    stream: Stream,
    /// What was read and not asked for yet; owns no memory while it is empty.
    ahead: BytesMut,
    /// Whether the socket does not take what TLS has for it.
    is_blocked: bool,
    charge: Charge,
    /// Bytes that the charge has been told of.
    counted: u64,
}

impl TlsSocket {
    pub(crate) fn new(stream: Stream) -> Self {
        Self { stream, ahead: BytesMut::new(), is_blocked: false, charge: Charge::default(), counted: 0 }
    }

    /// Counts what TLS holds, where that has changed.
    fn count(&mut self) {
        let output = if self.is_blocked { TLS_BLOCKED } else { 0 };
        let held = TLS_STATE + output + self.ahead.capacity() as u64;
        if held != self.counted {
            self.counted = held;
            // Who reads or sends next is refused if that was too much.
            let _ = self.charge.note(held);
        }
    }

    pub(crate) fn into_inner(self) -> Stream {
        self.stream
    }
}

impl AsyncRead for TlsSocket {
    /// As tokio reads: what fills less than the buffer was all, which saves a system call for each message. An urgent byte
    /// may make that wrong ([`Stream`] reads on); over TLS nobody sends one.
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            let mut room = [MaybeUninit::uninit(); RECORD];
            let mut read = ReadBuf::uninit(&mut room);
            ready!(Pin::new(self.stream.inner_mut()).poll_read(cx, &mut read))?;
            let (now, later) = read.filled().split_at(read.filled().len().min(buffer.remaining()));
            buffer.put_slice(now);
            self.ahead.extend_from_slice(later);
            self.count();
        } else {
            let count = self.ahead.len().min(buffer.remaining());
            let now = self.ahead.split_to(count);
            buffer.put_slice(&now);
            if self.ahead.is_empty() {
                self.ahead = BytesMut::new();
                self.count();
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TlsSocket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.is_blocked = written.is_pending();
        self.count();
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.is_blocked = written.is_pending();
        self.count();
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
