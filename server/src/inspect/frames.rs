//! The frames that some bytes of a connection are. Judges none of them: it reads wrong ones as any peer would.

use wire::event::{Direction, FIRST_BYTES, Frame, LengthBits};

use crate::protocol::{Header, Key};

/// The longest header: 2 bytes, 8 of length, and a masking key.
const LONGEST_HEADER: usize = 14;

/// Reads the frames of one direction of a connection.
#[derive(Debug)]
pub(super) struct FrameReader {
    direction: Direction,
    /// The part of a header that has come.
    header: Vec<u8>,
    /// The frame whose payload is coming.
    frame: Option<Payload>,
}

#[derive(Debug)]
struct Payload {
    frame: Frame,
    key: Key,
    /// Bytes that are still to come.
    rest: u64,
}

impl FrameReader {
    pub(super) fn new(direction: Direction) -> Self {
        Self { direction, header: Vec::new(), frame: None }
    }

    /// Reads on, and returns the frames that end there.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Vec<Frame> {
        let mut frames = Vec::new();
        loop {
            match &mut self.frame {
                None if bytes.is_empty() => return frames,
                None => self.begin(&mut bytes),
                Some(payload) => match payload.take(&mut bytes) {
                    true => frames.extend(self.end()),
                    false => return frames,
                },
            }
        }
    }

    /// The frame that has begun and is not complete, as far as it has come.
    pub(super) fn end(&mut self) -> Option<Frame> {
        self.header.clear();
        self.frame.take().map(|payload| payload.frame)
    }

    fn begin(&mut self, bytes: &mut &[u8]) {
        let before = self.header.len();
        let taken = bytes.len().min(LONGEST_HEADER - before);
        self.header.extend_from_slice(&bytes[..taken]);
        let Some((header, size)) = Header::parse(&self.header) else {
            *bytes = &bytes[taken..];
            return;
        };
        self.header.truncate(size);
        *bytes = &bytes[size - before..];
        let length_bits = match size - header.key.map_or(0, |key| key.len()) {
            2 => LengthBits::Seven,
            4 => LengthBits::Sixteen,
            _ => LengthBits::SixtyFour,
        };
        let frame = Frame {
            direction: self.direction,
            fin: header.fin(),
            rsv: header.rsv(),
            opcode: header.opcode().into(),
            mask: header.key,
            length: header.length,
            length_bits,
            header: std::mem::take(&mut self.header),
            wire: size as u64,
            first: Vec::new(),
            plain: None,
            plain_first: Vec::new(),
        };
        let key = header.key.unwrap_or_default();
        self.frame = Some(Payload { frame, key, rest: header.length });
    }
}

impl Payload {
    /// Takes what belongs to it; returns whether it is complete.
    fn take(&mut self, bytes: &mut &[u8]) -> bool {
        let count = usize::try_from(self.rest).unwrap_or(usize::MAX).min(bytes.len());
        let first = &mut self.frame.first;
        let shown = (FIRST_BYTES - first.len()).min(count);
        let start = first.len();
        first.extend(bytes[..shown].iter().enumerate().map(|(place, byte)| byte ^ self.key[(start + place) % 4]));
        *bytes = &bytes[count..];
        self.frame.wire += count as u64;
        self.rest -= count as u64;
        self.rest == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_same_however_their_bytes_come() {
        let long = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1][..], &[7; 0x10001]].concat();
        let bytes = [
            &b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"[..],
            b"\x09\x00",
            b"\xf3\x7e\x00\x02ab",
            &long,
            b"\x88\x82\x01\x02\x03\x04\x02\xea",
        ]
        .concat();
        let whole = FrameReader::new(Direction::In).read(&bytes);
        let shown: Vec<_> = whole
            .iter()
            .map(|frame| (frame.fin, frame.rsv, frame.opcode, frame.length_bits, frame.wire, &frame.first[..]))
            .collect();
        let expected = [
            (true, 0, 1, LengthBits::Seven, 11, &b"Hello"[..]),
            (false, 0, 9, LengthBits::Seven, 2, b""),
            (true, 7, 3, LengthBits::Sixteen, 6, b"ab"),
            (true, 0, 2, LengthBits::SixtyFour, 0x10001 + 10, &[7; FIRST_BYTES]),
            (true, 0, 8, LengthBits::Seven, 8, b"\x03\xe8"),
        ];
        assert_eq!(shown, expected);
        assert_eq!(whole[0].header, b"\x81\x85\x37\xfa\x21\x3d");
        for step in [1, 2, 3, 5, 13, 14, 1000] {
            let mut reader = FrameReader::new(Direction::In);
            let frames: Vec<_> = bytes.chunks(step).flat_map(|part| reader.read(part)).collect();
            assert_eq!(frames, whole, "{step}");
            assert_eq!(reader.end(), None);
        }
    }

    #[test]
    fn a_frame_that_is_cut_is_told_as_far_as_it_came() {
        let mut reader = FrameReader::new(Direction::Out);
        assert_eq!(reader.read(b"\x81\x05Hel"), []);
        let frame = reader.end().unwrap();
        assert_eq!((frame.length, frame.wire, &frame.first[..]), (5, 5, &b"Hel"[..]));
        assert_eq!(reader.read(b"\x81"), []);
        assert_eq!(reader.end(), None, "half a header is no frame");
    }
}
