//! The state of a connection. What a control may do is a match on it; it never holds a message.

use std::fmt;
use std::time::Duration;

use crate::connection::ending::Ending;
use crate::data::format::Span;
use crate::data::time::Time;
use crate::data::visible::Visible;
use crate::log::Tone;

/// Where a connection stands.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// There is none; how the one before ended.
    Idle(Option<Ending>),
    /// It was lost, and another try follows.
    Reconnecting {
        /// How it ended.
        ending: Ending,
        /// The number of the try, counted from 1.
        attempt: u32,
        /// When that begins.
        until: Time,
    },
    /// The handshake is on its way.
    Connecting {
        /// When it began.
        since: Time,
    },
    /// Messages may go both ways.
    Open(Opened),
    /// The page has sent its close frame; messages may still come.
    Closing(Opened),
}

impl Default for State {
    fn default() -> Self {
        Self::Idle(None)
    }
}

impl State {
    /// Two or three words for it.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Idle(None) => "Not connected",
            Self::Idle(Some(ending)) => ending.summary(),
            Self::Reconnecting { .. } => "Trying again…",
            Self::Connecting { .. } => "Connecting…",
            Self::Open(_) => "Open",
            Self::Closing(_) => "Closing…",
        }
    }

    /// Whether this is good news.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Idle(Some(ending)) => ending.tone(),
            Self::Reconnecting { .. } => Tone::Warning,
            Self::Open(_) => Tone::Good,
            Self::Idle(None) | Self::Connecting { .. } | Self::Closing(_) => Tone::Neutral,
        }
    }

    /// What the handshake agreed upon, while there is a connection.
    pub fn opened(&self) -> Option<&Opened> {
        match self {
            Self::Open(opened) | Self::Closing(opened) => Some(opened),
            Self::Idle(_) | Self::Reconnecting { .. } | Self::Connecting { .. } => None,
        }
    }
}

/// What a handshake agreed upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// From the wish to connect to the open event: name look-up, TCP, TLS and HTTP together.
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
