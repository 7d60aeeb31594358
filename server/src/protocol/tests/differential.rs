//! Both engines come to the same as tungstenite alone: the same messages, answers and end, wherever the stream is cut.

use bytes::BytesMut;
use flate2::{Compress, Compression, Decompress, FlushDecompress};
use futures_util::StreamExt;
use proptest::{collection::vec, prelude::*, test_runner::TestCaseResult};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error, Message,
        error::ProtocolError,
        protocol::{
            CloseFrame, Role, WebSocketConfig,
            frame::coding::{CloseCode, Control, Data, OpCode},
        },
    },
};

use super::{super::header::Header, deflate::deflated, *};
use crate::{FrameLayer, ReadEnd};

/// The largest message, in bytes.
const MOST: usize = 300;

/// A client that has sent all that it will. The socket gives and takes the pieces, and is not ready once before each.
fn client(sent: &[u8], pieces: Vec<usize>) -> MemoryStream {
    MemoryStream::in_pieces(sent, pieces.into_iter().flat_map(|piece| [0, piece]))
}

/// A server's messages, and the code that it fails with, if it does.
type Outcome = (Vec<Message>, Option<CloseCode>);

/// The messages of a stream that tungstenite reads as a server, and the error that ended them.
async fn messages<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: WebSocketConfig,
) -> (WebSocketStream<S>, Vec<Message>, Option<Error>) {
    let config = config.max_message_size(Some(MOST)).max_frame_size(Some(MOST));
    let mut server = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let mut messages = Vec::new();
    loop {
        match server.next().await {
            Some(Ok(message)) => messages.push(message),
            Some(Err(error)) => return (server, messages, Some(error)),
            None => return (server, messages, None),
        }
        // What comes after it counts for nothing, and is not looked at by everyone.
        if matches!(messages.last(), Some(Message::Close(_))) {
            return (server, messages, None);
        }
    }
}

/// The code that an error is answered with, if it is.
fn code(error: Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::ConnectionClosed => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        other => panic!("{other}"),
    }
}

/// What tungstenite alone makes of the stream.
async fn alone(stream: MemoryStream) -> Outcome {
    let (_, messages, error) = messages(stream, WebSocketConfig::default()).await;
    (messages, error.and_then(code))
}

/// What a session makes of the stream, with a read buffer of so many bytes.
async fn session(frames: FrameLayer<MemoryStream>, buffer: usize) -> Outcome {
    let config = WebSocketConfig::default().accept_unmasked_frames(true).read_buffer_size(buffer);
    let (server, mut messages, error) = messages(frames, config).await;
    match server.get_ref().end() {
        Some(ReadEnd::Violation(violation)) => return (messages, Some(violation.code())),
        Some(ReadEnd::Closed(frame)) => messages.push(Message::Close(frame.clone())),
        Some(end @ (ReadEnd::TooSlow | ReadEnd::NoMemory(_))) => panic!("without limits: {end:?}"),
        None => assert_eq!(error.and_then(code), None),
    }
    (messages, None)
}

/// What a client was sent: each answer, each pong's payload, and the close frame's payload.
#[derive(Debug, Default, PartialEq)]
struct Received {
    answers: Vec<Message>,
    pongs: Vec<Vec<u8>>,
    close: Option<Vec<u8>>,
}

/// Reads a server's frames, each of which is a whole message.
fn received(mut frames: &[u8]) -> Received {
    let mut inflate = Decompress::new(false);
    let mut received = Received::default();
    while let Some((header, size)) = Header::parse(frames) {
        assert_eq!(received.close, None, "nothing follows a close frame");
        let mut payload = frames[size..][..header.length as usize].to_vec();
        frames = &frames[size + payload.len()..];
        if header.rsv() != 0 {
            let compressed = [&payload[..], &[0, 0, 0xff, 0xff]].concat();
            payload = Vec::with_capacity(1 << 20);
            inflate.decompress_vec(&compressed, &mut payload, FlushDecompress::Sync).unwrap();
        }
        match header.opcode() {
            OpCode::Data(Data::Text) => received.answers.push(Message::text(String::from_utf8(payload).unwrap())),
            OpCode::Data(_) => received.answers.push(Message::binary(payload)),
            OpCode::Control(Control::Pong) => received.pongs.push(payload),
            OpCode::Control(Control::Close) => received.close = Some(payload),
            OpCode::Control(_) => panic!("the server pings nobody here"),
        }
    }
    assert!(frames.is_empty(), "part of a frame");
    received
}

