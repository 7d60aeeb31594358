//! A connection's socket, and who watches it. Never reads or writes by itself.

#[cfg(unix)]
mod resting;

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http::Stream;
#[cfg(unix)]
pub(crate) use resting::Resting;

/// A socket that goes between a worker's tasks and its reactor. The connection around it stays where it is, for to move
/// that would cost more than to watch another socket.
#[derive(Debug)]
pub(crate) enum Socket {
    /// tokio watches it. At rest there is no room for all that this takes.
    Awake(Box<Stream>),
    /// The reactor watches it.
    #[cfg(unix)]
    Resting(Resting),
    /// It failed on the way from one to the other.
    Lost,
}

/// Does something with the stream that there is.
macro_rules! delegate {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Awake($stream) => $call,
            #[cfg(unix)]
            Socket::Resting($stream) => $call,
            Socket::Lost => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    };
}

impl AsyncRead for Socket {
    #[inline(always)]
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Socket {
    #[inline(always)]
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        delegate!(self.get_mut(), stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self.get_mut(), stream => Pin::new(stream).poll_shutdown(cx))
    }
}
