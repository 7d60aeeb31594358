//! Which side reads, and what becomes of what it reads.

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use super::{header::Key, violation::ProtocolViolation};

/// Which side of the connection reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Its peer masks every frame.
    Server,
    /// Its peer masks none. What it reads is always [passed on](Reply::PassOn), pongs too.
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
    /// tungstenite reads the output as a client's, and answers: messages and pings, in whole unmasked frames.
    PassOn,
    /// Nothing is answered: this side has sent its close frame.
    Discard,
}

impl Reply {
    pub(super) fn prefix(self, data: Data) -> &'static [u8] {
        match self {
            Self::Echo { prefix } if data == Data::Text => prefix.as_bytes(),
            _ => &[],
        }
    }
}