/// Echoes until the end; gives the messages, and what the client received.
fn echo(protocol: &mut Protocol, stream: &mut MemoryStream) -> (Vec<Message>, Received) {
    let mut messages = Vec::new();
    let mut on_message = |opcode, payload: &[u8]| match opcode {
        OpCode::Data(Data::Text) => messages.push(Message::text(str::from_utf8(payload).unwrap())),
        OpCode::Data(_) => messages.push(Message::binary(payload.to_vec())),
        OpCode::Control(_) => {}
    };
    // Each piece of the stream comes after a time at which it was not ready.
    while protocol.transfer(stream, &mut on_message).unwrap() != Status::Done {}
    (messages, received(&stream.received))
}

/// Fails unless the event loop's protocol came to the same as tungstenite: the same messages, each of them answered and
/// counted, each ping answered, and the same end.
fn assert_same(protocol: &Protocol, (messages, received): (Vec<Message>, Received), theirs: Outcome) -> TestCaseResult {
    let (their_messages, violation) = theirs;
    let is_data = |message: &&Message| matches!(message, Message::Text(_) | Message::Binary(_));
    let expected: Vec<_> = their_messages.iter().filter(is_data).cloned().collect();
    prop_assert_eq!(&messages, &expected);
    prop_assert_eq!(protocol.sent().messages(), expected.len() as u64);
    prop_assert_eq!(received.answers, expected);
    let pings = their_messages.iter().filter(|message| message.is_ping()).map(|ping| ping.clone().into_data().to_vec());
    prop_assert_eq!(received.pongs, pings.collect::<Vec<_>>());
    let code = received.close.as_ref().and_then(|close| Some(u16::from_be_bytes(*close.first_chunk()?)));
    match (their_messages.last(), violation) {
        (_, Some(violation)) => prop_assert_eq!(code, Some(violation.into())),
        // tungstenite does not know 1014, and words its objection to other codes in its own way.
        (Some(Message::Close(Some(frame))), None) if frame.code == CloseCode::Protocol && code != Some(1002) => {
            prop_assert_eq!(code, Some(1014));
        }
        (Some(Message::Close(Some(frame))), None) if frame.reason == "Protocol violation" => {
            prop_assert_eq!(code, Some(1002));
        }
        (Some(Message::Close(Some(frame))), None) => {
            let payload = [&u16::from(frame.code).to_be_bytes(), frame.reason.as_bytes()].concat();
            prop_assert_eq!(received.close, Some(payload));
        }
        (Some(Message::Close(None)), None) => prop_assert_eq!(received.close, Some(Vec::new())),
        _ => prop_assert_eq!(received.close, None),
    }
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

/// More than one call inflates, in one frame and between others.
#[test]
fn a_compressed_message_that_turns_out_large_is_answered_as_any() {
    let all = [b"before".to_vec(), vec![b'0'; 900 << 10], b"after, which is compressed as well, ".repeat(20)];
    let sent = all.iter().map(|payload| Sent::Compressed { first: 0xc1, payload: payload.clone() });
    let mut stream = client(&client_frames(&sent.collect::<Vec<_>>()), vec![700]);
    let mut protocol = Protocol::new(ECHO, BytesMut::new(), LIMITS, Some(agreed("permessage-deflate")));
    let (messages, received) = echo(&mut protocol, &mut stream);
    let expected: Vec<_> = all.into_iter().map(|text| Message::text(String::from_utf8(text).unwrap())).collect();
    assert!(messages == expected && received.answers == expected && received.close.is_none());
}

/// How many messages are answered in each call.
fn calls(sent: Sent, count: usize, offer: &str) -> Vec<usize> {
    let mut stream = client(&client_frames(&vec![sent; count]), vec![usize::MAX]);
    let mut protocol = Protocol::new(ECHO, BytesMut::new(), LIMITS, Some(agreed(offer)));
    let mut calls = Vec::new();
    loop {
        let mut count = 0;
        let status = protocol.transfer(&mut stream, &mut |_, _| count += 1).unwrap();
        calls.push(count);
        if status == Status::Done {
            return calls;
        }
    }
}

/// What is inflated counts before the next connection has its turn, and so does the work of which nothing comes.
#[test]
fn what_costs_much_is_done_in_several_calls() {
    // Each by itself, where no context is taken over.
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
        let calls = calls(sent.clone(), count, offer);
        assert_eq!(calls.iter().sum::<usize>(), count);
        assert!(calls.iter().all(|call| *call <= most), "{sent:?}: {calls:?}");
    }
}

