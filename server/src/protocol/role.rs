//! What becomes of the frames that a connection reads, and which side of it reads them.

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use super::{header::Key, violation::ProtocolViolation};

/// Which side of the connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Its peer masks every frame.
    Server,
    /// Its peer masks none. Its pongs are passed on, too.
    Client,
}

impl Role {
    /// The masking key of a frame that the peer has sent, or none of effect
    /// ([RFC 6455, 5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.1)).
    pub(super) fn key(self, key: Option<Key>) -> Result<Key, ProtocolViolation> {
        match (self, key) {
            (Self::Server, Some(key)) => Ok(key),
            (Self::Server, None) => Err(ProtocolViolation::Unmasked),
            (Self::Client, None) => Ok(Key::default()),
            (Self::Client, Some(_)) => Err(ProtocolViolation::Masked),
        }
    }
}

/// What becomes of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// Each message is answered with itself, a text behind that prefix; control frames are answered as the RFC says.
    Echo {
        /// What comes before the client's own words.
        prefix: &'static str,
    },
    /// tungstenite reads the output as the peer's, and answers: messages and pings, in whole unmasked frames.
    PassOn(Role),
    /// Nothing is answered any more: this side, an echoing server, has sent its close frame.
    Discard,
}

impl Reply {
    /// The side that reads.
    pub(super) fn role(self) -> Role {
        match self {
            Self::PassOn(role) => role,
            Self::Echo { .. } | Self::Discard => Role::Server,
        }
    }

    /// Whether the output goes to the peer.
    pub(super) fn counts_output(self) -> bool {
        !matches!(self, Self::PassOn(_))
    }

    pub(super) fn prefix(self, data: Data) -> &'static [u8] {
        match self {
            Self::Echo { prefix } if data == Data::Text => prefix.as_bytes(),
            _ => &[],
        }
    }
}
