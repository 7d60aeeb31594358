//! The limits of the command line that end a connection, for `/metrics`. A request that one of them refuses is counted
//! with the refusals.

use crate::{budget::Overdrawn, counter::Counter, protocol::ProtocolViolation};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    CloseTimeout,
    HandshakeTimeout,
    MaxFragments,
    MaxMemory,
    MaxMessageSize,
    MaxShareByAddress,
    MaxWriteBuffer,
    MessageTimeout,
    PingTimeout,
    WriteTimeout,
}

impl Limit {
    pub(crate) const ALL: [Self; 10] = [
        Self::CloseTimeout,
        Self::HandshakeTimeout,
        Self::MaxFragments,
        Self::MaxMemory,
        Self::MaxMessageSize,
        Self::MaxShareByAddress,
        Self::MaxWriteBuffer,
        Self::MessageTimeout,
        Self::PingTimeout,
        Self::WriteTimeout,
    ];

    /// The option of the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::CloseTimeout => "close-timeout",
            Self::HandshakeTimeout => "handshake-timeout",
            Self::MaxFragments => "max-fragments",
            Self::MaxMemory => "max-memory",
            Self::MaxMessageSize => "max-message-size",
            Self::MaxShareByAddress => "max-share-per-address",
            Self::MaxWriteBuffer => "max-write-buffer",
            Self::MessageTimeout => "message-timeout",
            Self::PingTimeout => "ping-timeout",
            Self::WriteTimeout => "write-timeout",
        }
    }

    /// The limit that a peer did not keep, if that was its mistake.
    pub(crate) fn of(violation: ProtocolViolation) -> Option<Self> {
        match violation {
            ProtocolViolation::BigMessage(_) => Some(Self::MaxMessageSize),
            ProtocolViolation::ManyFragments(_) => Some(Self::MaxFragments),
            _ => None,
        }
    }
}

impl From<Overdrawn> for Limit {
    fn from(overdrawn: Overdrawn) -> Self {
        match overdrawn {
            Overdrawn::Server => Self::MaxMemory,
            Overdrawn::Address => Self::MaxShareByAddress,
        }
    }
}

/// How many connections each limit has ended.
#[derive(Debug, Default)]
pub(crate) struct Reached([Counter; Limit::ALL.len()]);

impl Reached {
    pub(crate) fn count(&self, limit: Limit) {
        self.0[limit as usize].add(1);
    }

    pub(crate) fn total(&self, limit: Limit) -> u64 {
        self.0[limit as usize].total()
    }
}
