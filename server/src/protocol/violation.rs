//! Why a connection is failed ([RFC 6455, 7.1.7](https://www.rfc-editor.org/rfc/rfc6455#section-7.1.7)): a close code,
//! and a sentence for the peer. Never sends it.

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

/// What the peer did wrong. Answer what came before it, then send its [`CloseFrame`].
///
/// The text is the close frame's reason, and never longer than the 123 bytes that one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolViolation {
    /// A reserved bit that no agreed extension gives a meaning, there.
    #[error("reserved bits must be 0")]
    ReservedBits,
    /// An opcode that nothing gives a meaning.
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A frame of a client without a mask.
    #[error("frame is not masked")]
    Unmasked,
    /// A frame of a server with a mask.
    #[error("frame of a server is masked")]
    Masked,
    /// A length in more bytes than it needs (RFC 6455, 5.2).
    #[error("length {0} is not in its shortest form")]
    PaddedLength(u64),
    /// A length of 64 bits of which the first is set (RFC 6455, 5.2).
    #[error("the top bit of a length must be 0")]
    LengthTopBit,
    /// A control frame that is not the whole of its message.
    #[error("control frame is fragmented")]
    FragmentedControl,
    /// A control frame of more than 125 bytes.
    #[error("control frame of {0} bytes, 125 are the most")]
    LongControl(u64),
    /// A close frame of one byte.
    #[error("close frame with half a code")]
    HalfCloseCode,
    /// A close code that must not be sent (RFC 6455, 7.4).
    #[error("close code {0} must not be sent")]
    CloseCode(u16),
    /// A continuation frame with no message to continue.
    #[error("continuation without a message to continue")]
    UnexpectedContinuation,
    /// Another message's first frame within a message.
    #[error("new message within a fragmented one")]
    UnexpectedMessage,
    /// More bytes in a message than the limit allows, compressed or not.
    #[error("message of more than {0} bytes")]
    BigMessage(u64),
    /// More frames in a message than the limit allows.
    #[error("message of more than {0} fragments")]
    ManyFragments(u32),
    /// Text that is not UTF-8.
    #[error("text is not valid UTF-8")]
    InvalidUtf8,
    /// A compressed message that cannot be inflated.
    #[error("invalid compressed data")]
    InvalidData,
}

impl ProtocolViolation {
    /// The close code for the peer.
    pub fn code(self) -> CloseCode {
        match self {
            Self::ReservedBits
            | Self::ReservedOpcode(_)
            | Self::Unmasked
            | Self::Masked
            | Self::PaddedLength(_)
            | Self::LengthTopBit
            | Self::FragmentedControl
            | Self::LongControl(_)
            | Self::HalfCloseCode
            | Self::CloseCode(_)
            | Self::UnexpectedContinuation
            | Self::UnexpectedMessage => CloseCode::Protocol,
            Self::BigMessage(_) | Self::ManyFragments(_) => CloseCode::Size,
            Self::InvalidUtf8 | Self::InvalidData => CloseCode::Invalid,
        }
    }

    /// Where the rule stands.
    pub fn section(self) -> &'static str {
        match self {
            Self::ReservedBits | Self::ReservedOpcode(_) | Self::PaddedLength(_) | Self::LengthTopBit => {
                "RFC 6455, 5.2"
            }
            Self::Unmasked | Self::Masked => "RFC 6455, 5.1",
            Self::FragmentedControl | Self::LongControl(_) => "RFC 6455, 5.5",
            Self::HalfCloseCode => "RFC 6455, 5.5.1",
            Self::CloseCode(_) => "RFC 6455, 7.4",
            Self::UnexpectedContinuation | Self::UnexpectedMessage => "RFC 6455, 5.4",
            // A limit of the server's own.
            Self::BigMessage(_) | Self::ManyFragments(_) => "RFC 6455, 10.4",
            Self::InvalidUtf8 => "RFC 6455, 8.1",
            Self::InvalidData => "RFC 7692, 7.2.2",
        }
    }
}

impl From<ProtocolViolation> for CloseFrame {
    fn from(violation: ProtocolViolation) -> Self {
        Self { code: violation.code(), reason: violation.to_string().into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_its_close_frame() {
        let longest = [
            ProtocolViolation::ReservedOpcode(u8::MAX),
            ProtocolViolation::LongControl(u64::MAX),
            ProtocolViolation::UnexpectedContinuation,
            ProtocolViolation::BigMessage(u64::MAX),
            ProtocolViolation::ManyFragments(u32::MAX),
        ];
        assert!(longest.into_iter().all(|violation| CloseFrame::from(violation).reason.len() <= 123));
    }
}
