//! What the frames of one message have in common, and the rules for the next of them
//! ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)). Never sees a payload.

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use super::{
    header::{Header, RSV1},
    utf8::{InvalidUtf8, Utf8},
    violation::ProtocolViolation,
};

/// How large a message may be.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of a message, as it is after inflating.
    pub message: u64,
    /// FrameLayer of a message.
    pub fragments: u32,
}

/// What goes for the messages of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compression {
    /// RSV1 marks a compressed message.
    Agreed,
    NotAgreed,
}

/// A message of which frames have come, but not the last one's end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    /// The opcode of its next frame on the way out, where the decoder makes that frame; until then, what it is.
    pub(super) next: Data,
    pub(super) form: Form,
    fragments: u32,
    /// Bytes that its frames announced so far.
    announced: u64,
}

/// How the bytes of a message stand on the wire.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Binary,
    Text(Utf8),
    Compressed {
        /// Bytes that came out so far.
        inflated: u64,
    },
}

impl Form {
    /// Reads on in an uncompressed message.
    pub(super) fn check(&mut self, bytes: &[u8]) -> Result<(), InvalidUtf8> {
        match self {
            Self::Text(utf8) => utf8.check(bytes),
            Self::Binary | Self::Compressed { .. } => Ok(()),
        }
    }

    /// Whether the message may end here.
    pub(super) fn is_whole(&self) -> bool {
        !matches!(self, Self::Text(utf8) if !utf8.is_whole())
    }
}

impl Limits {
    /// Bytes that a compressed message may have on the wire.
    ///
    /// An honest one is larger than what comes out by an eighth at the worst, and by five bytes a flush; but blocks that
    /// hold nothing could go on for ever.
    fn compressed(&self) -> u64 {
        self.message.saturating_mul(2).saturating_add(32 << 10)
    }
}

impl Message {
    /// The message with one frame more: the first of a new one, or the next of `current`.
    pub(super) fn with_frame(
        current: Option<Self>,
        header: &Header,
        data: Data,
        compression: Compression,
        limits: &Limits,
    ) -> Result<Self, ProtocolViolation> {
        let compressed = header.rsv == RSV1 && data != Data::Continue && compression == Compression::Agreed;
        if header.rsv != 0 && !compressed {
            return Err(ProtocolViolation::ReservedBits);
        }
        let mut message = match (data, current) {
            (Data::Continue, current) => current.ok_or(ProtocolViolation::UnexpectedContinuation)?,
            (_, Some(_)) => return Err(ProtocolViolation::UnexpectedMessage),
            (Data::Reserved(code), None) => return Err(ProtocolViolation::ReservedOpcode(code)),
            (_, None) if compressed => Self::new(data, Form::Compressed { inflated: 0 }),
            (Data::Text, None) => Self::new(data, Form::Text(Utf8::default())),
            (Data::Binary, None) => Self::new(data, Form::Binary),
        };
        message.fragments += 1;
        message.announced = message.announced.saturating_add(header.length);
        let most = if matches!(message.form, Form::Compressed { .. }) { limits.compressed() } else { limits.message };
        if message.announced > most {
            return Err(ProtocolViolation::BigMessage(limits.message));
        }
        if message.fragments > limits.fragments {
            return Err(ProtocolViolation::ManyFragments(limits.fragments));
        }
        Ok(message)
    }

    /// Notes that `count` more bytes came out of it.
    pub(super) fn grow(&mut self, count: usize, limits: &Limits) -> Result<(), ProtocolViolation> {
        let Form::Compressed { inflated } = &mut self.form else { return Ok(()) };
        *inflated += count as u64;
        if *inflated > limits.message { Err(ProtocolViolation::BigMessage(limits.message)) } else { Ok(()) }
    }

    fn new(next: Data, form: Form) -> Self {
        Self { next, form, fragments: 0, announced: 0 }
    }
}
