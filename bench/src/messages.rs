//! Messages to send: payloads and their frames, masked and optionally compressed. They are prepared before the clock starts, so
//! that the load costs less than what it loads.

use anyhow::Result;
use clap::ValueEnum;
use fastrand::Rng;
use flate2::Compress;
use testkit::{
    frame::{self, BINARY, FIN, RSV1, TEXT},
    handshake::Compression,
};

use crate::deflate;

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Text of one byte a character
    Ascii,
    /// Text of one to four bytes a character
    Utf8,
    /// Random bytes
    Binary,
}

const ASCII: [&str; 8] = ["canyon", "echo", "the", "rock", "answers", "what", "it", "heard"];
const UTF8: [&str; 8] = ["峡谷", "écho", "каньон", "🏜️", "Schlücht", "answers", "山びこ", "ηχώ"];

/// Messages that differ from one another, and the frames that carry them; all are sent in turn, again and again.
#[derive(Debug)]
pub struct Messages {
    /// First byte of each frame.
    first: u8,
    /// All payloads, one after the other.
    payloads: Vec<u8>,
    /// Bytes of a payload.
    size: usize,
    /// All frames, one after the other.
    frames: Vec<u8>,
    /// Where each frame starts in `frames`, and as last element where they end.
    starts: Vec<usize>,
}

impl Messages {
    /// Prepares `count` messages of `size` bytes, the same ones each time.
    pub fn prepare(kind: Kind, size: usize, count: usize, compression: Compression) -> Result<Self> {
        let opcode = if kind == Kind::Binary { BINARY } else { TEXT };
        let rsv1 = if compression == Compression::Deflate { RSV1 } else { 0 };
        let mut random = Rng::with_seed(1);
        let mut messages = Self {
            first: FIN | rsv1 | opcode,
            payloads: Vec::with_capacity(size * count),
            size,
            frames: Vec::new(),
            starts: vec![0],
        };
        for number in 0..count {
            let payload = payload(kind, number, size, &mut random);
            let key = random.u32(..).to_ne_bytes();
            match compression {
                Compression::Off => frame::write(&mut messages.frames, messages.first, &payload, key),
                Compression::Deflate => {
                    // Each by itself, so that the same frame serves every connection.
                    let mut stream = Compress::new(flate2::Compression::default(), false);
                    let compressed = deflate::compress(&mut stream, &payload)?;
                    frame::write(&mut messages.frames, messages.first, &compressed, key);
                }
            }
            messages.payloads.extend(payload);
            messages.starts.push(messages.frames.len());
        }
        Ok(messages)
    }

    /// How many differ.
    pub fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// Bytes of each message.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The opcode of all.
    pub fn opcode(&self) -> u8 {
        self.first & 0x0f
    }

    /// The payload of a message, however often all have been sent before it.
    pub fn payload(&self, number: u64) -> &[u8] {
        let index = self.index(number);
        &self.payloads[index * self.size..(index + 1) * self.size]
    }

    /// The frame of a message and those of at most `more` messages behind it, as far as they lie in one piece.
    pub fn frames(&self, number: u64, more: u64) -> &[u8] {
        let index = self.index(number);
        let end = (index + 1).saturating_add(usize::try_from(more).unwrap_or(usize::MAX)).min(self.count());
        &self.frames[self.starts[index]..self.starts[end]]
    }

    /// Bytes of a message's frame.
    pub fn frame_length(&self, number: u64) -> usize {
        let index = self.index(number);
        self.starts[index + 1] - self.starts[index]
    }

    fn index(&self, number: u64) -> usize {
        (number % self.count() as u64) as usize
    }
}

/// Differs from that of every other number where its size leaves room for the number.
fn payload(kind: Kind, number: usize, size: usize, random: &mut Rng) -> Vec<u8> {
    let words = match kind {
        Kind::Binary => {
            let mut payload = number.to_le_bytes().to_vec();
            payload.resize(size, 0);
            random.fill(payload.get_mut(size_of::<usize>()..).unwrap_or_default());
            return payload;
        }
        Kind::Ascii => ASCII,
        Kind::Utf8 => UTF8,
    };
    let mut text = format!("{number:x}");
    while text.len() < size {
        text.push(' ');
        text.push_str(words[random.usize(..words.len())]);
    }
    text.truncate(text.floor_char_boundary(size));
    let mut payload = text.into_bytes();
    payload.resize(size, b'.');
    payload
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_messages_differ_and_have_the_size_that_was_asked_for() {
        for kind in [Kind::Ascii, Kind::Utf8, Kind::Binary] {
            for size in [3, 20, 1000] {
                let messages = Messages::prepare(kind, size, 500, Compression::Off).unwrap();
                let payloads: HashSet<&[u8]> = (0..500).map(|number| messages.payload(number)).collect();
                assert_eq!(payloads.len(), 500, "{kind:?} of {size} bytes");
                assert!(kind == Kind::Binary || payloads.iter().all(|text| str::from_utf8(text).is_ok()));
            }
        }
    }

    #[test]
    fn frames_in_one_piece_end_with_the_last_message() {
        let messages = Messages::prepare(Kind::Ascii, 20, 4, Compression::Off).unwrap();
        assert_eq!(messages.frame_length(0), 26);
        assert_eq!(messages.frames(5, 0).len(), 26);
        assert_eq!(messages.frames(6, 9).len(), 52);
    }

    #[test]
    fn a_size_too_small_for_the_number_is_kept() {
        let messages = Messages::prepare(Kind::Binary, 1, 300, Compression::Deflate).unwrap();
        assert_eq!(messages.payload(299), [299u16 as u8]);
        assert_eq!(Messages::prepare(Kind::Utf8, 0, 2, Compression::Off).unwrap().payload(1), b"");
    }
}
