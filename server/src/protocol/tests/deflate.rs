//! Compressed messages: the examples of [RFC 7692, 7.2.3](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3) byte by
//! byte, what is no such message, limits, and the way back through flate2 alone.

use std::time::Instant;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use proptest::prelude::*;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::coding::{Data, OpCode},
};

use super::{super::header::Header, *};
use crate::protocol::deflate::Deflater;

/// "Hello" in one compressed block.
const HELLO: &[u8] = b"\xf2\x48\xcd\xc9\xc9\x07\x00";

/// The messages of frames that were passed on.
fn messages(mut frames: &[u8]) -> Vec<(Data, Vec<u8>)> {
    let mut messages: Vec<(Data, Vec<u8>)> = Vec::new();
    while let Some((header, size)) = Header::parse(frames) {
        let OpCode::Data(data) = header.opcode() else { unreachable!("no control frames are sent here") };
        assert_eq!((header.fin(), header.rsv(), header.key), (true, 0, None), "a whole plain message");
        let (payload, rest) = frames[size..].split_at(header.length as usize);
        messages.push((data, payload.to_vec()));
        frames = rest;
    }
    messages
}

fn inflated(protocol: &mut Protocol, frames: &[u8]) -> Vec<(Data, Vec<u8>)> {
    let (output, violation) = pass_on(protocol, [frames]);
    assert_eq!(violation, None);
    messages(&output)
}

fn rejected(frames: &[u8]) -> Option<ProtocolViolation> {
    pass_on(&mut deflate_protocol(), [frames]).1
}

fn text(text: &str) -> (Data, Vec<u8>) {
    (Data::Text, text.into())
}

/// A message as zlib alone compresses it, to which an empty one is nothing.
pub(super) fn deflated(stream: &mut Compress, message: &[u8]) -> Vec<u8> {
    if message.is_empty() {
        return vec![0];
    }
    let mut out = Vec::with_capacity(message.len() * 2 + 100);
    stream.compress_vec(message, &mut out, FlushCompress::Sync).unwrap();
    out.truncate(out.len() - 4);
    out
}

/// It was found by the fuzz target `deflate`: zlib does not tell where in a block it stands.
#[test]
fn a_payload_that_ends_within_a_blocks_header_is_taken_for_what_came_out() {
    let mut protocol = deflate_protocol();
    assert_eq!(inflated(&mut protocol, &frame(0xc2, b"\xdd\xed\xed\xdd\xdd")), [(Data::Binary, Vec::new())]);
    let (output, violation) = pass_on(&mut protocol, [&frame(0xc1, HELLO)[..]]);
    assert_eq!((output, violation), (Vec::new(), Some(ProtocolViolation::InvalidData)));
}

#[test]
fn one_compressed_block_is_inflated() {
    assert_eq!(inflated(&mut deflate_protocol(), &frame(0xc1, HELLO)), [text("Hello")]);
}

#[test]
fn a_compressed_message_may_be_fragmented() {
    let frames = [frame(0x41, &HELLO[..3]), frame(0x80, &HELLO[3..])].concat();
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello")]);
}

#[test]
fn a_ping_within_a_compressed_message_is_passed_on_before_it() {
    let frames = [frame(0x41, &HELLO[..5]), frame(0x89, b"ping"), frame(0x80, &HELLO[5..])].concat();
    let passed_on = [unmasked(0x89, b"ping"), unmasked(0x81, b"Hello")].concat();
    assert_eq!(pass_on(&mut deflate_protocol(), [&frames[..]]), (passed_on, None));
}

#[test]
fn the_window_of_the_message_before_may_be_used() {
    let frames = [frame(0xc1, HELLO), frame(0xc1, b"\xf2\x00\x11\x00\x00")].concat();
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello"), text("Hello")]);
}

#[test]
fn without_context_takeover_the_window_of_the_message_before_is_gone() {
    let agreed = agreed("permessage-deflate; client_no_context_takeover");
    let mut protocol = Protocol::new(PASS_ON, BytesMut::new(), LIMITS, Some(agreed));
    assert_eq!(inflated(&mut protocol, &frame(0xc1, HELLO)), [text("Hello")]);
    let (_, violation) = pass_on(&mut protocol, [&frame(0xc1, b"\xf2\x00\x11\x00\x00")[..]]);
    assert_eq!(violation, Some(ProtocolViolation::InvalidData));
}

