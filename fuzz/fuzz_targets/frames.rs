//! The frame layer under tungstenite against tungstenite alone: the same messages, then the same verdict, wherever the
//! stream is cut.

#![no_main]

use bytes::BytesMut;
use canyon_fuzz::{Frame, Size, assert_same, before_padded_length, client, code, finish, websocket};
use futures_util::StreamExt;
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::{
    FrameLayer,
    protocol::{Limits, ReadEnd},
};
use testkit::MemoryStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::{
    Error, Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

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
            Err(Error::Io(error)) => match ReadEnd::from_error(&error).expect("the frame layer's") {
                ReadEnd::Violation(violation) => return (messages, Some(violation.code())),
                ReadEnd::Closed(frame) => {
                    messages.push(Message::Close(Some(frame.clone())));
                    break;
                }
            },
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
    let (mut their_messages, mut their_verdict) =
        finish(outcome(MemoryStream::new(before_padded_length(&bytes)), 1 << 16));
    // tungstenite does not know 1014, and objects to other codes with a message instead of an error.
    if matches!(their_messages.last(), Some(Message::Close(Some(frame))) if frame.reason == "Protocol violation") {
        let close = messages.get(their_messages.len() - 1).cloned();
        match &close {
            Some(Message::Close(Some(CloseFrame { code: CloseCode::Bad(1014), .. }))) => {}
            // Its own words, as a client's.
            Some(theirs) => assert_eq!(Some(theirs), their_messages.last()),
            None => their_verdict = Some(CloseCode::Protocol),
        }
        their_messages.pop();
        their_messages.extend(close);
    }
    assert_eq!(messages, their_messages);
    assert_same(verdict, their_verdict);
});
