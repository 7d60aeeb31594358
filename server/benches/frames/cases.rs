//! What the microbenchmarks time and `examples/instructions.rs` counts: the protocol at its work, over a stream in memory.

use std::fmt;

use bytes::BytesMut;
use server::{
    FrameLayer,
    protocol::{
        Limits, Protocol, Reply, Role, Status,
        deflate::{Agreed, DeflateConfig, negotiate},
    },
};
use testkit::MemoryStream;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

const LIMITS: Limits = Limits { message: 1 << 20, fragments: 4096 };
/// What an Ethernet packet carries of a stream, in bytes.
const SEGMENT: usize = 1460;
/// How many messages are compressed in turn: of 1 KiB each, they are more than a window of 12 bits holds, so that none of
/// them finds itself there.
const COMPRESSED: usize = 8;

const ECHO: Reply = Reply::Echo { prefix: "" };

/// A kind of work.
pub struct Case {
    name: &'static str,
    make: fn() -> Work,
}

/// Work that can be done over and over.
pub struct Work {
    /// How many messages are done at once.
    pub messages: usize,
    /// The bytes of their payloads, before compression.
    pub bytes: usize,
    run: Box<dyn FnMut()>,
}

/// All kinds of work; the number in a name is a message's size in bytes.
pub const CASES: &[Case] = &[
    Case { name: "text-20", make: || echo(&[text("hello", 20)], usize::MAX) },
    Case { name: "text-20-in-flight", make: || echo(&vec![text("hello", 20); 1000], usize::MAX) },
    Case { name: "binary-16k", make: || echo(&[binary(16 << 10)], usize::MAX) },
    Case { name: "multibyte-16k", make: || echo(&[text("écho 木霊 🏜 ", 16 << 10)], usize::MAX) },
    Case { name: "multibyte-16k-in-pieces", make: || echo(&[text("écho 木霊 🏜 ", 16 << 10)], SEGMENT) },
    Case { name: "deflated-1k", make: echo_deflated },
    Case { name: "inflate-1k", make: inflate },
    Case { name: "compress-1k", make: compress },
];

impl Case {
    pub fn work(&self) -> Work {
        (self.make)()
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl Work {
    pub fn run(&mut self) {
        (self.run)();
    }
}

/// Messages that come in pieces of so many bytes, and their echoes.
fn echo(messages: &[Message], piece: usize) -> Work {
    let bytes = messages.iter().map(Message::len).sum();
    let sent: Vec<u8> = messages.iter().flat_map(|message| masked(message.clone())).collect();
    let protocol = Protocol::new(ECHO, BytesMut::new(), LIMITS, None);
    exchange(messages.len(), bytes, &sent.chunks(piece).map(<[u8]>::to_vec).collect::<Vec<_>>(), protocol)
}

/// Compressed messages and their echoes, which are compressed, too.
fn echo_deflated() -> Work {
    let messages = quotes();
    let bytes = messages.iter().map(Message::len).sum();
    // As they come over and over, they may not refer to each other.
    let agreed = deflate("permessage-deflate; server_no_context_takeover");
    let mut client = FrameLayer::new((), BytesMut::new(), LIMITS, Some(agreed));
    let pieces: Vec<_> = messages.iter().map(|message| masked(client.compress(message.clone()))).collect();
    let protocol = Protocol::new(ECHO, BytesMut::new(), LIMITS, Some(deflate("permessage-deflate")));
    exchange(messages.len(), bytes, &pieces, protocol)
}

/// So many messages, which come in these pieces.
fn exchange(messages: usize, bytes: usize, pieces: &[Vec<u8>], mut protocol: Protocol) -> Work {
    let pieces_a_run = pieces.len();
    let mut stream = MemoryStream::endless(pieces);
    let mut transfer = move || {
        let status = protocol.transfer(&mut stream, &mut |_, _| {});
        assert_eq!(status.expect("the stream does not fail"), Status::NeedInput);
        protocol.received().messages()
    };
    // The stream is not ready before each piece, and so before the first.
    let mut answered = transfer();
    let run = move || {
        let sent = (0..pieces_a_run).fold(answered, |_, _| transfer());
        answered += messages as u64;
        assert_eq!(sent, answered);
    };
    Work { messages, bytes, run: Box::new(run) }
}

/// A client's messages on their way to a session, each of them compressed.
fn inflate() -> Work {
    let messages = quotes();
    let bytes = messages.iter().map(Message::len).sum();
    let mut client = FrameLayer::new((), BytesMut::new(), LIMITS, Some(deflate("permessage-deflate")));
    let mut compressed = || messages.iter().map(|message| masked(client.compress(message.clone()))).collect();
    // What comes over and over refers to what came over and over before.
    let (first, frames): (Vec<_>, Vec<_>) = (compressed(), compressed());
    let reply = Reply::PassOn(Role::Server);
    let mut protocol = Protocol::new(reply, BytesMut::new(), LIMITS, Some(deflate("permessage-deflate")));
    let status = protocol.transfer(&mut MemoryStream::new(&first.concat()), &mut |_, _| {});
    assert_eq!(status.expect("the stream does not fail"), Status::Done);
    exchange(messages.len(), bytes, &frames, protocol)
}

/// The server's messages on their way out.
fn compress() -> Work {
    let messages = quotes();
    let bytes = messages.iter().map(Message::len).sum();
    let mut frames = FrameLayer::new((), BytesMut::new(), LIMITS, Some(deflate("permessage-deflate")));
    let count = messages.len();
    let run = move || {
        for message in &messages {
            let compressed = frames.compress(message.clone());
            assert!(matches!(compressed, Message::Frame(_)), "it pays");
        }
    };
    Work { messages: count, bytes, run: Box::new(run) }
}

fn deflate(offer: &str) -> Agreed {
    let agreed = negotiate([offer.as_bytes()], Some(&DeflateConfig::default()));
    agreed.expect("well formed").expect("acceptable")
}

/// A text of that size or a few bytes less, for it ends with a whole character.
fn text(words: &str, size: usize) -> Message {
    let words = words.repeat(size.div_ceil(words.len()));
    Message::text(&words[..words.floor_char_boundary(size)])
}

fn binary(size: usize) -> Message {
    Message::binary(vec![0xa5; size])
}

/// Texts of 1 KiB such as a feed of prices sends, no two of them alike.
fn quotes() -> Vec<Message> {
    let mut rng = fastrand::Rng::with_seed(12345);
    let mut quote = || format!(r#"{{"symbol":"ECHO{}","price":{},"size":{}}}"#, rng.u8(..), rng.u32(..), rng.u16(..));
    (0..COMPRESSED)
        .map(|_| {
            let mut text = String::new();
            while text.len() < 1 << 10 {
                text += &quote();
            }
            text.truncate(1 << 10);
            Message::text(text)
        })
        .collect()
}

/// A message or a frame as a client sends it.
fn masked(message: Message) -> Vec<u8> {
    let mut frame = match message {
        Message::Frame(frame) => frame,
        Message::Text(text) => Frame::message(text, OpCode::Data(Data::Text), true),
        message => Frame::message(message.into_data(), OpCode::Data(Data::Binary), true),
    };
    frame.header_mut().mask = Some([0x37, 0xfa, 0x21, 0x3d]);
    let mut bytes = Vec::new();
    frame.format(&mut bytes).expect("a vector takes everything");
    bytes
}
