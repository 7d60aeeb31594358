//! The frame layer under tungstenite says the same as tungstenite without it: the same messages, then the same verdict,
//! wherever the stream is cut.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushDecompress};
use futures_util::{FutureExt, SinkExt, StreamExt};
use proptest::{collection::vec, prelude::*};
use testkit::MemoryStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{
            Role, WebSocketConfig,
            frame::coding::{CloseCode, Control, Data, OpCode},
        },
    },
};

use super::{
    super::{FrameLayer, Leave, Reply, header::Header},
    deflate::deflated,
    *,
};

/// The largest message, in bytes.
const MOST: usize = 300;

/// A client that has sent all that it will. The socket gives and takes the pieces, and is not ready once before each.
fn client(sent: &[u8], pieces: Vec<usize>) -> MemoryStream {
    MemoryStream::in_pieces(sent, pieces.into_iter().flat_map(|piece| [0, piece]))
}

/// A server's messages, and the code that it fails with, if it does.
type Outcome = (Vec<Message>, Option<CloseCode>);

async fn websocket<S: AsyncRead + AsyncWrite + Unpin>(stream: S, buffer: usize, most: usize) -> WebSocketStream<S> {
    let config =
        WebSocketConfig::default().read_buffer_size(buffer).max_message_size(Some(most)).max_frame_size(Some(most));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// The code that an error is answered with, if it is.
fn code(error: Error) -> Option<CloseCode> {
    match error {
        Error::Io(error) => Some(ProtocolViolation::from_error(&error).unwrap().code()),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::ConnectionClosed => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        other => panic!("{other}"),
    }
}

/// What a server makes of the stream.
async fn outcome<S: AsyncRead + AsyncWrite + Unpin>(stream: S, buffer: usize) -> Outcome {
    let mut server = websocket(stream, buffer, MOST).await;
    let mut messages = Vec::new();
    while let Some(message) = server.next().await {
        match message {
            Ok(message) => messages.push(message),
            Err(error) => return (messages, code(error)),
        }
        // What comes after it counts for nothing, and is not looked at by everyone.
        if matches!(messages.last(), Some(Message::Close(_))) {
            break;
        }
    }
    (messages, None)
}

/// What a server makes of it that echoes on the fast path wherever it can.
async fn outcome_of_turning(frames: &mut FrameLayer<MemoryStream>, buffer: usize, most: usize) -> Outcome {
    let mut messages = Vec::new();
    loop {
        let mut seen = |data, payload: &[u8]| {
            messages.push(match data {
                Data::Text => Message::text(str::from_utf8(payload).unwrap()),
                _ => Message::binary(payload.to_vec()),
            });
        };
        let leave = poll_fn(|cx| frames.poll_echo(cx, Some(Reply { prefix: "" }), &mut seen)).await.unwrap();
        match leave {
            Leave::Again => continue,
            Leave::Ended => return (messages, None),
            Leave::Other => {}
        }
        frames.return_unfinished();
        let mut server = websocket(&mut *frames, buffer, most).await;
        loop {
            let message = match server.next().now_or_never() {
                Some(message) => message,
                None if server.get_ref().is_between_messages() => break,
                None => server.next().await,
            };
            match message {
                Some(Ok(message)) => {
                    messages.push(message.clone());
                    match message {
                        Message::Text(_) | Message::Binary(_) => {
                            let answer = server.get_mut().compress(message);
                            server.send(answer).await.unwrap();
                        }
                        Message::Close(_) => {
                            let _ = server.flush().await;
                            return (messages, None);
                        }
                        _ => {}
                    }
                }
                // What is owed is sent, whatever comes after it.
                Some(Err(error)) => {
                    let _ = server.flush().await;
                    return (messages, code(error));
                }
                None => return (messages, None),
            }
        }
        server.flush().await.unwrap();
    }
}

/// The messages in a server's frames, each of which is one, and what it answered pings with.
fn answers(mut frames: &[u8]) -> (Vec<Message>, Vec<Bytes>) {
    let mut inflate = Decompress::new(false);
    let (mut messages, mut pongs) = (Vec::new(), Vec::new());
    while let Some((header, size)) = Header::parse(frames) {
        let mut payload = frames[size..][..header.length as usize].to_vec();
        frames = &frames[size + payload.len()..];
        if header.rsv != 0 {
            let compressed = [&payload[..], &[0, 0, 0xff, 0xff]].concat();
            payload = Vec::with_capacity(1 << 20);
            inflate.decompress_vec(&compressed, &mut payload, FlushDecompress::Sync).unwrap();
        }
        match header.opcode {
            OpCode::Data(Data::Text) => messages.push(Message::text(String::from_utf8(payload).unwrap())),
            OpCode::Data(_) => messages.push(Message::binary(payload)),
            OpCode::Control(Control::Pong) => pongs.push(payload.into()),
            OpCode::Control(_) => {}
        }
    }
    assert!(frames.is_empty(), "part of a frame");
    (messages, pongs)
}

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}

