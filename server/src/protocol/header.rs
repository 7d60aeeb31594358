//! A frame's header ([RFC 6455, 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)): from bytes and to bytes, and
//! the mask. Never judges it.

use std::ops::BitOr;

use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

/// The bit of [`Header::rsv`] that marks a compressed message.
pub(crate) const RSV1: u8 = 0b100;

/// The bit of a header's second byte that says that there is a masking key.
const MASK: u8 = 0x80;

/// The longest header of an unmasked frame, in bytes.
pub(crate) const ANSWER_HEADER: usize = 10;

/// A masking key, turned so that its first byte is for the next byte of the payload.
pub(crate) type Key = [u8; 4];

/// What some bytes are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// ASCII alone, which is UTF-8 as it is.
    Ascii,
    Other,
}

/// One frame's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// The first byte: FIN, the reserved bits, the opcode. Most frames are known by it as it is.
    first: u8,
    /// The masking key, which each frame of a client has.
    pub(crate) key: Option<Key>,
    /// The payload's length in bytes.
    pub(crate) length: u64,
    /// Whether the length took as few bytes as it can.
    pub(crate) is_shortest: bool,
}

impl Header {
    /// Reads the header at the start of `bytes`, and returns its size; `None` as long as part of it is missing.
    #[inline(always)]
    pub(crate) fn parse(bytes: &[u8]) -> Option<(Self, usize)> {
        let (&[first, second], rest) = bytes.split_first_chunk()?;
        let (length, least, rest) = match second & 0x7f {
            126 => rest.split_first_chunk().map(|(length, rest)| (u16::from_be_bytes(*length).into(), 126, rest))?,
            127 => rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), 1 << 16, rest))?,
            length => (length.into(), 0, rest),
        };
        let (key, rest) = match second & MASK {
            0 => (None, rest),
            _ => rest.split_first_chunk().map(|(key, rest)| (Some(*key), rest))?,
        };
        let header = Self { first, key, length, is_shortest: length >= least };
        Some((header, bytes.len() - rest.len()))
    }

    /// Whether the frame is the last of its message.
    pub(crate) fn fin(&self) -> bool {
        self.first & 0x80 != 0
    }

    /// The three reserved bits.
    pub(crate) fn rsv(&self) -> u8 {
        self.first >> 4 & 0b111
    }

    pub(crate) fn opcode(&self) -> OpCode {
        (self.first & 0x0f).into()
    }
}

/// The size of the header of an unmasked frame, in bytes.
#[inline(always)]
pub(crate) fn size(length: u64) -> usize {
    match length {
        ..=125 => 2,
        126..=0xffff => 4,
        _ => ANSWER_HEADER,
    }
}

/// Writes the header of an unmasked frame that begins with that byte to the start of `out`, which has room for it.
#[inline(always)]
pub(crate) fn write(first: u8, length: u64, out: &mut [u8]) {
    out[0] = first;
    match size(length) {
        2 => out[1] = length as u8,
        4 => {
            out[1] = 126;
            out[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out[1] = 127;
            out[2..10].copy_from_slice(&length.to_be_bytes());
        }
    }
}

/// Copies `from` to `to`, of the same length, with the mask taken off or put on, and returns whether all of it is ASCII.
///
/// What is left of a payload behind its last whole block is done as a block again, which overlaps the one before.
pub(crate) fn mask(to: &mut [u8], from: &[u8], key: Key) -> Charset {
    let is_ascii = match from.len() {
        ..4 => mask_bytes(to, from, key),
        4..8 => mask_ends::<4>(to, from, key),
        8..16 => mask_ends::<8>(to, from, key),
        16..32 => mask_ends::<16>(to, from, key),
        32.. => mask_blocks(to, from, key),
    };
    if is_ascii { Charset::Ascii } else { Charset::Other }
}

fn mask_bytes(to: &mut [u8], from: &[u8], key: Key) -> bool {
    for ((to, from), key) in to.iter_mut().zip(from).zip(key) {
        *to = from ^ key;
    }
    to.is_ascii()
}

/// A payload of `N` bytes or more, and of twice as many at the most.
#[inline(always)]
fn mask_ends<const N: usize>(to: &mut [u8], from: &[u8], key: Key) -> bool {
    let mut is_ascii = true;
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
        is_ascii &= mask_block(to, from, key);
    }
    let key = rotated(key, from.len() - N);
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk::<N>()) {
        is_ascii &= mask_block(to, from, key);
    }
    is_ascii
}

fn mask_blocks(to: &mut [u8], from: &[u8], key: Key) -> bool {
    let mut bits = [0; 8];
    let (to_blocks, _) = to.as_chunks_mut::<32>();
    for (to, from) in to_blocks.iter_mut().zip(from.as_chunks::<32>().0) {
        mask_words(to, from, key, &mut bits);
    }
    let key = rotated(key, from.len() - 32);
    if let (Some(to), Some(from)) = (to.last_chunk_mut(), from.last_chunk()) {
        mask_words(to, from, key, &mut bits);
    }
    bits.into_iter().fold(0, u32::bitor) & 0x8080_8080 == 0
}

