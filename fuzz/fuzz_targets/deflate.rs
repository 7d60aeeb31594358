//! Compressed messages against zlib alone: what the server compresses is inflated by both to the same bytes, and what the
//! frame layer takes from a client, zlib takes too.

#![no_main]

use bytes::BytesMut;
use flate2::{Decompress, FlushDecompress};
use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary, fuzz_target};
use server::{
    FrameLayer,
    protocol::{
        Limits, Protocol, Reply, Role, Status,
        deflate::{Agreed, DeflateConfig, WindowBits, negotiate},
    },
};
use testkit::{MemoryStream, frame};
use tokio_tungstenite::tungstenite::Message;

const LIMITS: Limits = Limits { message: 1 << 16, fragments: 4096 };

#[derive(Debug, Arbitrary)]
struct Input {
    offer: Offer,
    /// Compressed by the server.
    messages: Vec<Vec<u8>>,
    /// What a client says is compressed.
    payloads: Vec<Vec<u8>>,
    /// Bytes of a fragment and of a piece that the socket gives, less one.
    fragment: u8,
    piece: u8,
}

#[derive(Debug, Clone, Copy, Arbitrary)]
struct Offer {
    window: u8,
    server_takeover: bool,
    client_takeover: bool,
}

impl Offer {
    fn agreed(self) -> Agreed {
        let config = DeflateConfig { threshold: 0, server_window: WindowBits::MAX, ..DeflateConfig::default() };
        let mut offer = format!("permessage-deflate; server_max_window_bits={}", 9 + self.window % 7);
        offer += if self.server_takeover { "" } else { "; server_no_context_takeover" };
        offer += if self.client_takeover { "" } else { "; client_no_context_takeover" };
        negotiate([offer.as_bytes()], Some(&config)).expect("well formed").expect("acceptable")
    }
}

const PASS_ON: Reply = Reply::PassOn(Role::Server);

/// One compressed binary message in frames of `size` bytes, with a mask that changes nothing.
fn frames(payload: &[u8], size: usize) -> Vec<u8> {
    let mut frames = Vec::new();
    let count = payload.len().div_ceil(size).max(1);
    for at in 0..count {
        let fragment = &payload[at * size..payload.len().min((at + 1) * size)];
        let first = if at == 0 { 0x42 } else { 0 } | if at + 1 == count { 0x80 } else { 0 };
        frame::write(&mut frames, first, fragment, [0; 4]);
    }
    frames
}

/// What the protocol makes of frames that come in such pieces: one message's bytes, or nothing if it rejects them.
fn through_protocol(protocol: &mut Protocol, frames: &[u8], piece: usize) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut on_message = |_, payload: &[u8]| message.extend(payload);
    let mut stream = MemoryStream::in_pieces(frames, [piece]);
    while protocol.transfer(&mut stream, &mut on_message).expect("it does not fail") != Status::Done {}
    protocol.violation().is_none().then_some(message)
}

/// What zlib makes of a payload, with the same bytes behind it: where a payload ends within the header of a block, both go on
/// in it. A stream may end within a payload, and then another one begins.
fn through_zlib(stream: &mut Decompress, payload: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(LIMITS.message as usize + 1);
    let mut ended = false;
    for part in [payload, &[0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff]] {
        let mut rest = part;
        while !rest.is_empty() {
            let before = stream.total_in();
            let status = stream.decompress_vec(rest, &mut message, FlushDecompress::Sync).ok()?;
            rest = &rest[(stream.total_in() - before) as usize..];
            if message.len() == message.capacity() {
                return None;
            }
            ended = status == flate2::Status::StreamEnd;
            if ended {
                stream.reset(false);
            }
        }
        if ended {
            break;
        }
    }
    Some(message)
}

fuzz_target!(|input: Input| {
    let (fragment, piece) = (usize::from(input.fragment) + 1, usize::from(input.piece) + 1);
    let agreed = input.offer.agreed();

    let mut server = FrameLayer::new((), BytesMut::new(), LIMITS, Some(agreed));
    // What the server sends is what such a client would send.
    let takeover = Offer { client_takeover: input.offer.server_takeover, ..input.offer };
    let mut protocol = Protocol::new(PASS_ON, BytesMut::new(), LIMITS, Some(takeover.agreed()));
    let mut zlib = Decompress::new(false);
    for message in input.messages {
        let Message::Frame(frame) = server.compress(Message::binary(message.clone())) else { continue };
        assert_eq!(through_zlib(&mut zlib, frame.payload()).as_ref(), Some(&message));
        assert_eq!(through_protocol(&mut protocol, &frames(frame.payload(), fragment), piece), Some(message));
    }

    let mut protocol = Protocol::new(PASS_ON, BytesMut::new(), LIMITS, Some(agreed));
    let mut zlib = Decompress::new(false);
    for payload in input.payloads {
        let Some(message) = through_protocol(&mut protocol, &frames(&payload, fragment), piece) else { return };
        assert_eq!(through_zlib(&mut zlib, &payload), Some(message));
        if !input.offer.client_takeover {
            zlib.reset(false);
        }
    }
});
