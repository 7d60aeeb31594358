//! The fast path, and tungstenite wherever that leaves off, against tungstenite alone: the same messages, verdict and
//! answers, however the socket gives and takes them.

#![no_main]

use std::{future::poll_fn, pin::Pin, task::Poll};

use bytes::Bytes;
use canyon_fuzz::{Frame, Size, assert_same, client, code, finish, websocket};
use futures_util::{FutureExt, SinkExt, StreamExt};
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::protocol::{FrameLayer, Leave, Limits, Reply};
use testkit::MemoryStream;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        protocol::frame::{
            self, FrameSocket,
            coding::{CloseCode, Control, Data, OpCode},
        },
    },
};

/// The largest message, in bytes: so large that its length takes eight bytes, and more than is read at once.
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
    /// Whether the fast path is called away, each time that the socket is not ready; at last it never is.
    calls: Vec<bool>,
    /// tungstenite's read buffer.
    buffer: u8,
    prefixed: bool,
}

/// What a server makes of a stream.
#[derive(Debug, Default)]
struct Heard {
    messages: Vec<Message>,
    verdict: Option<CloseCode>,
}

impl Heard {
    /// Answers in the general way until nothing more comes, or until it `may_leave`; tells whether that was so.
    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        server: &mut WebSocketStream<S>,
        reply: Reply,
        may_leave: impl Fn(&S) -> bool,
    ) -> bool {
        loop {
            let message = match server.next().now_or_never() {
                Some(message) => message,
                None if may_leave(server.get_ref()) => break,
                None => server.next().await,
            };
            let is_over = match message {
                Some(Ok(message)) => {
                    if let Some(answer) = answer(&message, reply) {
                        server.feed(answer).await.expect("the client takes everything");
                    }
                    let is_over = message.is_close();
                    self.messages.push(message);
                    is_over
                }
                Some(Err(error)) => {
                    self.verdict = code(error);
                    true
                }
                None => true,
            };
            if is_over {
                // What is owed is sent, whatever comes after it; tungstenite does not flush once the peer has ended its side.
                let _ = server.flush().await;
                let flush = poll_fn(|cx| Pin::new(server.get_mut()).poll_flush(cx));
                flush.await.expect("the client takes everything");
                return false;
            }
        }
        server.flush().await.expect("the client takes everything");
        true
    }

    /// Answers on the fast path wherever it can, as a session does.
    async fn turn(&mut self, frames: &mut FrameLayer<MemoryStream>, calls: Vec<bool>, buffer: usize, reply: Reply) {
        let mut calls = calls.into_iter();
        loop {
            let mut seen = |data, payload: &[u8]| {
                self.messages.push(match data {
                    Data::Text => Message::text(str::from_utf8(payload).expect("a text is UTF-8")),
                    _ => Message::binary(payload.to_vec()),
                });
            };
            let turn = poll_fn(|cx| match frames.poll_echo(cx, Some(reply), &mut seen) {
                Poll::Pending if calls.next() == Some(true) => Poll::Ready(Ok(Leave::Other)),
                turned => turned,
            });
            let leave = turn.await.expect("a client that stays");
            match leave {
                Leave::Again => continue,
                Leave::Ended => return,
                Leave::Other => {}
            }
            frames.return_unfinished();
            let mut server = websocket(&mut *frames, buffer, MOST).await;
            if !self.converse(&mut server, reply, |frames| frames.is_between_messages()).await {
                return;
            }
        }
    }
}

fn answer(message: &Message, reply: Reply) -> Option<Message> {
    match message {
        Message::Text(text) => Some(Message::text(format!("{}{text}", reply.prefix))),
        Message::Binary(_) => Some(message.clone()),
        _ => None,
    }
}

/// The frames that a client was sent: those that answer no ping, and the payloads of those that do.
fn answers(bytes: &[u8]) -> (Vec<frame::Frame>, Vec<Bytes>) {
    let mut socket = FrameSocket::new(bytes);
    let (mut others, mut pongs) = (Vec::new(), Vec::new());
    while let Some(frame) = socket.read(None).expect("the server's frames are well formed") {
        match frame.header().opcode {
            OpCode::Control(Control::Pong) => pongs.push(frame.into_payload()),
            _ => others.push(frame),
        }
    }
    (others, pongs)
}

/// Asserts that pings were answered: the last of them, and of the others as many as it came to
/// ([RFC 6455, 5.5.3](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.3)).
fn assert_answered(messages: &[Message], pongs: &[Bytes]) {
    let mut pings = messages.iter().filter(|message| message.is_ping()).map(|ping| ping.clone().into_data());
    assert!(pongs.iter().all(|pong| pings.any(|ping| ping == pong)), "a pong that answers nothing: {pongs:?}");
    // A close frame takes the place of a pong that waits.
    if !messages.iter().any(Message::is_close) {
        assert_eq!(pings.next(), None, "the last ping was not answered");
    }
}

fuzz_target!(|input: Input<'_>| {
    let mut bytes = Vec::new();
    input.frames.iter().for_each(|frame| frame.write(&mut bytes, MOST));
    bytes.extend(input.rest);
    let reply = Reply { prefix: if input.prefixed { "Server received: " } else { "" } };

    let (read_ahead, rest) = bytes.split_at(bytes.len().min(input.read_ahead.bytes()));
    let limits = Limits { message: MOST as u64, fragments: u32::MAX };
    let mut frames = FrameLayer::new(client(rest, &input.pieces), read_ahead.into(), limits, None);
    let mut ours = Heard::default();
    finish(ours.turn(&mut frames, input.calls, input.buffer.into(), reply));
    let (our_answers, our_pongs) = answers(&frames.into_inner().received);

    let mut theirs = Heard::default();
    let mut alone = MemoryStream::new(&bytes);
    finish(async {
        let mut server = websocket(&mut alone, 1 << 16, MOST).await;
        theirs.converse(&mut server, reply, |_| false).await
    });
    let (their_answers, _) = answers(&alone.received);

    assert_answered(&theirs.messages, &our_pongs);
    // The fast path tells of no pings and pongs.
    let counts = |message: &Message| !message.is_ping() && !message.is_pong();
    ours.messages.retain(counts);
    theirs.messages.retain(counts);
    assert_eq!(ours.messages, theirs.messages);
    assert_same(ours.verdict, theirs.verdict);
    assert_eq!(our_answers, their_answers);
});
