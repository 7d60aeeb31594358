//! The frame layer under tungstenite against tungstenite alone: the same messages, then the same verdict, wherever the
//! stream is cut.

#![no_main]

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BytesMut};
use futures_util::{FutureExt, StreamExt};
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::frames::{Frames, Limits, Reject};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// The largest message, in bytes.
const MOST: usize = 1000;

#[derive(Debug, Arbitrary)]
struct Input<'bytes> {
    frames: Vec<Frame<'bytes>>,
    /// What comes after them, as it is.
    rest: &'bytes [u8],
    /// Sizes of the pieces that the socket gives, less one.
    pieces: Vec<u8>,
    /// tungstenite's read buffer.
    buffer: u8,
}

#[derive(Debug, Arbitrary)]
struct Frame<'bytes> {
    first: u8,
    key: Option<[u8; 4]>,
    payload: &'bytes [u8],
}

impl Frame<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.first);
        let mask_bit = if self.key.is_some() { 0x80 } else { 0 };
        match u16::try_from(self.payload.len()) {
            Ok(length @ ..=125) => out.push(mask_bit | length as u8),
            Ok(length) => {
                out.push(mask_bit | 126);
                out.extend(length.to_be_bytes());
            }
            Err(_) => {
                out.push(mask_bit | 127);
                out.extend((self.payload.len() as u64).to_be_bytes());
            }
        }
        out.extend(self.key.iter().flatten());
        let key = self.key.unwrap_or_default();
        out.extend(self.payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }
}

/// A client that has sent all that it will.
struct Client {
    sent: BytesMut,
    pieces: std::iter::Cycle<std::vec::IntoIter<u8>>,
}

impl AsyncRead for Client {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let piece = self.pieces.next().map_or(usize::MAX, |piece| usize::from(piece) + 1);
        let piece = piece.min(self.sent.len()).min(buf.remaining());
        buf.put_slice(&self.sent[..piece]);
        self.sent.advance(piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The messages of a stream, and the code that it fails with, if it does.
fn outcome(stream: impl AsyncRead + AsyncWrite + Unpin, buffer: usize) -> (Vec<Message>, Option<CloseCode>) {
    let config =
        WebSocketConfig::default().read_buffer_size(buffer).max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    let ready = "no stream here ever waits";
    let mut server = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).now_or_never().expect(ready);
    let mut messages = Vec::new();
    while let Some(message) = server.next().now_or_never().expect(ready) {
        match message {
            Ok(message) => messages.push(message),
            Err(Error::Io(error)) => return (messages, Some(Reject::from_error(&error).expect("a reject").code())),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break,
            Err(Error::Protocol(_)) => return (messages, Some(CloseCode::Protocol)),
            Err(Error::Utf8(_)) => return (messages, Some(CloseCode::Invalid)),
            Err(Error::Capacity(_)) => return (messages, Some(CloseCode::Size)),
            Err(other) => panic!("{other}"),
        }
    }
    (messages, None)
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = Vec::new();
    input.frames.iter().for_each(|frame| frame.write(&mut bytes));
    bytes.extend(input.rest);
    let client = |pieces: Vec<u8>| Client { sent: bytes[..].into(), pieces: pieces.into_iter().cycle() };
    let limits = Limits { message: MOST as u64, fragments: u32::MAX };
    let through = Frames::new(client(input.pieces), BytesMut::new(), limits, None);
    let (messages, verdict) = outcome(through, input.buffer.into());
    let (their_messages, their_verdict) = outcome(client(Vec::new()), 1 << 16);
    assert_eq!(messages, their_messages);
    match (verdict, their_verdict) {
        // The fault shows before the frame is whole, and this one's end never comes.
        (Some(_), None) => {}
        // Wrong in two ways, of which tungstenite sees the size first.
        (Some(CloseCode::Protocol), Some(CloseCode::Size)) => {}
        (ours, theirs) => assert_eq!(ours, theirs),
    }
});
