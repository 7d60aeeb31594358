//! A stream whose writes fail when the peer has read nothing for too long. Never limits how long a peer may be silent:
//! that is the keep-alive's.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use crate::socket::Socket;

/// Wraps a stream; a write that makes no progress for the given time is [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub(crate) struct WriteTimeout<S> {
    stream: S,
    time: Duration,
    /// Runs while a write waits; there is none on a connection whose peer reads.
    stalled: Option<Pin<Box<Sleep>>>,
    progress: Progress,
}

/// What has become of the writes so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing was written.
    Nothing,
    /// Something was written.
    Written,
    /// A write came to nothing for too long.
    TimedOut,
    /// The connection is to be reset.
    Reset,
}

impl<S> WriteTimeout<S> {
    pub(crate) fn new(stream: S, time: Duration) -> Self {
        Self { stream, time, stalled: None, progress: Progress::Nothing }
    }

    pub(crate) fn reset_at_end(&mut self) {
        self.progress = Progress::Reset;
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes what is written from now on for the first.
    pub(crate) fn forget_progress(&mut self) {
        self.progress = Progress::Nothing;
    }

    pub(crate) fn inner(&self) -> &S {
        &self.stream
    }

    pub(crate) fn inner_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    /// Passes on what a write of `bytes` has come to, and watches the clock while it has come to nothing.
    ///
    /// The system says that there is room again only when a third of the buffer is free. A peer that reads slowly may not
    /// come so far in the time, so at the end it is tried: room for one segment is enough.
    fn watch(
        &mut self,
        cx: &mut Context<'_>,
        bytes: &[u8],
        mut written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>>
    where
        S: WriteNow,
    {
        let time = self.time;
        if written.is_pending() {
            let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(time)));
            ready!(stalled.as_mut().poll(cx));
            written = self.stream.write_now(bytes).map_or(Poll::Pending, |count| Poll::Ready(Ok(count)));
        }
        if written.is_ready() {
            self.stalled = None;
            self.progress = Progress::Written;
            return written;
        }
        self.progress = Progress::TimedOut;
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, format!("the peer has read nothing for {time:?}"))))
    }
}

/// A stream that can be written to at once, whether it is taken to be ready or not.
pub(crate) trait WriteNow {
    fn write_now(&self, bytes: &[u8]) -> io::Result<usize>;
}

impl WriteNow for Socket {
    fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        self.options().send(bytes)
    }
}

impl AsyncRead for WriteTimeout<Socket> {
    /// tokio's own takes a read that fills less than the buffer for the last. It may have stopped before an urgent byte.
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            match self.stream.try_read_buf(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(drop)),
            }
        }
    }
}

impl<S: AsyncWrite + WriteNow + Unpin> AsyncWrite for WriteTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, bytes, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        let first = buffers.iter().find(|buffer| !buffer.is_empty()).map_or(&[][..], |buffer| buffer);
        self.watch(cx, first, written)
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    impl WriteNow for DuplexStream {
        fn write_now(&self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_nothing_is_given_up_after_the_time() {
        let (near, _far) = duplex(10);
        let mut stream = WriteTimeout::new(near, Duration::from_secs(20));
        let start = tokio::time::Instant::now();
        let error = stream.write_all(&[0; 11]).await.unwrap_err();
        assert_eq!((error.kind(), start.elapsed().as_secs()), (io::ErrorKind::TimedOut, 20));
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_slowly_may_take_its_time() {
        let (near, mut far) = duplex(10);
        let mut stream = WriteTimeout::new(near, Duration::from_secs(20));
        let reader = tokio::spawn(async move {
            for _ in 0..10 {
                sleep(Duration::from_secs(15)).await;
                far.read_exact(&mut [0; 10]).await.unwrap();
            }
        });
        stream.write_all(&[0; 100]).await.unwrap();
        reader.await.unwrap();
    }
}
