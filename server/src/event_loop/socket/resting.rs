//! A socket at rest. Never waits: what cannot be done now is pending, and nobody is woken for it but by the reactor.

use std::{
    io, mem,
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use mio::{Interest, Registry, Token, event::Event, net::TcpStream};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Socket;
use crate::write_timeout::WriteTimeout;

/// A socket that the reactor watches.
#[derive(Debug)]
pub(crate) struct Resting {
    socket: TcpStream,
    /// Whether all that had come was read; the reactor is told of more.
    is_dry: bool,
    /// Whether there is an end or a fault behind what comes, of which the reactor is told but once.
    is_ending: bool,
    /// Whether it is watched for room, too.
    is_watched_for_room: bool,
}

impl Socket {
    /// Has the reactor watch it for what its peer sends.
    pub(crate) fn rest(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let Self::Awake(stream) = mem::replace(self, Self::Lost) else { return Ok(()) };
        let mut socket = TcpStream::from_std(stream.into_inner().into_std()?);
        registry.register(&mut socket, token, Interest::READABLE)?;
        *self = Self::Resting(Resting { socket, is_dry: true, is_ending: false, is_watched_for_room: false });
        Ok(())
    }

    /// Has tokio watch it again; what its peer does not read waits for so long.
    pub(crate) fn wake(&mut self, registry: &Registry, write_timeout: Duration) -> io::Result<()> {
        let Self::Resting(Resting { mut socket, .. }) = mem::replace(self, Self::Lost) else { return Ok(()) };
        registry.deregister(&mut socket)?;
        let stream = tokio::net::TcpStream::from_std(socket.into())?;
        *self = Self::Awake(Box::new(WriteTimeout::new(stream, write_timeout)));
        Ok(())
    }

    /// The socket at rest, if it is.
    pub(crate) fn resting(&mut self) -> Option<&mut Resting> {
        if let Self::Resting(resting) = self { Some(resting) } else { None }
    }
}

impl Resting {
    /// Has it watched for room for what it is to send, too, from now on.
    pub(crate) fn watch_room(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if !self.is_watched_for_room {
            registry.reregister(&mut self.socket, token, Interest::READABLE | Interest::WRITABLE)?;
            self.is_watched_for_room = true;
        }
        Ok(())
    }

    /// Notes what there is to be done.
    pub(crate) fn notice(&mut self, event: &Event) {
        self.is_ending |= event.is_read_closed() || event.is_error();
        self.is_dry &= !event.is_readable() && !self.is_ending;
    }

    /// Has what its peer has not read dropped with it.
    pub(crate) fn forget_output(&self) {
        // Where it cannot be told so, the system goes on for a while to send what waits.
        let _ = SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

// Inlined, as everything between a turn and its system calls: they leave nothing of where the processor expects to
// return to, so that each return after them costs as much as twenty instructions.
impl AsyncRead for Resting {
    #[inline(always)]
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
    #[inline(always)]
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