/// The socket is not ready just when the second message turns out to be too large.
#[test]
fn a_violation_is_answered_even_if_an_answer_has_to_wait_before_it() {
    let all = [
        Sent::Compressed { first: 0xc1, payload: Vec::new() },
        Sent::Compressed { first: 0xc2, payload: vec![0; MOST + 5] },
    ];
    let limits = Limits { message: MOST as u64, fragments: 4096 };
    let mut stream = client(&client_frames(&all), vec![27]);
    let mut protocol = Protocol::new(ECHO, BytesMut::new(), limits, Some(agreed("permessage-deflate")));
    let (messages, received) = echo(&mut protocol, &mut stream);
    assert_eq!(messages, [Message::text("")]);
    assert_eq!(received.close.unwrap()[..2], 1009_u16.to_be_bytes());
}

proptest! {
    #[test]
    fn what_is_echoed_where_compression_was_agreed_is_what_a_session_would_have_echoed(
        all in vec(sent(), 0..12),
        pieces in vec(1_usize..200, 1..5),
    ) {
        let sent = client_frames(&all);
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let mut protocol = Protocol::new(ECHO, BytesMut::new(), limits, Some(agreed("permessage-deflate")));
        let ours = echo(&mut protocol, &mut client(&sent, pieces));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let whole = client(&sent, vec![usize::MAX]);
        let frames = FrameLayer::new(whole, BytesMut::new(), limits, Some(agreed("permessage-deflate")));
        assert_same(&protocol, ours, runtime.block_on(session(frames, 1 << 16)))?;
    }

    #[test]
    fn messages_and_verdict_of_a_session_are_those_of_tungstenite_alone(
        frames in vec(prop_oneof![any_frame(), fragmented()], 0..12),
        pieces in vec(1_usize..100, 1..5),
        buffer in 0_usize..200,
    ) {
        let frames = frames.concat();
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let through = FrameLayer::new(client(&frames, pieces), BytesMut::new(), limits, None);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let ours = runtime.block_on(session(through, buffer));
        let mut theirs = runtime.block_on(alone(client(&frames, vec![usize::MAX])));
        theirs.0.retain(|message| !message.is_pong());
        // tungstenite does not know 1014, and objects to other codes with a message instead of an error.
        if matches!(theirs.0.last(), Some(Message::Close(Some(frame))) if frame.reason == "Protocol violation") {
            let close = ours.0.get(theirs.0.len() - 1).cloned();
            if let Some(close) = &close {
                let Message::Close(Some(CloseFrame { code, .. })) = close else { panic!("{close}") };
                prop_assert_eq!(u16::from(*code), 1014);
            }
            theirs.1 = close.is_none().then_some(CloseCode::Protocol);
            theirs.0.pop();
            theirs.0.extend(close);
        }
        prop_assert_eq!(ours, theirs);
    }

    #[test]
    fn what_is_echoed_is_what_tungstenite_alone_would_have_echoed(
        frames in vec(prop_oneof![4 => any_frame(), 1 => fragmented()], 0..12),
        pieces in vec(1_usize..100, 1..5),
        ahead in 0_usize..100,
    ) {
        let frames = frames.concat();
        let limits = Limits { message: MOST as u64, fragments: 4096 };
        let (read_ahead, rest) = frames.split_at(ahead.min(frames.len()));
        let mut protocol = Protocol::new(ECHO, read_ahead.into(), limits, None);
        let ours = echo(&mut protocol, &mut client(rest, pieces));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let theirs = runtime.block_on(alone(client(&frames, vec![usize::MAX])));
        assert_same(&protocol, ours, theirs)?;
    }
}
