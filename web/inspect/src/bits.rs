//! The bits of a frame as [RFC 6455, 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2) draws them: 32 in a row, each field
//! with its value and what that means.

use wire::event::{Direction, Frame, LengthBits};

use crate::words::{hex, opcode_name};

/// Bits in a row of the drawing.
pub const ROW: u32 = 32;
/// The most bytes of payload that are drawn.
const MAX_PAYLOAD: usize = 16;

/// Fields of which the value is bytes.
const KEY: &str = "Masking key";
const PAYLOAD: &str = "Payload";

/// One field of a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    /// How many bits of it are drawn.
    pub bits: u32,
    /// As it is drawn: bits, or a number.
    pub value: String,
    pub meaning: String,
}

impl Field {
    /// So many bytes of the value from there on, if it is bytes; otherwise all of it at its beginning.
    fn part(&self, from: usize, count: usize) -> String {
        match (self.name, from) {
            (KEY | PAYLOAD, _) => self.value.split(' ').skip(from).take(count).collect::<Vec<_>>().join(" "),
            (_, 0) => self.value.clone(),
            _ => "…".to_owned(),
        }
    }
}

/// A part of a field that is within one row of the drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The index of its field.
    pub field: usize,
    pub bits: u32,
    /// Whether the row before has the field's beginning.
    pub is_continued: bool,
    /// Its part of the field's value.
    pub value: String,
}

/// The fields of a frame, in their order on the wire.
pub fn fields(frame: &Frame) -> Vec<Field> {
    let mut fields = vec![fin(frame)];
    fields.extend([("RSV1", 4), ("RSV2", 2), ("RSV3", 1)].map(|(name, bit)| reserved(frame, name, bit)));
    fields.push(opcode(frame));
    fields.push(mask(frame));
    fields.extend(length(frame));
    if let Some(key) = frame.mask {
        let meaning =
            "the masking key: each byte of the payload is combined with one of its 4 bytes by XOR (5.3)".into();
        fields.push(Field { name: KEY, bits: 32, value: hex(&key), meaning });
    }
    let drawn = frame.first.len().min(MAX_PAYLOAD);
    if drawn > 0 {
        let left = frame.length.saturating_sub(drawn as u64);
        let more = if left == 0 { String::new() } else { format!("; {left} more bytes are not drawn") };
        let unmasked = if frame.mask.is_some() { ", shown without its mask" } else { "" };
        let meaning = format!("the payload{unmasked}{more}");
        fields.push(Field { name: PAYLOAD, bits: drawn as u32 * 8, value: hex(&frame.first[..drawn]), meaning });
    }
    fields
}

/// The rows of the drawing.
pub fn rows(fields: &[Field]) -> Vec<Vec<Cell>> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    let mut room = 0;
    for (index, field) in fields.iter().enumerate() {
        let mut left = field.bits;
        while left > 0 {
            if room == 0 {
                rows.push(Vec::new());
                room = ROW;
            }
            let bits = left.min(room);
            let is_continued = left < field.bits;
            let value = field.part((field.bits - left) as usize / 8, bits as usize / 8);
            if let Some(row) = rows.last_mut() {
                row.push(Cell { field: index, bits, is_continued, value });
            }
            (left, room) = (left - bits, room - bits);
        }
    }
    rows
}

fn bit(is_set: bool) -> String {
    u8::from(is_set).to_string()
}

fn fin(frame: &Frame) -> Field {
    let meaning = match (frame.fin, frame.opcode) {
        (true, 8..) => "control frames are never fragmented (5.5)",
        (true, 0) => "the last frame of its message",
        (true, _) => "the last frame of its message: here the only one",
        (false, _) => "more frames of this message follow (5.4)",
    };
    Field { name: "FIN", bits: 1, value: bit(frame.fin), meaning: meaning.into() }
}

fn reserved(frame: &Frame, name: &'static str, mask: u8) -> Field {
    let is_set = frame.rsv & mask != 0;
    let meaning = match (is_set, mask) {
        (true, 4) => "with permessage-deflate: this message is compressed (RFC 7692, 6)",
        (true, _) => "reserved: only an extension may set it, and none that is known here does",
        (false, 4) => "this frame does not begin a compressed message",
        (false, _) => "reserved for extensions",
    };
    Field { name, bits: 1, value: bit(is_set), meaning: meaning.into() }
}

