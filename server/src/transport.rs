//! What a connection's bytes travel over: TCP, or TLS over it.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, Interest, ReadBuf},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use crate::{
    linger,
    write_timeout::{Progress, WriteTimeout},
};

/// A connection's socket, with the bound on how long its peer may read nothing.
pub(crate) type Stream = WriteTimeout<TcpStream>;

/// A connection's stream, below HTTP and below WebSocket.
#[derive(Debug)]
pub(crate) enum Transport {
    Tcp(Stream),
    /// After the handshake.
    Tls(Box<TlsStream<Stream>>),
}

impl Transport {
    /// A connection whose TLS handshake is done.
    pub(crate) fn tls(mut stream: TlsStream<Stream>) -> Self {
        // What the handshake wrote is no answer.
        stream.get_mut().0.forget_progress();
        Self::Tls(Box::new(stream))
    }

    fn stream(&self) -> &Stream {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(stream) => stream.get_ref().0,
        }
    }

    /// What has become of the writes so far, those of a TLS handshake left out.
    pub(crate) fn progress(&self) -> Progress {
        self.stream().progress()
    }

    /// Whether the peer has ended or reset the connection. Nothing is read for that: what came before may still lie there.
    pub(crate) fn has_hung_up(&self) -> bool {
        let ready = self.stream().inner().ready(Interest::READABLE | Interest::ERROR).now_or_never();
        ready.is_some_and(|ready| ready.is_ok_and(|ready| ready.is_read_closed() || ready.is_error()))
    }

    /// Makes [`close`](Self::close) reset the connection.
    pub(crate) fn reset_at_end(&mut self) {
        match self {
            Self::Tcp(stream) => stream.reset_at_end(),
            Self::Tls(stream) => stream.get_mut().0.reset_at_end(),
        }
    }

    /// The version of TLS, if that is spoken.
    pub(crate) fn tls_version(&self) -> Option<String> {
        match self {
            Self::Tcp(_) => None,
            Self::Tls(stream) => stream.get_ref().1.protocol_version().map(|version| format!("{version:?}")),
        }
    }

    /// Waits for its socket from now on in the runtime that this is called on.
    ///
    /// # Errors
    /// The system has no file descriptor left.
    pub(crate) fn move_to_this_runtime(self, write_timeout: Duration) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => {
                let socket = TcpStream::from_std(stream.into_inner().into_std()?)?;
                Ok(Self::Tcp(WriteTimeout::new(socket, write_timeout)))
            }
            Self::Tls(mut stream) => {
                // The socket cannot be taken out from under TLS, but another one for the same connection can take its place.
                let io = stream.get_mut().0;
                let socket = TcpStream::from_std(SockRef::from(io.inner()).try_clone()?.into())?;
                *io = WriteTimeout::new(socket, write_timeout);
                Ok(Self::Tls(stream))
            }
        }
    }

    /// Ends the connection so that the peer can still read what was sent, unless it reads nothing.
    pub(crate) async fn close(self) {
        if matches!(self.progress(), Progress::TimedOut | Progress::Reset) {
            // The system forgets what the peer does not read: the connection is reset.
            let _ = self.stream().inner().set_zero_linger();
            return;
        }
        let socket = match self {
            Self::Tcp(stream) => stream.into_inner(),
            Self::Tls(mut stream) => {
                // Ends with close_notify: without it, a peer cannot tell this end from one that somebody forged.
                let _ = timeout(linger::TIME, stream.shutdown()).await;
                stream.into_inner().0.into_inner()
            }
        };
        linger::close(socket).await;
    }
}

impl AsyncRead for Transport {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, buffers),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Tcp(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
