//! Why there may be no further connection.

use crate::budget::Overdrawn;

/// Which limit a new connection would exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoom {
    #[error("there is no room for another connection")]
    Connections,
    #[error("there is no room for another connection from your address")]
    ConnectionsOfAddress,
    #[error("there is no memory for another connection")]
    Memory,
    #[error("your address holds its share of the server's memory")]
    MemoryOfAddress,
}

impl NoRoom {
    /// The limit, as a label of a metric.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Connections => "max-connections",
            Self::ConnectionsOfAddress => "max-connections-per-address",
            Self::Memory => "max-memory",
            Self::MemoryOfAddress => "max-share-per-address",
        }
    }
}

impl From<Overdrawn> for NoRoom {
    fn from(overdrawn: Overdrawn) -> Self {
        match overdrawn {
            Overdrawn::Server => Self::Memory,
            Overdrawn::Address => Self::MemoryOfAddress,
        }
    }
}
