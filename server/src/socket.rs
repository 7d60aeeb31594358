//! A connection's socket: TCP, or a Unix socket where the system has those.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

#[cfg(unix)]
use rustix::net::{RecvFlags, recv};
use socket2::SockRef;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf, Ready},
    net::TcpStream,
};

use crate::peer::Local;

/// Runs the same on whichever socket it is.
macro_rules! either {
    ($socket:expr, $stream:ident => $result:expr) => {
        match $socket {
            Socket::Tcp($stream) => $result,
            #[cfg(unix)]
            Socket::Unix($stream) => $result,
        }
    };
}

/// A connected socket of tokio's.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl From<TcpStream> for Socket {
    fn from(stream: TcpStream) -> Self {
        Self::Tcp(stream)
    }
}

#[cfg(unix)]
impl From<UnixStream> for Socket {
    fn from(stream: UnixStream) -> Self {
        Self::Unix(stream)
    }
}

impl Socket {
    /// What the client connected to.
    ///
    /// # Errors
    /// The connection is gone.
    pub(crate) fn local(&self) -> io::Result<Local> {
        match self {
            Self::Tcp(stream) => Ok(Local::Address(stream.local_addr()?.ip())),
            #[cfg(unix)]
            Self::Unix(_) => Ok(Local::Unix),
        }
    }

    /// Sets what TCP needs to carry frames well. Where the system refuses, all works as well, only later.
    pub(crate) fn prepare(&self) {
        if let Self::Tcp(stream) = self {
            // Answers are written whole, so waiting for more to send (Nagle) would only delay them.
            let _ = stream.set_nodelay(true);
            // An urgent byte is one of the stream (RFC 6093, 5): without it, a frame would lack a byte.
            let _ = SockRef::from(stream).set_out_of_band_inline(true);
        }
    }

    /// Makes the drop reset the connection: the system forgets what the peer has not read.
    pub(crate) fn reset_at_end(&self) {
        let _ = self.options().set_linger(Some(Duration::ZERO));
    }

    pub(crate) fn options(&self) -> SockRef<'_> {
        either!(self, stream => SockRef::from(stream))
    }

    /// The address that the client connected to, if there is one.
    pub(crate) fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(stream) => stream.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    /// Reads what comes next, and leaves it to be read again.
    pub(crate) async fn peek(&self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.peek(room).await,
            #[cfg(unix)]
            Self::Unix(stream) => {
                let peek = || Ok(recv(stream, &mut *room, RecvFlags::PEEK)?.0);
                stream.async_io(Interest::READABLE, peek).await
            }
        }
    }

    pub(crate) async fn ready(&self, interest: Interest) -> io::Result<Ready> {
        either!(self, stream => stream.ready(interest).await)
    }

    pub(crate) async fn readable(&self) -> io::Result<()> {
        either!(self, stream => stream.readable().await)
    }

    pub(crate) fn poll_read_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, stream => stream.poll_read_ready(cx))
    }

    pub(crate) fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_read(room))
    }

    pub(crate) fn try_read_buf(&self, room: &mut ReadBuf<'_>) -> io::Result<usize> {
        either!(self, stream => stream.try_read_buf(room))
    }

    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        either!(self, stream => stream.try_write(bytes))
    }

    /// Takes it out of tokio's hands.
    pub(crate) fn into_system(self) -> io::Result<socket2::Socket> {
        either!(self, stream => Ok(stream.into_std()?.into()))
    }

    /// Waits for it from now on in the runtime that this is called on.
    pub(crate) fn move_to_this_runtime(self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => TcpStream::from_std(stream.into_std()?).map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => UnixStream::from_std(stream.into_std()?).map(Self::Unix),
        }
    }

    /// Another socket for the same connection, in the runtime that this is called on.
    pub(crate) fn again_in_this_runtime(&self) -> io::Result<Self> {
        match self {
            Self::Tcp(stream) => TcpStream::from_std(SockRef::from(stream).try_clone()?.into()).map(Self::Tcp),
            #[cfg(unix)]
            Self::Unix(stream) => UnixStream::from_std(SockRef::from(stream).try_clone()?.into()).map(Self::Unix),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buffer))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_write_vectored(cx, buffers))
    }

    fn is_write_vectored(&self) -> bool {
        either!(self, stream => stream.is_write_vectored())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
