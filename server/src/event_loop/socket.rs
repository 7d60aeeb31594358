//! A socket on the event loop, TCP or Unix. Nothing here waits: what would block is pending, and the event loop polls for it.

use std::{
    io,
    net::Shutdown,
    os::fd::AsRawFd,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use mio::{Interest, Registry, Token, event::Event, unix::SourceFd};
use rustix::net::{RecvFlags, SendFlags, recv, send};
use socket2::Socket as SystemSocket;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What is polled for input: on Linux the event says whether there is an urgent byte, too.
#[cfg(any(target_os = "linux", target_os = "android"))]
const INPUT: Interest = Interest::READABLE.add(Interest::PRIORITY);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const INPUT: Interest = Interest::READABLE;

/// A socket that is polled edge-triggered.
#[derive(Debug)]
pub(super) struct Socket {
    socket: SystemSocket,
    /// Whether a read would block: all that had come was read, and no event has come since.
    is_dry: bool,
    /// Whether a read that gives less than there is room for may not have been all: an end or a fault lies behind it, for
    /// which there is only one event, or there was an urgent byte, before which a read stops.
    may_stop_short: bool,
    /// Whether the end has been read.
    has_ended: bool,
    /// Whether an event said that the peer has ended its side, or that there is a fault.
    is_ending: bool,
    /// Whether it is polled for room to write, too.
    is_watched_for_room: bool,
}

impl Socket {
    /// Takes the socket from tokio.
    pub(super) fn new(socket: crate::socket::Socket) -> io::Result<Self> {
        let socket = socket.into_system()?;
        // Where urgent bytes cause no event, there may always be one.
        let may_stop_short = INPUT == Interest::READABLE;
        Ok(Self {
            socket,
            is_dry: true,
            may_stop_short,
            has_ended: false,
            is_ending: false,
            is_watched_for_room: false,
        })
    }

    /// Polls it for input. If there is some already, that is an event, too.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(&mut SourceFd(&self.socket.as_raw_fd()), token, INPUT)
    }

    /// Polls it for room to write, too, from now on.
    pub(super) fn watch_room(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        if !self.is_watched_for_room {
            registry.reregister(&mut SourceFd(&self.socket.as_raw_fd()), token, INPUT | Interest::WRITABLE)?;
            self.is_watched_for_room = true;
        }
        Ok(())
    }

    pub(super) fn notice(&mut self, event: &Event) {
        self.is_ending |= event.is_read_closed() || event.is_error();
        self.may_stop_short |= self.is_ending || event.is_priority();
        self.is_dry &= !event.is_readable() && !self.may_stop_short;
    }

    /// Makes the next read ask the system, whatever the events say.
    pub(super) fn expect_input(&mut self) {
        self.is_dry = false;
    }

    /// Whether the peer has ended its side or reset the connection, even if there is more to be read before that.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// Whether the peer has ended its side, and all that it sent was read.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Ends this side.
    pub(super) fn shutdown(&self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)
    }

    /// Makes the drop reset the connection, so that the system forgets what the peer has not read.
    pub(super) fn forget_output(&self) {
        // If the system refuses, it goes on sending for a while.
        let _ = self.socket.set_linger(Some(Duration::ZERO));
    }

    #[inline(always)]
    pub(super) fn recv(&mut self, room: &mut [u8]) -> Poll<io::Result<usize>> {
        if self.is_dry {
            return Poll::Pending;
        }
        match recv(&self.socket, &mut *room, RecvFlags::empty()).map_err(io::Error::from) {
            Ok((count, _)) => {
                self.has_ended = count == 0;
                self.is_dry = count < room.len() && !self.may_stop_short;
                Poll::Ready(Ok(count))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_dry = true;
                Poll::Pending
            }
            Err(error) => Poll::Ready(Err(error)),
        }
    }
}

// Inlined for the reason given at `Protocol::exchange`.
impl AsyncRead for Socket {
    #[inline(always)]
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = self.recv(buf.initialize_unfilled());
        read.map_ok(|count| buf.advance(count))
    }
}

impl AsyncWrite for Socket {
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
        Poll::Ready(self.shutdown())
    }
}