#[test]
fn a_block_without_compression_is_inflated() {
    let frames = frame(0xc1, b"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00");
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello")]);
}

#[test]
fn a_block_that_says_that_it_is_the_last_is_not_the_last() {
    let frames = frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00\x00").repeat(2);
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello"), text("Hello")]);
}

#[test]
fn a_message_may_end_with_its_last_block() {
    let frames = [frame(0xc1, b"\xf3\x48\xcd\xc9\xc9\x07\x00"), frame(0xc1, HELLO)].concat();
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello"), text("Hello")]);
}

#[test]
fn two_blocks_are_inflated() {
    let frames = frame(0xc1, b"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00");
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello")]);
}

#[test]
fn an_empty_message_is_one_empty_block() {
    assert_eq!(inflated(&mut deflate_protocol(), &frame(0xc2, b"\0")), [(Data::Binary, vec![])]);
    assert_eq!(inflated(&mut deflate_protocol(), &frame(0xc2, b"\x02\0")), [(Data::Binary, vec![])]);
}

#[test]
fn an_uncompressed_message_stays_one_where_deflate_was_agreed() {
    let frames = [frame(0x81, b"Hello"), frame(0x02, b"a"), frame(0x80, b"b")].concat();
    assert_eq!(inflated(&mut deflate_protocol(), &frames), [text("Hello"), (Data::Binary, b"ab".to_vec())]);
}

#[test]
fn what_is_no_deflate_data_is_rejected() {
    for payload in [&b"\x07\xff"[..], b"\xff\xff\xff", b"\x00\x01\x00\x00\x00a", b"\x06\xff\xff\xff\xff\xff\xff\xff"] {
        assert_eq!(rejected(&frame(0xc1, payload)), Some(ProtocolViolation::InvalidData), "{}", payload.escape_ascii());
    }
}

#[test]
fn a_message_that_ends_within_a_block_is_rejected() {
    let whole = deflated(&mut Compress::new(Compression::best(), false), "Hello, hello, jello! ".repeat(20).as_bytes());
    for cut in 0..whole.len() {
        assert_eq!(rejected(&frame(0xc1, &whole[..cut])), Some(ProtocolViolation::InvalidData), "after {cut} bytes");
    }
    assert_eq!(rejected(&frame(0xc1, &whole)), None);
    for cut in 0..HELLO.len() - 1 {
        assert_eq!(rejected(&frame(0xc1, &HELLO[..cut])), Some(ProtocolViolation::InvalidData), "after {cut} bytes");
    }
}

#[test]
fn a_gibibyte_in_a_mebibyte_stops_at_the_limit() {
    let mut mebibyte = Vec::with_capacity(4096);
    Compress::new(Compression::best(), false).compress_vec(&[0; 1 << 20], &mut mebibyte, FlushCompress::Full).unwrap();
    let bomb = mebibyte.repeat(1 << 10);
    assert!(bomb.len() > 1_000_000);
    let started = Instant::now();
    let (output, violation) = pass_on(&mut deflate_protocol(), [&frame(0xc2, &bomb)[..]]);
    assert_eq!(violation, Some(ProtocolViolation::BigMessage(1 << 20)));
    assert_eq!(output, b"", "nothing of it is passed on");
    assert!(started.elapsed().as_secs() < 5, "it took {:?}", started.elapsed());
}

#[test]
fn blocks_that_hold_nothing_cannot_go_on_for_ever() {
    let nothing = frame(0x00, &b"\0\0\0\xff\xff".repeat(1 << 10));
    let frames = [frame(0x42, b""), nothing.repeat(1 << 10)].concat();
    assert_eq!(pass_on(&mut deflate_protocol(), [&frames[..]]), (vec![], Some(ProtocolViolation::BigMessage(1 << 20))));
}

#[test]
fn a_small_message_goes_uncompressed() {
    let mut deflater = Deflater::new(&agreed("permessage-deflate"));
    let message = Message::text("x".repeat(127));
    assert_eq!(deflater.compress(message.clone()), message);
    assert_ne!(deflater.compress(Message::text("x".repeat(128))), message);
}

#[test]
fn a_ping_goes_as_it_is() {
    let mut deflater = Deflater::new(&agreed("permessage-deflate"));
    let ping = Message::Ping(vec![0; 125].into());
    assert_eq!(deflater.compress(ping.clone()), ping);
}

