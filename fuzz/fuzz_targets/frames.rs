//! The frame layer under tungstenite against tungstenite alone: the same messages, then the same verdict, wherever the
//! stream is cut.

#![no_main]

use bytes::BytesMut;
use canyon_fuzz::{Frame, Size, assert_same, before_padded_length, client, code, finish, websocket};
use futures_util::StreamExt;
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::{FrameLayer, protocol::Limits};
use testkit::MemoryStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

/// The largest message, in bytes.
const MOST: usize = 1000;

#[derive(Debug, Arbitrary)]
struct Input<'bytes> {
    frames: Vec<Frame<'bytes>>,
    /// What comes after them, as it is.
    rest: &'bytes [u8],
    /// Sizes of the pieces that the socket gives.
    pieces: Vec<Size>,
    /// tungstenite's read buffer.
    buffer: u8,
}

/// The messages of a stream, and the code that it fails with, if it does.
async fn outcome(stream: impl AsyncRead + AsyncWrite + Unpin, buffer: usize) -> (Vec<Message>, Option<CloseCode>) {
    let mut server = websocket(stream, buffer, MOST).await;
    let mut messages = Vec::new();
    while let Some(message) = server.next().await {
        match message {
            Ok(message) => messages.push(message),
            Err(error) => return (messages, code(error)),
        }
    }
    (messages, None)
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = Vec::new();
    input.frames.iter().for_each(|frame| frame.write(&mut bytes, 2 * MOST));
    bytes.extend(input.rest);
    let limits = Limits { message: MOST as u64, fragments: u32::MAX };
    let through = FrameLayer::new(client(&bytes, &input.pieces), BytesMut::new(), limits, None);
    let (messages, verdict) = finish(outcome(through, input.buffer.into()));
    let (their_messages, their_verdict) = finish(outcome(MemoryStream::new(before_padded_length(&bytes)), 1 << 16));
    assert_eq!(messages, their_messages);
    assert_same(verdict, their_verdict);
});
