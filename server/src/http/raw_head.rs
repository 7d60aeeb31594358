//! The head of a request as it arrived: hyper keeps neither the case of its names nor their order.

use std::{
    io,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Keeps the bytes that a connection has sent since the beginning of the request that is read.
#[derive(Debug)]
pub(super) struct Recorder {
    recorded: Mutex<Recorded>,
    /// Most bytes that are kept; HTTP reads no larger head.
    limit: usize,
}

/// Places are counted from the first byte of the connection.
#[derive(Debug, Default)]
struct Recorded {
    bytes: Vec<u8>,
    /// The place of the first of them, which may not have come yet.
    start: u64,
    /// How much has come.
    read: u64,
}

impl Recorder {
    pub(super) fn new(limit: usize) -> Self {
        Self { recorded: Mutex::default(), limit }
    }

    fn record(&self, bytes: &[u8]) {
        let mut recorded = self.recorded();
        let skipped = recorded.start.saturating_sub(recorded.read).min(bytes.len() as u64);
        recorded.read += bytes.len() as u64;
        let room = self.limit.saturating_sub(recorded.bytes.len());
        let new = &bytes[skipped as usize..];
        recorded.bytes.extend_from_slice(&new[..new.len().min(room)]);
    }

    /// Takes the head of a request out that HTTP has read; a body of that many bytes follows it.
    pub(super) fn take_head(&self, body: u64) -> RawHead {
        let mut recorded = self.recorded();
        let length = head_length(&recorded.bytes);
        let rest = recorded.bytes.split_off(length);
        let head = std::mem::replace(&mut recorded.bytes, rest);
        let behind_body = usize::try_from(body).unwrap_or(usize::MAX).min(recorded.bytes.len());
        recorded.bytes.drain(..behind_body);
        recorded.start = recorded.start.saturating_add(length as u64).saturating_add(body);
        RawHead(head)
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        // Nothing panics while it holds the lock.
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Up to the end of the first empty line that does not come first; lines end as HTTP reads them, in LF with or without CR.
fn head_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    let mut has_request_line = false;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        length += line.len();
        let is_empty = matches!(line, b"\n" | b"\r\n");
        if is_empty && has_request_line {
            break;
        }
        has_request_line |= !is_empty;
    }
    length
}

/// The head of a request, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RawHead(Vec<u8>);

impl RawHead {
    /// Its size in bytes, with the empty line at its end.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Its headers, names and values as they were written. HTTP has read them: each line has a colon.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        let lines = self.0.split(|byte| *byte == b'\n').map(|line| String::from_utf8_lossy(line.trim_ascii()));
        lines.skip_while(|line| line.is_empty()).skip(1).filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_owned(), value.trim().to_owned()))
        })
    }
}

/// A stream whose reads are recorded.
pub(super) struct Recording<'connection, S> {
    stream: S,
    recorder: &'connection Recorder,
}

impl<'connection, S> Recording<'connection, S> {
    pub(super) fn new(stream: S, recorder: &'connection Recorder) -> Self {
        Self { stream, recorder }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Recording<'_, S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.recorder.record(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Recording<'_, S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
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
    use super::*;

    #[test]
    fn heads_are_taken_one_after_the_other_however_their_bytes_come() {
        let first = "\r\nPOST /a HTTP/1.1\r\nHOST: a\r\ncontent-length: 5\r\n\r\n";
        let second = "GET /b HTTP/1.1\nhost:b\nX: 1\nx:  2 \n\n";
        let bytes = [first, "\r\n\r\nx", second, "frames"].concat();
        for step in 1..bytes.len() {
            let recorder = Recorder::new(1000);
            let mut pieces = bytes.as_bytes().chunks(step);
            let mut read = 0;
            // As HTTP does, read until a head is whole, and answer it.
            let mut read_to = |end: usize| {
                while read < end {
                    let piece = pieces.next().unwrap();
                    recorder.record(piece);
                    read += piece.len();
                }
            };
            read_to(first.len());
            assert_eq!(recorder.take_head(5).len(), first.len(), "{step}");
            read_to(first.len() + 5 + second.len());
            let head = recorder.take_head(0);
            assert_eq!(head.len(), second.len(), "{step}");
            let headers: Vec<_> = head.headers().collect();
            let expected = [("host", "b"), ("X", "1"), ("x", "2")];
            assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())), "{step}");
        }
    }

    #[test]
    fn a_long_body_is_not_kept() {
        let recorder = Recorder::new(100);
        recorder.record(b"POST / HTTP/1.1\r\n\r\n");
        assert_eq!(recorder.take_head(1_000_000).len(), 19);
        for _ in 0..100 {
            recorder.record(&[b'x'; 10_000]);
            assert_eq!(recorder.recorded().bytes.len(), 0);
        }
        recorder.record(b"GET / HTTP/1.1\r\n\r\n");
        assert_eq!(recorder.take_head(0).len(), 18);
        recorder.record(&[b'x'; 10_000]);
        assert_eq!(recorder.recorded().bytes.len(), 100);
    }
}