#[test]
fn an_empty_message_goes_uncompressed_whatever_the_threshold() {
    let config = DeflateConfig { threshold: 0, ..DeflateConfig::default() };
    let agreed = negotiate([b"permessage-deflate".as_slice()], Some(&config)).unwrap().unwrap();
    let mut deflater = Deflater::new(&agreed);
    assert_eq!(deflater.compress(Message::text("")), Message::text(""));
    assert!(matches!(deflater.compress(Message::text("x".repeat(20))), Message::Frame(_)));
}

#[test]
fn what_does_not_get_smaller_goes_uncompressed_and_is_not_referred_to() {
    let mut deflater = Deflater::new(&agreed("permessage-deflate"));
    let noise: Vec<u8> = std::iter::repeat_with({
        let mut state = 1u32;
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        }
    })
    .take(1000)
    .collect();
    let text = Message::text("the same again, ".repeat(20));
    let first = deflater.compress(text.clone());
    assert_eq!(deflater.compress(Message::binary(noise.clone())), Message::binary(noise));
    assert_eq!(deflater.compress(text), first, "the compressor has started again");
}

#[test]
fn without_context_takeover_the_same_message_is_compressed_to_the_same_bytes() {
    let mut deflater = Deflater::new(&agreed("permessage-deflate; server_no_context_takeover"));
    let message = Message::text("Hello, hello, jello! ".repeat(20));
    assert_eq!(deflater.compress(message.clone()), deflater.compress(message));
}

/// Messages from a few words, so that there is something to refer back to.
fn messages_of_words() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let word = prop_oneof![Just(b"echo ".to_vec()), Just(vec![0; 300]), prop::collection::vec(any::<u8>(), 0..50)];
    let message = prop::collection::vec(word, 0..60).prop_map(|words| words.concat());
    prop::collection::vec(message, 1..8)
}

proptest! {
    #[test]
    fn what_zlib_deflates_comes_out_however_it_is_fragmented_and_cut(
        messages_in in messages_of_words(),
        bits in 9_u8..=15,
        level in 0_u32..=9,
        // The longest message is in no more fragments than a message may have.
        fragment in 8_usize..600,
        piece in 1_usize..700,
    ) {
        let mut stream = Compress::new_with_window_bits(Compression::new(level), false, bits);
        let mut frames = Vec::new();
        for message in &messages_in {
            let compressed = deflated(&mut stream, message);
            let mut fragments = compressed.chunks(fragment).peekable();
            let mut first = 0x42;
            while let Some(fragment) = fragments.next() {
                let fin = if fragments.peek().is_none() { 0x80 } else { 0 };
                frames.extend(frame(first | fin, fragment));
                first = 0;
            }
        }
        let (output, violation) = pass_on(&mut deflate_protocol(), frames.chunks(piece));
        prop_assert_eq!(violation, None);
        let out: Vec<_> = messages(&output).into_iter().map(|(_, payload)| payload).collect();
        prop_assert_eq!(out, messages_in);
    }

    #[test]
    fn what_the_server_compresses_zlib_inflates(
        messages_in in messages_of_words(),
        bits in 9_u8..=15,
        context in prop::sample::select(vec!["", "; server_no_context_takeover"]),
    ) {
        let offer = format!("permessage-deflate; server_max_window_bits={bits}{context}");
        let mut deflater = Deflater::new(&agreed(&offer));
        let mut stream = Decompress::new_with_window_bits(false, bits.min(12));
        for message in messages_in {
            match deflater.compress(Message::binary(message.clone())) {
                Message::Frame(frame) => {
                    prop_assert!(frame.header().rsv1 && frame.header().is_final);
                    let payload = [frame.payload(), &[0, 0, 0xff, 0xff]].concat();
                    let mut out = Vec::with_capacity(message.len() + 1);
                    stream.decompress_vec(&payload, &mut out, FlushDecompress::Sync).unwrap();
                    prop_assert_eq!(out, message);
                }
                plain => prop_assert_eq!(plain, Message::binary(message)),
            }
        }
    }

    #[test]
    fn garbage_marked_as_compressed_never_panics(payload in prop::collection::vec(any::<u8>(), 0..300)) {
        pass_on(&mut deflate_protocol(), frame(0xc2, &payload).repeat(2).chunks(7));
    }
}
