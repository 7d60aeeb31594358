//! Takes a server's frames apart ([RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)), in whatever
//! pieces they come, without copying the payloads of data frames.

use std::mem;

use anyhow::{Result, bail, ensure};
use testkit::frame::{BINARY, CLOSE, FIN, PING, PONG, RSV1, TEXT};

/// Part of what came.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The next bytes of a data message.
    Data(Piece<'a>),
    /// A whole ping.
    Ping(Vec<u8>),
    /// A whole pong.
    Pong(Vec<u8>),
    /// A whole close frame.
    Close(Vec<u8>),
}

/// Bytes of a data message as they stand in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Never empty unless the frame is.
    pub bytes: &'a [u8],
    /// Of the message's first frame.
    pub opcode: u8,
    /// RSV1 of the message's first frame.
    pub compressed: bool,
    /// Whether the message ends with these bytes.
    pub end: bool,
}

/// Takes a server's bytes apart.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The header, as far as it came.
    head: [u8; 10],
    /// Bytes of `head` that are there.
    head_length: usize,
    /// Payload bytes of the present frame that are to come; counted once the header is whole.
    remaining: u64,
    /// Whether the header is whole.
    in_payload: bool,
    /// First byte of the present message's first frame; 0 between messages.
    message: u8,
    /// Payload of the present control frame, as far as it came.
    control: Vec<u8>,
}

impl Decoder {
    /// Takes what it can off the front of `input`; `None` when that was all and more must come.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        if !self.in_payload && !self.read_head(input)? {
            return Ok(None);
        }
        if input.is_empty() && self.remaining > 0 {
            return Ok(None);
        }
        let taken = usize::try_from(self.remaining).map_or(input.len(), |remaining| remaining.min(input.len()));
        let (bytes, rest) = input.split_at(taken);
        *input = rest;
        self.remaining -= taken as u64;
        let frame_ends = self.remaining == 0;
        self.in_payload = !frame_ends;
        if self.head[0] & 0x08 != 0 { self.control(bytes, frame_ends) } else { Ok(Some(self.data(bytes, frame_ends))) }
    }

    fn data<'a>(&mut self, bytes: &'a [u8], frame_ends: bool) -> Event<'a> {
        let message = self.message;
        let end = frame_ends && self.head[0] & FIN != 0;
        if end {
            self.message = 0;
        }
        Event::Data(Piece { bytes, opcode: message & 0x0f, compressed: message & RSV1 != 0, end })
    }

    fn control<'a>(&mut self, bytes: &'a [u8], frame_ends: bool) -> Result<Option<Event<'a>>> {
        self.control.extend(bytes);
        if !frame_ends {
            return Ok(None);
        }
        let payload = mem::take(&mut self.control);
        match self.head[0] & 0x0f {
            CLOSE => Ok(Some(Event::Close(payload))),
            PING => Ok(Some(Event::Ping(payload))),
            PONG => Ok(Some(Event::Pong(payload))),
            opcode => bail!("the server sent the opcode {opcode}"),
        }
    }

    /// Whether the header is whole now.
    fn read_head(&mut self, input: &mut &[u8]) -> Result<bool> {
        loop {
            let wanted = match (self.head_length, self.head[1]) {
                (..2, _) => 2,
                (_, 126) => 4,
                (_, 127) => 10,
                _ => 2,
            };
            if self.head_length == wanted {
                break;
            }
            let Some((&byte, rest)) = input.split_first() else { return Ok(false) };
            self.head[self.head_length] = byte;
            self.head_length += 1;
            *input = rest;
        }
        self.head_length = 0;
        self.in_payload = true;
        let [first, length, extended @ ..] = self.head;
        self.remaining = match length {
            126 => u16::from_be_bytes([extended[0], extended[1]]).into(),
            127 => u64::from_be_bytes(extended),
            length => length.into(),
        };
        ensure!(length & 0x80 == 0, "the server masked a frame");
        match first & 0x0f {
            0 => ensure!(self.message != 0, "the server continued a message that it had not begun"),
            TEXT | BINARY => {
                ensure!(self.message == 0, "the server began a message within another");
                self.message = first;
            }
            _ => ensure!(self.remaining < 126, "the server sent a control frame of {} bytes", self.remaining),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each event as a word, with bytes of one message joined; the input comes in pieces of `size` bytes.
    fn words(input: &[u8], size: usize) -> Vec<String> {
        let mut decoder = Decoder::default();
        let mut words = Vec::new();
        let mut message = Vec::new();
        for mut piece in input.chunks(size) {
            while !piece.is_empty() {
                match decoder.next(&mut piece).unwrap() {
                    Some(Event::Data(Piece { bytes, opcode, compressed, end })) => {
                        message.extend(bytes);
                        if end {
                            words.push(format!("{opcode} {compressed} {}", String::from_utf8_lossy(&message)));
                            message.clear();
                        }
                    }
                    Some(Event::Ping(payload)) => words.push(format!("ping {}", String::from_utf8_lossy(&payload))),
                    Some(Event::Pong(payload)) => words.push(format!("pong {}", String::from_utf8_lossy(&payload))),
                    Some(Event::Close(payload)) => words.push(format!("close {}", payload.len())),
                    None => {}
                }
            }
        }
        words
    }

    #[test]
    fn frames_are_the_same_in_whatever_pieces_they_come() {
        let long = [&[0x82, 126, 0x01, 0x00][..], &[b'x'; 256]].concat();
        let input =
            [b"\x81\x02hi\x01\x01a\x89\x01p\x80\x01b\xc1\x01z\x81\x00\x8a\x00".as_slice(), &long, b"\x88\x02\x03\xe8"]
                .concat();
        let expected = [
            "1 false hi",
            "ping p",
            "1 false ab",
            "1 true z",
            "1 false ",
            "pong ",
            &format!("2 false {}", "x".repeat(256)),
            "close 2",
        ];
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(words(&input, size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn a_server_that_breaks_the_protocol_is_told_of() {
        let error = |input: &[u8]| Decoder::default().next(&mut &*input).unwrap_err().to_string();
        assert_eq!(error(&[0x81, 0x80]), "the server masked a frame");
        assert_eq!(error(&[0x80, 0x00]), "the server continued a message that it had not begun");
        assert_eq!(error(&[0x8b, 0x00]), "the server sent the opcode 11");
        assert_eq!(error(&[0x89, 126, 0, 126]), "the server sent a control frame of 126 bytes");
    }
}
