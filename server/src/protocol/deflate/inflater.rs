//! The client's direction: what a compressed message's frames carry becomes the message
//! ([RFC 7692, 7.2.2](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.2)). Never counts what comes out: limits are
//! the caller's.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Agreed, Context};
use crate::protocol::ProtocolViolation;

/// The end of a message: the four bytes that its sender left away, and then one whole empty block.
///
/// The second block proves that the first one was read as such: within another block's data the bytes would be data or an
/// error. What it does not prove is that the payload did not end within the header of a block with codes of its own, which
/// can take them for code lengths: such a message is taken for what has come out, and the next is read in that header.
const TAIL: [u8; 9] = [0, 0, 0xff, 0xff, 0, 0, 0, 0xff, 0xff];

/// Inflates the messages of one connection, one after the other.
#[derive(Debug)]
pub(crate) struct Inflater {
    /// Made with the first compressed message, 46 KiB. Its window is always of 32 KiB, which inflates the smaller
    /// ones too.
    stream: Option<Decompress>,
    /// Whether the client's messages may refer back.
    context: Context,
    /// The last block said that it is the last (BFINAL), and nothing came after it.
    ended: bool,
}

/// What an inflater takes, in bytes.
const SIZE: usize = 46 << 10;

impl Inflater {
    pub(crate) fn new(agreed: &Agreed) -> Self {
        Self { stream: None, context: agreed.client_context, ended: false }
    }

    /// Bytes of memory that are taken.
    pub(crate) fn size(&self) -> usize {
        if self.stream.is_some() { SIZE } else { 0 }
    }

    /// What it costs to begin a message again, where that has to be, as bytes that could be made instead.
    pub(crate) fn cost(&self) -> usize {
        if self.context == Context::NoTakeover { super::ANEW } else { 0 }
    }

    /// Inflates until `input` is used up or `out` is full; gives the bytes taken from the one and put in the other.
    ///
    /// As long as it fills `out`, there may be more to come, even without more input.
    pub(crate) fn inflate(&mut self, input: &[u8], out: &mut [u8]) -> Result<(usize, usize), ProtocolViolation> {
        let stream = self.stream.get_or_insert_with(|| Decompress::new(false));
        let (mut taken, mut put) = (0, 0);
        loop {
            let (total_in, total_out) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(&input[taken..], &mut out[put..], FlushDecompress::None);
            let (now_in, now_out) =
                ((stream.total_in() - total_in) as usize, (stream.total_out() - total_out) as usize);
            taken += now_in;
            put += now_out;
            self.ended &= now_in == 0;
            match status {
                Ok(Status::Ok | Status::BufError) => return Ok((taken, put)),
                // A sender may end a stream within a message (RFC 7692, 7.2.3.4); the next one knows nothing of it.
                Ok(Status::StreamEnd) => {
                    stream.reset(false);
                    self.ended = true;
                }
                Err(_) => return Err(ProtocolViolation::InvalidData),
            }
        }
    }

    /// Ends a message of which everything is inflated.
    pub(crate) fn finish(&mut self) -> Result<(), ProtocolViolation> {
        if !self.ended && self.inflate(&TAIL, &mut [0])? != (TAIL.len(), 0) {
            return Err(ProtocolViolation::InvalidData);
        }
        self.ended = false;
        if self.context == Context::NoTakeover {
            self.stream = None;
        }
        Ok(())
    }
}
