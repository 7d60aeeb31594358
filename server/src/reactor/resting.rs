//! A socket at rest. Never waits: what cannot be done now is pending, and nobody is woken for it but by the reactor.

use std::{
    io,
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use mio::{Interest, Registry, Token, event::Event, net::TcpStream};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A socket that the reactor watches.
#[derive(Debug)]
pub(super) struct Resting {
    socket: TcpStream,
    /// Whether all that had come was read; the reactor is told of more.
    is_dry: bool,
    /// Whether there is an end or a fault behind what comes, of which the reactor is told but once.
    is_ending: bool,
    /// Whether it is watched for room, too.
    is_watched_for_room: bool,
}

impl Resting {
    /// Has a socket watched for what its peer sends.
    pub(super) fn watch(socket: tokio::net::TcpStream, registry: &Registry, token: Token) -> io::Result<Self> {
        let mut socket = TcpStream::from_std(socket.into_std()?);
        registry.register(&mut socket, token, Interest::READABLE)?;
        Ok(Self { socket, is_dry: true, is_ending: false, is_watched_for_room: false })
    }

    /// Has it watched for room for what it is to send, too, from now on.
    pub(super) fn watch_room(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if !self.is_watched_for_room {
            registry.reregister(&mut self.socket, token, Interest::READABLE | Interest::WRITABLE)?;
            self.is_watched_for_room = true;
        }
        Ok(())
    }

    /// Gives the socket back to tokio.
    pub(super) fn into_tokio(mut self, registry: &Registry) -> io::Result<tokio::net::TcpStream> {
        registry.deregister(&mut self.socket)?;
        tokio::net::TcpStream::from_std(self.socket.into())
    }

    /// Notes what there is to be done.
    pub(super) fn notice(&mut self, event: &Event) {
        self.is_ending |= event.is_read_closed() || event.is_error();
        self.is_dry &= !event.is_readable() && !self.is_ending;
    }

    /// Drops the socket and what its peer has not read.
    pub(super) fn reset(self) {
        // Where it cannot be told so, the system goes on for a while to send what waits.
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

impl AsyncRead for Resting {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_dry {
            return Poll::Pending;
        }
        let room = buf.initialize_unfilled();
        match recv(&self.socket, &mut *room, RecvFlags::empty()).map_err(io::Error::from) {
            Ok((count, _)) => {
                // Less than there is room for is all that had come; but an end behind it is never told of again.
                self.is_dry = count < room.len() && !self.is_ending;
                buf.advance(count);
                Poll::Ready(Ok(()))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_dry = true;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

impl AsyncWrite for Resting {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match send(&self.socket, bytes, SendFlags::NOSIGNAL).map_err(io::Error::from) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            written => Poll::Ready(written),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(self.socket.shutdown(Shutdown::Write))
    }
}
