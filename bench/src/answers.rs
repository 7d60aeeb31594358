//! Compares answers with the sent messages, byte by byte as they arrive; nothing is stored.

use anyhow::{Context, Result, ensure};
use flate2::Decompress;

use crate::{
    decoder::Piece,
    deflate::{self, FLUSH},
    messages::Messages,
};

/// What a server's replies must be.
#[derive(Debug)]
pub struct Expected {
    /// What was sent.
    pub messages: Messages,
    /// The prefix of every reply.
    pub prefix: Vec<u8>,
    /// How closely replies are checked.
    pub check: Check,
}

/// How closely replies are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// Their type, order and, unless compressed, their length.
    Lengths,
    /// Every byte of them.
    Bytes,
}

/// One connection's answers.
#[derive(Debug)]
pub struct Answers {
    /// Number of the message that is answered now.
    number: u64,
    /// Bytes of its reply so far; not counted while compressed replies are not checked.
    position: usize,
    /// Present when compressed replies are checked.
    inflate: Option<Decompress>,
}

impl Answers {
    /// Begins with the answer to a message.
    pub fn from(number: u64, inflate: Option<Decompress>) -> Self {
        Self { number, position: 0, inflate }
    }

    /// Takes the next bytes of an answer.
    pub fn take(&mut self, expected: &Expected, piece: Piece<'_>) -> Result<()> {
        let Piece { bytes, opcode, compressed, end } = piece;
        let length = expected.prefix.len() + expected.messages.size();
        if !compressed {
            self.compare(expected, bytes)?;
        } else if expected.check == Check::Bytes {
            self.inflate(expected, bytes)?;
            if end {
                self.inflate(expected, &FLUSH)?;
            }
        } else if end {
            self.position = length;
        }
        if end {
            ensure!(opcode == expected.messages.opcode(), "an answer has the opcode {opcode}");
            ensure!(self.position == length, "an answer has {} bytes instead of {length}", self.position);
            self.position = 0;
            self.number += 1;
        }
        Ok(())
    }

    fn inflate(&mut self, expected: &Expected, bytes: &[u8]) -> Result<()> {
        let mut inflate = self.inflate.take().context("an answer is compressed, which was not agreed")?;
        deflate::inflate(&mut inflate, bytes, |bytes| self.compare(expected, bytes))?;
        self.inflate = Some(inflate);
        Ok(())
    }

    fn compare(&mut self, expected: &Expected, bytes: &[u8]) -> Result<()> {
        let start = self.position;
        self.position += bytes.len();
        let length = expected.prefix.len() + expected.messages.size();
        ensure!(self.position <= length, "an answer has {} bytes or more instead of {length}", self.position);
        if expected.check == Check::Lengths {
            return Ok(());
        }
        let prefix = &expected.prefix[start.min(expected.prefix.len())..self.position.min(expected.prefix.len())];
        let payload = expected.messages.payload(self.number);
        let payload = &payload[start.saturating_sub(expected.prefix.len())..][..bytes.len() - prefix.len()];
        let is_expected = bytes.starts_with(prefix) && &bytes[prefix.len()..] == payload;
        ensure!(
            is_expected,
            "from byte {start} on an answer is '{}' instead of '{}{}'",
            brief(bytes),
            brief(prefix),
            brief(payload)
        );
        Ok(())
    }
}

/// At most 40 bytes, escaped.
fn brief(bytes: &[u8]) -> String {
    let shown = bytes[..bytes.len().min(40)].escape_ascii();
    if bytes.len() > 40 { format!("{shown}…") } else { shown.to_string() }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression};
    use testkit::frame::TEXT;

    use super::*;
    use crate::messages::Kind;

    fn expected(prefix: &str) -> Expected {
        let messages = Messages::prepare(Kind::Ascii, 30, 4, testkit::handshake::Compression::Off).unwrap();
        Expected { messages, prefix: prefix.as_bytes().to_vec(), check: Check::Bytes }
    }

    fn text(bytes: &[u8], end: bool) -> Piece<'_> {
        Piece { bytes, opcode: TEXT, compressed: false, end }
    }

    #[test]
    fn answers_in_pieces_are_compared_across_the_prefix() {
        let expected = expected("Server received: ");
        for size in [1, 10, 20, 47] {
            let mut answers = Answers::from(2, None);
            for number in 2..6 {
                let answer = [&expected.prefix, expected.messages.payload(number)].concat();
                for (index, piece) in answer.chunks(size).enumerate() {
                    let end = (index + 1) * size >= answer.len();
                    answers.take(&expected, text(piece, end)).unwrap();
                }
            }
        }
    }

    #[test]
    fn an_answer_to_another_message_is_shown() {
        let expected = expected("");
        let error = Answers::from(0, None).take(&expected, text(expected.messages.payload(1), true));
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("from byte 0 on an answer is '1 "), "{error}");
        assert!(error.contains(" instead of '0 "), "{error}");
    }

    #[test]
    fn an_answer_of_another_length_is_refused() {
        let expected = expected("");
        let payload = expected.messages.payload(0);
        let error = |bytes: &[u8]| Answers::from(0, None).take(&expected, text(bytes, true)).unwrap_err();
        assert_eq!(error(&payload[..29]).to_string(), "an answer has 29 bytes instead of 30");
        let longer = [payload, b"x"].concat();
        assert_eq!(error(&longer).to_string(), "an answer has 31 bytes or more instead of 30");
    }

    #[test]
    fn compressed_answers_are_inflated_with_what_came_before() {
        let expected = expected("");
        let mut stream = Compress::new(Compression::default(), false);
        let mut answers = Answers::from(0, Some(Decompress::new(false)));
        for number in 0..4 {
            let out = deflate::compress(&mut stream, expected.messages.payload(number)).unwrap();
            let (first, last) = out.split_at(3);
            answers.take(&expected, Piece { compressed: true, ..text(first, false) }).unwrap();
            answers.take(&expected, Piece { compressed: true, ..text(last, true) }).unwrap();
        }
    }
}