#[inline(always)]
fn mask_block<const N: usize>(to: &mut [u8; N], from: &[u8; N], key: Key) -> bool {
    let key = u32::from_ne_bytes(key);
    let mut bits = 0;
    for (to, from) in to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0) {
        let word = u32::from_ne_bytes(*from) ^ key;
        bits |= word;
        *to = word.to_ne_bytes();
    }
    bits & 0x8080_8080 == 0
}

/// Masks a block, in words that a processor can take many of at once; `bits` are those that were set in each so far.
#[inline(always)]
fn mask_words(to: &mut [u8; 32], from: &[u8; 32], key: Key, bits: &mut [u32; 8]) {
    let key = u32::from_ne_bytes(key);
    let words = to.as_chunks_mut::<4>().0.iter_mut().zip(from.as_chunks::<4>().0);
    for ((to, from), bits) in words.zip(bits) {
        let word = u32::from_ne_bytes(*from) ^ key;
        *bits |= word;
        *to = word.to_ne_bytes();
    }
}

/// The key for what comes after `count` bytes.
pub(crate) fn rotated(key: Key, count: usize) -> Key {
    // Of an array, the compiler would make three calls.
    u32::from_be_bytes(key).rotate_left(8 * (count % 4) as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data};

    use super::*;

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for length in [0, 1, 125, 126, 0xffff, 0x1_0000, u64::MAX] {
            for (first, fin, rsv, opcode) in
                [(0x50, false, 0b101, OpCode::Data(Data::Continue)), (0x89, true, 0, OpCode::Control(Control::Ping))]
            {
                let mut bytes = [0; ANSWER_HEADER];
                let size = size(length);
                write(first, length, &mut bytes);
                let header = Header { first, key: None, length, is_shortest: true };
                assert_eq!((header.fin(), header.rsv(), header.opcode()), (fin, rsv, opcode));
                assert_eq!(Header::parse(&bytes[..size]), Some((header, size)));
                let key = Some([1, 2, 3, 4]);
                bytes[1] |= MASK;
                let masked = [&bytes[..size], &[1, 2, 3, 4]].concat();
                assert_eq!(Header::parse(&masked), Some((Header { key, ..header }, size + 4)));
                for part in 0..masked.len() {
                    assert_eq!(Header::parse(&masked[..part]), None);
                }
            }
        }
    }

    #[test]
    fn the_first_example_of_the_rfc_is_a_whole_unmasked_text() {
        let (header, size) = Header::parse(b"\x81\x05Hello").unwrap();
        assert_eq!((header, size), (Header { first: 0x81, key: None, length: 5, is_shortest: true }, 2));
        assert_eq!((header.fin(), header.rsv(), header.opcode()), (true, 0, OpCode::Data(Data::Text)));
    }

    #[test]
    fn a_length_that_would_fit_fewer_bytes_is_not_in_its_shortest_form() {
        let is_shortest = |length: &[u8]| Header::parse(&[&[0x82], length].concat()).unwrap().0.is_shortest;
        for length in [&[125][..], &[126, 0, 126], &[126, 0xff, 0xff], &[127, 0, 0, 0, 0, 0, 1, 0, 0], &[127; 9]] {
            assert!(is_shortest(length), "{length:?}");
        }
        for length in
            [&[126, 0, 0][..], &[126, 0, 125], &[127, 0, 0, 0, 0, 0, 0, 0, 5], &[127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]]
        {
            assert!(!is_shortest(length), "{length:?}");
        }
    }

    #[test]
    fn one_byte_that_is_not_ascii_is_seen_wherever_it_is() {
        for length in 0..100 {
            let key = [0x80, 0xff, 0, 0x7f];
            let masked =
                |plain: &[u8]| -> Vec<u8> { plain.iter().zip(key.iter().cycle()).map(|(a, b)| a ^ b).collect() };
            let mut plain = vec![b'a'; length];
            let mut out = vec![0; length];
            assert_eq!(mask(&mut out, &masked(&plain), key), Charset::Ascii);
            for at in 0..length {
                plain[at] = 0x80;
                assert_eq!(mask(&mut out, &masked(&plain), key), Charset::Other);
                assert_eq!(out, plain);
                plain[at] = b'a';
            }
        }
    }

    #[test]
    fn a_mask_is_taken_off_wherever_the_payload_is_cut() {
        let plain: Vec<u8> = (0..100).collect();
        let key = [0x37, 0xfa, 0x21, 0x3d];
        let masked: Vec<u8> = plain.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        for cut in 0..plain.len() {
            let mut out = vec![0; plain.len()];
            mask(&mut out[..cut], &masked[..cut], key);
            mask(&mut out[cut..], &masked[cut..], rotated(key, cut));
            assert_eq!(out, plain);
        }
    }
}