fn opcode(frame: &Frame) -> Field {
    let name = opcode_name(frame.opcode);
    let meaning = match frame.opcode {
        0 => format!("{name}: goes on with the message that has begun (5.4)"),
        1 | 2 => format!("{name}: begins a {name} message (5.6)"),
        8 => format!("{name}: ends the sender's side (5.5.1)"),
        9 => format!("{name}: asks for a pong with the same payload (5.5.2)"),
        10 => format!("{name}: answers a ping, or comes unasked (5.5.3)"),
        opcode => format!("{opcode} is reserved: nothing gives it a meaning (5.2)"),
    };
    Field { name: "Opcode", bits: 4, value: format!("{:04b}", frame.opcode), meaning }
}

fn mask(frame: &Frame) -> Field {
    let meaning = match (frame.mask.is_some(), frame.direction) {
        (true, Direction::In) => "the payload is masked, as all of a client's must be (5.1)",
        (false, Direction::Out) => "the payload is not masked, as none of a server's may be (5.1)",
        (true, Direction::Out) => "the payload is masked, which a server must not do (5.1)",
        (false, Direction::In) => "the payload is not masked, which a client must not do (5.1)",
    };
    Field { name: "MASK", bits: 1, value: bit(frame.mask.is_some()), meaning: meaning.into() }
}

fn length(frame: &Frame) -> Vec<Field> {
    let bytes = if frame.length == 1 { "1 byte".to_owned() } else { format!("{} bytes", frame.length) };
    let short = |value: &str, meaning: String| Field { name: "Length", bits: 7, value: value.into(), meaning };
    let extended = |bits| Field {
        name: "Extended length",
        bits,
        value: frame.length.to_string(),
        meaning: format!("the payload has {bytes}"),
    };
    match frame.length_bits {
        LengthBits::Seven => vec![short(&frame.length.to_string(), format!("the payload has {bytes}"))],
        LengthBits::Sixteen => vec![short("126", "the length is in the next 16 bits".into()), extended(16)],
        LengthBits::SixtyFour => vec![short("127", "the length is in the next 64 bits".into()), extended(64)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::tests::{frame, text};

    fn drawn(frame: &Frame) -> Vec<Vec<(&'static str, u32)>> {
        let fields = fields(frame);
        rows(&fields).iter().map(|row| row.iter().map(|cell| (fields[cell.field].name, cell.bits)).collect()).collect()
    }

    #[test]
    fn a_masked_frame_is_drawn_as_the_rfc_draws_it() {
        let frame = Frame { mask: Some([0x37, 0xfa, 0x21, 0x3d]), ..text(Direction::In, "Hello") };
        let first = [("FIN", 1), ("RSV1", 1), ("RSV2", 1), ("RSV3", 1), ("Opcode", 4), ("MASK", 1), ("Length", 7)];
        let expected = [
            [&first[..], &[("Masking key", 16)]].concat(),
            vec![("Masking key", 16), ("Payload", 16)],
            vec![("Payload", 24)],
        ];
        assert_eq!(drawn(&frame), expected);
        let cells = rows(&fields(&frame));
        let values = [&cells[0][7], &cells[1][0], &cells[1][1], &cells[2][0]].map(|cell| &*cell.value);
        assert_eq!(values, ["37 fa", "21 3d", "48 65", "6c 6c 6f"]);
        let values: Vec<_> = fields(&frame).into_iter().map(|field| field.value).collect();
        assert_eq!(values, ["1", "0", "0", "0", "0001", "1", "5", "37 fa 21 3d", "48 65 6c 6c 6f"]);
    }

    #[test]
    fn every_form_of_a_length_is_drawn() {
        let with = |length, length_bits| Frame { length, length_bits, first: vec![0; 32], ..frame(Direction::Out, 2) };
        assert_eq!(drawn(&with(300, LengthBits::Sixteen))[0].last(), Some(&("Extended length", 16)));
        let rows = drawn(&with(70_000, LengthBits::SixtyFour));
        assert_eq!((rows[0].last(), rows[1][0]), (Some(&("Extended length", 16)), ("Extended length", 32)));
        assert_eq!(rows[2], [("Extended length", 16), ("Payload", 16)]);
        let payload = fields(&with(70_000, LengthBits::SixtyFour)).pop().unwrap();
        assert!(payload.meaning.contains("69984 more bytes"), "{payload:?}");
    }

    #[test]
    fn a_row_is_never_longer_than_32_bits() {
        let frame = Frame { length: 32, first: vec![1; 32], mask: Some([0; 4]), ..frame(Direction::In, 2) };
        for row in drawn(&frame) {
            assert!(row.iter().map(|(_, bits)| bits).sum::<u32>() <= ROW, "{row:?}");
        }
    }
}
