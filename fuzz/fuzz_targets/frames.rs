//! The frame layer under tungstenite against tungstenite alone: the same messages, then the same verdict, wherever the
//! stream is cut.

#![no_main]

use bytes::BytesMut;
use canyon_fuzz::{Frame, Size, assert_same, before_padded_length, client, code, finish, websocket};
use futures_util::StreamExt;
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::{FrameLayer, ReadEnd, protocol::Limits};
use testkit::MemoryStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
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

/// The messages of a stream, and the error that ends them.
async fn messages<S: AsyncRead + AsyncWrite + Unpin>(server: &mut WebSocketStream<S>) -> (Vec<Message>, Option<Error>) {
    let mut messages = Vec::new();
    while let Some(message) = server.next().await {
        match message {
            // The frame layer does not pass them on.
            Ok(Message::Pong(_)) => {}
            Ok(message) => messages.push(message),
            Err(error) => return (messages, Some(error)),
        }
    }
    (messages, None)
}

/// What a session reads, and the code that it fails with, if it does.
async fn session(frames: FrameLayer<MemoryStream>, buffer: usize) -> (Vec<Message>, Option<CloseCode>) {
    let config = WebSocketConfig::default().accept_unmasked_frames(true).read_buffer_size(buffer);
    let mut server = websocket(frames, config, MOST).await;
    let (mut messages, error) = messages(&mut server).await;
    match server.get_ref().end() {
        Some(ReadEnd::Violation(violation)) => return (messages, Some(violation.code())),
        Some(ReadEnd::Closed(frame)) => messages.push(Message::Close(frame.clone())),
        Some(end @ (ReadEnd::TooSlow | ReadEnd::NoMemory(_))) => panic!("without limits: {end:?}"),
        None => assert_eq!(error.and_then(code), None),
    }
    (messages, None)
}

/// The same of tungstenite alone.
async fn alone(stream: MemoryStream) -> (Vec<Message>, Option<CloseCode>) {
    let (messages, error) = messages(&mut websocket(stream, WebSocketConfig::default(), MOST).await).await;
    (messages, error.and_then(code))
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = Vec::new();
    input.frames.iter().for_each(|frame| frame.write(&mut bytes, 2 * MOST));
    bytes.extend(input.rest);
    let limits = Limits { message: MOST as u64, fragments: u32::MAX };
    let through = FrameLayer::new(client(&bytes, &input.pieces), BytesMut::new(), limits, None);
    let (messages, verdict) = finish(session(through, input.buffer.into()));
    let (mut their_messages, mut their_verdict) = finish(alone(MemoryStream::new(before_padded_length(&bytes))));
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
