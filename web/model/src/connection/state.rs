//! The state of a connection.

use std::fmt;
use std::time::Duration;

use crate::connection::ending::Ending;
use crate::data::format::Span;
use crate::data::time::Time;
use crate::data::visible::Visible;
use crate::log::Tone;

#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionState {
    /// Not connected; how the connection before ended.
    Idle(Option<Ending>),
    /// The connection was lost, and an attempt to reconnect is scheduled.
    Reconnecting {
        ending: Ending,
        /// Counted from 1.
        attempt: u32,
        /// When the attempt begins.
        until: Time,
    },
    Connecting,
    Open(Opened),
    /// The page has sent its close frame; messages may still arrive.
    Closing(Opened),
}

impl Default for ConnectionState {
    fn default() -> Self {
        Self::Idle(None)
    }
}

impl ConnectionState {
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Idle(None) => "Not connected",
            Self::Idle(Some(ending)) => ending.summary(),
            Self::Reconnecting { .. } => "Reconnecting…",
            Self::Connecting => "Connecting…",
            Self::Open(_) => "Open",
            Self::Closing(_) => "Closing…",
        }
    }

    pub fn tone(&self) -> Tone {
        match self {
            Self::Idle(Some(ending)) => ending.tone(),
            Self::Reconnecting { .. } => Tone::Warning,
            Self::Open(_) => Tone::Good,
            Self::Idle(None) | Self::Connecting | Self::Closing(_) => Tone::Neutral,
        }
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Idle(ending) => ending.as_ref(),
            Self::Reconnecting { ending, .. } => Some(ending),
            Self::Connecting | Self::Open(_) | Self::Closing(_) => None,
        }
    }

    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::Open(opened) | Self::Closing(opened) => Some(opened),
            Self::Idle(_) | Self::Reconnecting { .. } | Self::Connecting => None,
        }
    }
}

/// The result of a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// From the call of the constructor to the open event: name look-up, TCP, TLS and HTTP together.
    pub handshake: Duration,
    /// The subprotocol that the server chose; empty for none.
    pub protocol: String,
    /// The extensions in use, as in `Sec-WebSocket-Extensions`; empty for none.
    pub extensions: String,
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Open after {}", Span(self.handshake))?;
        if !self.protocol.is_empty() {
            write!(f, ", subprotocol {}", Visible(&self.protocol))?;
        }
        if !self.extensions.is_empty() {
            write!(f, ", {}", Visible(&self.extensions))?;
        }
        Ok(())
    }
}
