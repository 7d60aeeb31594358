//! A connection in memory, for the server's protocol code without a socket.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The server's end of a connection whose client has already sent everything. Pieces limit how much one read or write
/// takes, so that a test can cut the stream anywhere.
#[derive(Debug)]
pub struct MemoryStream {
    sent: Vec<u8>,
    /// How much of `sent` was read.
    position: usize,
    /// Most bytes of each read or write, used over and over; 0 means that the socket is not ready once.
    pieces: Vec<usize>,
    next: usize,
    end: End,
    /// What the server wrote; empty where the stream is endless.
    pub received: Vec<u8>,
}

/// After the last byte of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The end of the stream.
    Eof,
    /// The same again.
    Again,
}

impl MemoryStream {
    /// Always ready, for as much as there is; then the stream ends.
    pub fn new(sent: &[u8]) -> Self {
        Self::in_pieces(sent, [usize::MAX])
    }

    /// The maximum sizes of successive reads and writes in bytes, repeated from the start. 0 means that
    /// the socket is not ready once. The stream ends after all that was sent.
    ///
    /// # Panics
    /// Without a piece above 0 the stream would never move.
    pub fn in_pieces(sent: &[u8], pieces: impl IntoIterator<Item = usize>) -> Self {
        let pieces: Vec<usize> = pieces.into_iter().collect();
        assert!(pieces.iter().any(|piece| *piece > 0), "no piece is above 0: {pieces:?}");
        Self { sent: sent.to_vec(), position: 0, pieces, next: 0, end: End::Eof, received: Vec::new() }
    }

    /// Each read gives one of the pieces, and the socket is not ready once before each; after the last comes the first
    /// again. Writes are discarded.
    pub fn endless(pieces: &[Vec<u8>]) -> Self {
        let sizes = pieces.iter().flat_map(|piece| [0, piece.len()]);
        Self { end: End::Again, ..Self::in_pieces(&pieces.concat(), sizes) }
    }

    /// Takes the next piece. A socket that is not ready wakes at once.
    fn piece(&mut self, cx: &mut Context<'_>) -> Poll<usize> {
        let piece = self.pieces[self.next];
        self.next = (self.next + 1) % self.pieces.len();
        if piece > 0 {
            return Poll::Ready(piece);
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for MemoryStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = ready!(self.piece(cx));
        if self.end == End::Again && self.position == self.sent.len() {
            self.position = 0;
        }
        let rest = &self.sent[self.position..];
        let count = piece.min(rest.len()).min(buf.remaining());
        buf.put_slice(&rest[..count]);
        self.position += count;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for MemoryStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.end == End::Again {
            return Poll::Ready(Ok(buf.len()));
        }
        let count = ready!(self.piece(cx)).min(buf.len());
        self.received.extend_from_slice(&buf[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn read(stream: &mut MemoryStream) -> Poll<Vec<u8>> {
        let mut bytes = [0; 16];
        let mut buf = ReadBuf::new(&mut bytes);
        let polled = Pin::new(stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
        polled.map(|read| read.map(|()| buf.filled().to_vec()).unwrap())
    }

    #[test]
    fn pieces_cut_reads_and_writes_and_the_stream_ends() {
        let mut stream = MemoryStream::in_pieces(b"abc", [2, 0]);
        assert_eq!(read(&mut stream), Poll::Ready(b"ab".to_vec()));
        assert!(read(&mut stream).is_pending());
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(Pin::new(&mut stream).poll_write(&mut cx, b"xyz"), Poll::Ready(Ok(2))));
        assert_eq!(stream.received, b"xy");
        assert!(read(&mut stream).is_pending());
        assert_eq!(read(&mut stream), Poll::Ready(b"c".to_vec()));
        assert!(read(&mut stream).is_pending());
        assert_eq!(read(&mut stream), Poll::Ready(Vec::new()));
    }

    #[test]
    fn an_endless_stream_gives_its_pieces_over_and_over() {
        let mut stream = MemoryStream::endless(&[b"ab".to_vec(), b"c".to_vec()]);
        for piece in ["ab", "c", "ab", "c", "ab"] {
            assert!(read(&mut stream).is_pending());
            assert_eq!(read(&mut stream), Poll::Ready(piece.as_bytes().to_vec()));
        }
    }
}
