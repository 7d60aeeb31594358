//! A message that is arriving, and the rules for its next frame
//! ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)).

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use super::{
    header::{Charset, Header, RSV1},
    utf8::Utf8,
    violation::ProtocolViolation,
};

/// How large a message may be; more is answered with close code 1009.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a message, as it is after inflating.
    pub message: u64,
    /// FrameLayer of a message.
    pub fragments: u32,
}

/// Whether permessage-deflate was negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// RSV1 marks a compressed message.
    Agreed,
    NotAgreed,
}

/// How the payload is encoded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Deflate,
}

/// A message of which at least one header has arrived, but not the end of the last frame.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    /// Text or binary.
    pub(super) data: Data,
    pub(super) encoding: Encoding,
    /// Checks a text, as far as it has arrived.
    utf8: Utf8,
    fragments: u32,
    /// Payload bytes that its headers announced so far.
    announced: u64,
    /// Bytes that came out of the inflater so far.
    inflated: u64,
}

impl Limits {
    /// Most bytes of a compressed message on the wire.
    ///
    /// An honest compressor adds at most an eighth, and 5 bytes a flush. Without a limit, blocks that inflate to nothing
    /// could go on forever.
    fn compressed(&self) -> u64 {
        self.message.saturating_mul(2).saturating_add(32 << 10)
    }
}

impl Message {
    /// The message with one more frame: the first of a new one, or the next of `current`.
    pub(super) fn with_frame(
        current: Option<Self>,
        header: &Header,
        data: Data,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Self, ProtocolViolation> {
        let compressed = header.rsv() == RSV1 && data != Data::Continue && compression == Compression::Agreed;
        if header.rsv() != 0 && !compressed {
            return Err(ProtocolViolation::ReservedBits);
        }
        let mut message = match (data, current) {
            (Data::Continue, current) => current.ok_or(ProtocolViolation::UnexpectedContinuation)?,
            (_, Some(_)) => return Err(ProtocolViolation::UnexpectedMessage),
            (Data::Reserved(code), None) => return Err(ProtocolViolation::ReservedOpcode(code)),
            (data, None) => Self::new(data, if compressed { Encoding::Deflate } else { Encoding::Plain }),
        };
        message.fragments += 1;
        message.announced = message.announced.saturating_add(header.length);
        let most = if message.encoding == Encoding::Deflate { limits.compressed() } else { limits.message };
        if message.announced > most {
            return Err(ProtocolViolation::BigMessage(limits.message));
        }
        if message.fragments > limits.fragments {
            return Err(ProtocolViolation::ManyFragments(limits.fragments));
        }
        Ok(message)
    }

    /// Counts bytes that came out of the inflater.
    pub(super) fn add_inflated(&mut self, count: usize, limits: &Limits) -> Result<(), ProtocolViolation> {
        self.inflated += count as u64;
        if self.inflated > limits.message { Err(ProtocolViolation::BigMessage(limits.message)) } else { Ok(()) }
    }

    /// Bytes that compression kept off the wire.
    pub(super) fn saved(&self) -> u64 {
        self.inflated.saturating_sub(self.announced)
    }

    /// Checks the next decoded bytes of a text; of a binary message anything is right.
    pub(super) fn check(&mut self, bytes: &[u8], charset: Charset) -> Result<(), ProtocolViolation> {
        if self.data != Data::Text || charset == Charset::Ascii && self.utf8.is_whole() {
            return Ok(());
        }
        self.utf8.check(bytes)
    }

    /// Checks that a text does not end within a character.
    pub(super) fn check_end(&self) -> Result<(), ProtocolViolation> {
        if self.utf8.is_whole() { Ok(()) } else { Err(ProtocolViolation::InvalidUtf8) }
    }

    /// Whether no other frame belongs to it so far.
    pub(super) fn is_first_frame(&self) -> bool {
        self.fragments == 1
    }

    fn new(data: Data, encoding: Encoding) -> Self {
        Self { data, encoding, utf8: Utf8::default(), fragments: 0, announced: 0, inflated: 0 }
    }
}
