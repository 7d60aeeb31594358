//! The event loop's protocol against tungstenite alone: the same messages, answers and end, however the socket gives and
//! takes them.

#![no_main]

use bytes::Bytes;
use canyon_fuzz::{Frame, Size, assert_same, before_padded_length, client, code, finish, websocket};
use futures_util::{SinkExt, StreamExt};
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::protocol::{Limits, Protocol, Reply, Status};
use testkit::MemoryStream;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{
        WebSocketConfig,
        frame::{
            self, FrameSocket,
            coding::{CloseCode, Control, Data, OpCode},
        },
    },
};

/// The largest message, in bytes: so large that its length takes eight bytes, and more than is read at a time.
const MOST: usize = 90 << 10;

#[derive(Debug, Arbitrary)]
struct Input<'bytes> {
    frames: Vec<Frame<'bytes>>,
    /// What comes after them, as it is.
    rest: &'bytes [u8],
    /// How much came together with the handshake, in bytes.
    read_ahead: Size,
    /// Sizes of the pieces that the socket gives and takes.
    pieces: Vec<Size>,
    /// Whether the keep-alive sends a ping, each time that the socket is not ready.
    pings: Vec<bool>,
    prefixed: bool,
}

/// What a server read, and what the client received.
#[derive(Debug, Default)]
struct Outcome {
    messages: Vec<Message>,
    verdict: Option<CloseCode>,
    answers: Vec<frame::Frame>,
    pongs: Vec<Bytes>,
    close: Option<Bytes>,
    pings: usize,
}

impl Outcome {
    fn receive(&mut self, bytes: &[u8]) {
        let mut socket = FrameSocket::new(bytes);
        while let Some(frame) = socket.read(None).expect("the server's frames are well formed") {
            assert_eq!(self.close, None, "something follows a close frame");
            match frame.header().opcode {
                OpCode::Data(_) => self.answers.push(frame),
                OpCode::Control(Control::Pong) => self.pongs.push(frame.into_payload()),
                OpCode::Control(Control::Ping) => self.pings += 1,
                OpCode::Control(_) => self.close = Some(frame.into_payload()),
            }
        }
    }
}

fn ours(input: &Input<'_>, bytes: &[u8], prefix: &'static str) -> Outcome {
    let (read_ahead, rest) = bytes.split_at(bytes.len().min(input.read_ahead.bytes()));
    let limits = Limits { message: MOST as u64, fragments: u32::MAX };
    let mut stream = client(rest, &input.pieces);
    let mut protocol = Protocol::new(Reply::Echo { prefix }, read_ahead.into(), limits, None);
    let mut outcome = Outcome::default();
    let (mut pings, mut sent) = (input.pings.iter(), 0);
    loop {
        let mut on_message = |opcode, payload: &[u8]| match opcode {
            OpCode::Data(Data::Text) => {
                outcome.messages.push(Message::text(str::from_utf8(payload).expect("a text is UTF-8")));
            }
            OpCode::Data(_) => outcome.messages.push(Message::binary(payload.to_vec())),
            OpCode::Control(_) => {}
        };
        match protocol.transfer(&mut stream, &mut on_message).expect("a client that stays") {
            Status::Done => break,
            Status::NeedInput if pings.next() == Some(&true) => {
                protocol.ping();
                sent += 1;
            }
            Status::NeedInput | Status::OutputFull | Status::Yield => {}
        }
    }
    outcome.verdict = protocol.violation().map(|violation| violation.code());
    outcome.receive(&stream.received);
    assert!(outcome.pings <= sent, "{} pings were received, and {sent} sent", outcome.pings);
    outcome
}

async fn theirs(bytes: &[u8], prefix: &str) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stream = MemoryStream::new(bytes);
    let mut server = websocket(&mut stream, WebSocketConfig::default(), MOST).await;
    while let Some(message) = server.next().await {
        match message {
            Ok(message) => {
                let answer = match &message {
                    Message::Text(text) => Some(Message::text(format!("{prefix}{text}"))),
                    Message::Binary(_) => Some(message.clone()),
                    _ => None,
                };
                outcome.messages.push(message);
                if let Some(answer) = answer {
                    server.feed(answer).await.expect("the client takes everything");
                }
            }
            Err(error) => {
                outcome.verdict = code(error);
                break;
            }
        }
    }
    // What is owed is sent; after the end of the client's side tungstenite refuses to.
    let _ = server.flush().await;
    drop(server);
    outcome.receive(&stream.received);
    outcome
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = Vec::new();
    input.frames.iter().for_each(|frame| frame.write(&mut bytes, MOST));
    bytes.extend(input.rest);
    let prefix = if input.prefixed { "Server received: " } else { "" };
    let ours = ours(&input, &bytes, prefix);
    let theirs = finish(theirs(before_padded_length(&bytes), prefix));

    let is_data = |message: &&Message| matches!(message, Message::Text(_) | Message::Binary(_));
    let expected: Vec<_> = theirs.messages.iter().filter(is_data).cloned().collect();
    assert_eq!(ours.messages, expected);
    let answers = expected.iter().map(|message| match message {
        Message::Text(text) => (OpCode::Data(Data::Text), [prefix.as_bytes(), text.as_bytes()].concat()),
        message => (OpCode::Data(Data::Binary), message.clone().into_data().to_vec()),
    });
    let frames = ours.answers.into_iter().map(|frame| (frame.header().opcode, frame.into_payload().to_vec()));
    assert!(frames.eq(answers), "the answers are not the messages");
    let pings = theirs.messages.iter().filter(|message| message.is_ping()).map(|ping| ping.clone().into_data());
    assert!(pings.eq(ours.pongs.iter().cloned()), "the pongs are not those of the pings");

    let close_code = |close: &Option<Bytes>| close.as_ref()?.first_chunk().map(|code| u16::from_be_bytes(*code));
    if let Some(Message::Close(frame)) = theirs.messages.last() {
        match (close_code(&ours.close), frame) {
            // tungstenite does not know 1014, and words its objection to other codes in its own way.
            (Some(1002 | 1014), Some(frame)) if frame.code == CloseCode::Protocol => {}
            _ => assert_eq!(ours.close, theirs.close),
        }
    } else {
        assert_same(ours.verdict, theirs.verdict);
        assert_eq!(close_code(&ours.close), ours.verdict.map(u16::from));
    }
});
