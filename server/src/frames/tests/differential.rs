//! The frame layer under tungstenite says the same as tungstenite without it: the same messages, then the same verdict,
//! wherever the stream is cut.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, BytesMut};
use futures_util::StreamExt;
use proptest::{collection::vec, prelude::*};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{Role, WebSocketConfig, frame::coding::CloseCode},
    },
};

use super::{super::Frames, *};

/// The largest message, in bytes.
const MOST: usize = 300;

/// A client that has sent all that it will, seen through a socket that gives it in pieces.
struct Client {
    sent: BytesMut,
    /// Sizes of the pieces, which are used over and over; after each the socket is not ready once.
    pieces: Vec<usize>,
    next: usize,
    ready: bool,
}

impl AsyncRead for Client {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.ready = !self.ready;
        if self.ready {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let piece = self.pieces[self.next % self.pieces.len()].min(self.sent.len()).min(buf.remaining());
        self.next += 1;
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

/// What a server makes of the stream: its messages, and the code that it fails with, if it does.
async fn outcome<S: AsyncRead + AsyncWrite + Unpin>(stream: S, buffer: usize) -> (Vec<Message>, Option<CloseCode>) {
    let config =
        WebSocketConfig::default().read_buffer_size(buffer).max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    let mut server = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut messages = Vec::new();
    while let Some(message) = server.next().await {
        match message {
            Ok(message) => messages.push(message),
            Err(Error::Io(error)) => return (messages, Some(Reject::from_error(&error).unwrap().code())),
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => break,
            Err(Error::Protocol(_)) => return (messages, Some(CloseCode::Protocol)),
            Err(Error::Utf8(_)) => return (messages, Some(CloseCode::Invalid)),
            Err(Error::Capacity(_)) => return (messages, Some(CloseCode::Size)),
            Err(other) => panic!("{other}"),
        }
    }
    (messages, None)
}

/// Mostly text, cut anywhere; never over the limit alone, for where such a frame is wrong in two ways the codes differ.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let text = "[a-zé水🦜]{0,30}".prop_map(String::into_bytes);
    let cut = ("[水🦜]{1,40}", any::<prop::sample::Index>())
        .prop_map(|(text, cut)| text.as_bytes()[..cut.index(text.len())].to_vec());
    prop_oneof![6 => text, 2 => cut, 1 => vec(any::<u8>(), 0..200)]
}

/// One whole frame, mostly a good one.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let data = (prop::sample::select(vec![0x81, 0x82, 0x01, 0x02, 0x00, 0x00, 0x80, 0x80]), payload());
    let control = (prop::sample::select(vec![0x89, 0x89, 0x8a, 0x88]), vec(any::<u8>(), 0..126));
    let good = prop_oneof![8 => data, 3 => control].prop_map(|(first, payload)| frame(first, &payload));
    let bad = (any::<u8>(), vec(any::<u8>(), 0..MOST)).prop_map(|(first, payload)| frame(first, &payload));
    let unmasked = Just(b"\x81\x02hi".to_vec());
    prop_oneof![40 => good, 2 => bad, 1 => unmasked]
}

/// Messages in several frames, with pings between them.
fn fragmented() -> impl Strategy<Value = Vec<u8>> {
    (prop::sample::select(vec![0x01, 0x02]), vec((payload(), any::<bool>()), 2..6)).prop_map(
        |(mut first, fragments)| {
            let last = fragments.len() - 1;
            let mut frames = Vec::new();
            for (at, (payload, ping)) in fragments.into_iter().enumerate() {
                frames.extend(frame(if at == last { 0x80 } else { first }, &payload));
                frames.extend(if ping { frame(0x89, b"ping") } else { Vec::new() });
                first = 0x00;
            }
            frames
        },
    )
}

proptest! {
    #[test]
    fn messages_and_verdict_are_those_of_tungstenite_alone(
        frames in vec(prop_oneof![any_frame(), fragmented()], 0..12),
        pieces in vec(1_usize..100, 1..5),
        buffer in 0_usize..200,
    ) {
        let frames = frames.concat();
        let client = |pieces| Client { sent: frames[..].into(), pieces, next: 0, ready: false };
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let through = Frames::new(client(pieces), BytesMut::new(), limits, None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ours = runtime.block_on(outcome(through, buffer));
        let theirs = runtime.block_on(outcome(client(vec![usize::MAX]), 1 << 16));
        prop_assert_eq!(ours, theirs);
    }
}