/// Fails unless what was turned came to the same as with tungstenite alone: the same messages, verdict and echoes, and
/// pings answered, the last of them at least.
fn assert_same(turned: FrameLayer<MemoryStream>, ours: Outcome, theirs: Outcome) -> Result<(), TestCaseError> {
    let counts = |message: &Message| !message.is_ping() && !message.is_pong();
    let messages = |all: &[Message]| all.iter().filter(|message| counts(message)).cloned().collect::<Vec<_>>();
    prop_assert_eq!((messages(&ours.0), ours.1), (messages(&theirs.0), theirs.1));
    let expected: Vec<_> = theirs.0.iter().filter(|message| is_data(message)).cloned().collect();
    prop_assert_eq!(turned.sent().messages, expected.len() as u64);
    let (echoes, pongs) = answers(&turned.into_inner().received);
    prop_assert_eq!(echoes, expected);
    let mut pings = theirs.0.iter().filter(|message| message.is_ping()).map(|ping| ping.clone().into_data());
    prop_assert!(pongs.iter().all(|pong| pings.any(|ping| ping == pong)), "a pong that answers nothing");
    // A close frame takes the place of a pong that waits.
    let is_open = theirs.1.is_none() && !theirs.0.iter().any(Message::is_close);
    prop_assert!(!is_open || pings.next().is_none(), "the last ping was not answered");
    Ok(())
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

/// What a client sends where compression was agreed; most of it as zlib alone compresses it.
#[derive(Debug, Clone)]
enum Sent {
    Compressed {
        first: u8,
        payload: Vec<u8>,
    },
    /// Not in order, as what is compressed is.
    Garbage(Vec<u8>),
    AsItIs(Vec<u8>),
}

fn sent() -> impl Strategy<Value = Sent> {
    let word = prop_oneof![Just(b"echo ".to_vec()), Just(vec![b'0'; 100]), payload()];
    let payload = vec(word, 0..8).prop_map(|words| words.concat());
    let compressed = (prop::sample::select(vec![0xc1, 0xc1, 0xc2]), payload).prop_map(|(first, mut payload)| {
        // Where a text is wrong in two ways, the codes differ.
        payload.truncate(if first == 0xc1 { MOST } else { usize::MAX });
        Sent::Compressed { first, payload }
    });
    let garbage = vec(any::<u8>(), 0..50).prop_map(Sent::Garbage);
    prop_oneof![20 => compressed, 1 => garbage, 4 => any_frame().prop_map(Sent::AsItIs)]
}

fn client_frames(all: &[Sent]) -> Vec<u8> {
    let mut stream = Compress::new(Compression::default(), false);
    all.iter()
        .flat_map(|sent| match sent {
            Sent::Compressed { first, payload } => frame(*first, &deflated(&mut stream, payload)),
            Sent::Garbage(payload) => frame(0xc2, payload),
            Sent::AsItIs(frame) => frame.clone(),
        })
        .collect()
}

/// More than the fast path inflates, in one frame and between others.
#[tokio::test]
async fn a_compressed_message_that_turns_out_large_is_answered_as_any() {
    let large = vec![b'0'; 900 << 10];
    let all = [b"before".to_vec(), large.clone(), b"after, which is compressed as well, ".repeat(20)];
    let sent = all.iter().map(|payload| Sent::Compressed { first: 0xc1, payload: payload.clone() });
    let client = client(&client_frames(&sent.collect::<Vec<_>>()), vec![700]);
    let mut frames = FrameLayer::new(client, BytesMut::new(), LIMITS, Some(agreed("permessage-deflate")));
    let (messages, verdict) = outcome_of_turning(&mut frames, 1000, 1 << 20).await;
    let expected: Vec<_> = all.into_iter().map(|text| Message::text(String::from_utf8(text).unwrap())).collect();
    assert!(messages == expected && verdict.is_none());
    assert!(answers(&frames.into_inner().received).0 == expected);
}

/// How many messages are answered in each look.
fn looks(sent: Sent, count: usize, offer: &str) -> Vec<usize> {
    let client = client(&client_frames(&vec![sent; count]), vec![usize::MAX]);
    let mut frames = FrameLayer::new(client, BytesMut::new(), LIMITS, Some(agreed(offer)));
    let mut looks = Vec::new();
    let mut cx = Context::from_waker(std::task::Waker::noop());
    loop {
        let mut count = 0;
        let turned = frames.poll_echo(&mut cx, Some(Reply { prefix: "" }), &mut |_, _| count += 1);
        looks.push(count);
        match turned {
            Poll::Ready(Ok(Leave::Ended)) => return looks,
            Poll::Ready(Ok(Leave::Again)) | Poll::Pending => {}
            turned => panic!("{turned:?}"),
        }
    }
}

/// What is inflated counts before it is the next connection's turn, and so does what it takes where nothing comes of it.
#[test]
fn what_costs_much_is_done_in_several_looks() {
    // Each by itself, for where no context is taken over.
    let compressed = |payload: &[u8]| {
        let mut stream = Compress::new(Compression::default(), false);
        Sent::AsItIs(frame(0xc2, &deflated(&mut stream, payload)))
    };
    let cases = [
        (compressed(&[0; 200 << 10]), 6, "permessage-deflate", 2),
        (compressed(b""), 1000, "permessage-deflate", 255),
        (compressed(&[0; 200]), 100, "permessage-deflate; client_no_context_takeover; server_no_context_takeover", 15),
    ];
    for (sent, count, offer, most) in cases {
        let looks = looks(sent.clone(), count, offer);
        assert_eq!(looks.iter().sum::<usize>(), count);
        assert!(looks.iter().all(|look| *look <= most), "{sent:?}: {looks:?}");
    }
}

/// The socket is not ready just when the second message turns out to be too large.
#[tokio::test]
async fn a_reject_is_told_even_if_an_answer_has_to_wait_before_it() {
    let all = [
        Sent::Compressed { first: 0xc1, payload: Vec::new() },
        Sent::Compressed { first: 0xc2, payload: vec![0; MOST + 5] },
    ];
    let limits = Limits { message: MOST as u64, fragments: 4096 };
    let client = client(&client_frames(&all), vec![27]);
    let mut frames = FrameLayer::new(client, BytesMut::new(), limits, Some(agreed("permessage-deflate")));
    let outcome = outcome_of_turning(&mut frames, 0, MOST).await;
    assert_eq!(outcome, (vec![Message::text("")], Some(CloseCode::Size)));
}

proptest! {
    #[test]
    fn what_is_turned_where_compression_was_agreed_is_what_the_general_way_would_have_echoed(
        all in vec(sent(), 0..12),
        pieces in vec(1_usize..200, 1..5),
        buffer in 0_usize..200,
    ) {
        let sent = client_frames(&all);
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let new = || Some(agreed("permessage-deflate"));
        let mut turning = FrameLayer::new(client(&sent, pieces), BytesMut::new(), limits, new());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ours = runtime.block_on(outcome_of_turning(&mut turning, buffer, MOST));
        let general = FrameLayer::new(client(&sent, vec![usize::MAX]), BytesMut::new(), limits, new());
        let theirs = runtime.block_on(outcome(general, 1 << 16));
        assert_same(turning, ours, theirs)?;
    }

    #[test]
    fn messages_and_verdict_are_those_of_tungstenite_alone(
        frames in vec(prop_oneof![any_frame(), fragmented()], 0..12),
        pieces in vec(1_usize..100, 1..5),
        buffer in 0_usize..200,
    ) {
        let frames = frames.concat();
        let client = |pieces| client(&frames, pieces);
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let through = FrameLayer::new(client(pieces), BytesMut::new(), limits, None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ours = runtime.block_on(outcome(through, buffer));
        let theirs = runtime.block_on(outcome(client(vec![usize::MAX]), 1 << 16));
        prop_assert_eq!(ours, theirs);
    }
    #[test]
    fn what_is_turned_is_what_tungstenite_alone_would_have_echoed(
        frames in vec(prop_oneof![4 => any_frame(), 1 => fragmented()], 0..12),
        pieces in vec(1_usize..100, 1..5),
        buffer in 0_usize..200,
    ) {
        let frames = frames.concat();
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let mut turning = FrameLayer::new(client(&frames, pieces), BytesMut::new(), limits, None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ours = runtime.block_on(outcome_of_turning(&mut turning, buffer, MOST));
        let theirs = runtime.block_on(outcome(client(&frames, vec![usize::MAX]), 1 << 16));
        assert_same(turning, ours, theirs)?;
    }
}
