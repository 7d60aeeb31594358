//! The notes that a connection writes into the log.

use std::fmt;
use std::time::Duration;

use crate::connection::address::WsUrl;
use crate::connection::ending::Ending;
use crate::connection::retry::Retry;
use crate::connection::state::Opened;
use crate::data::format::{Counted, Size, Span};
use crate::data::visible::Quoted;
use crate::log::{Kind, Tally, Tone};

/// The log keeps only the text.
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    Connecting {
        url: WsUrl,
        /// The address before it was completed.
        typed: Option<String>,
    },
    /// The browser rejected the address, for this reason.
    NotConnected(String),
    Opened(Opened),
    /// What the relay has told.
    Through(String),
    /// Reconnected after this time.
    DisconnectedFor(Duration),
    Retrying(Retry),
    /// After this many attempts.
    GaveUp(u32),
    NotSent,
    /// This many queued messages are being sent.
    SendingQueued(usize),
    /// Messages that arrived while the page was closing the connection.
    AfterClose(Tally),
    /// Messages that were dropped because the page was too slow.
    Missed(Tally),
    Ended(Ending),
    /// The summary of a sequence that ended.
    Sequence {
        text: String,
        tone: Tone,
    },
}

impl Note {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Opened(_) => Kind::Open,
            Self::Ended(Ending::Refused(_) | Ending::Through { was_open: false, .. })
            | Self::NotConnected(_)
            | Self::NotSent => Kind::Error,
            Self::Ended(_) => Kind::Close,
            _ => Kind::Note,
        }
    }

    pub fn tone(&self) -> Tone {
        match self {
            Self::Connecting { .. } | Self::SendingQueued(_) | Self::Through(_) => Tone::Neutral,
            Self::Opened(_) => Tone::Good,
            Self::NotSent | Self::AfterClose(_) | Self::DisconnectedFor(_) | Self::Retrying(_) | Self::Missed(_) => {
                Tone::Warning
            }
            Self::NotConnected(_) | Self::GaveUp(_) => Tone::Error,
            Self::Ended(ending) => ending.tone(),
            Self::Sequence { tone, .. } => *tone,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting { url, typed: None } => write!(f, "Connecting to {url}"),
            Self::Connecting { url, typed: Some(typed) } => {
                write!(f, "Connecting to {url}, completed from {}", Quoted(typed))
            }
            Self::NotConnected(why) => write!(f, "Not connected: {why}"),
            Self::Opened(opened) => opened.fmt(f),
            Self::Through(text) => f.write_str(text),
            Self::DisconnectedFor(gap) => {
                write!(f, "Disconnected for {}; messages that the server sent meanwhile were not received", Span(*gap))
            }
            Self::Retrying(Retry { attempt, delay_ms }) => {
                write!(f, "Reconnect attempt {attempt} in {}", Span(Duration::from_millis(u64::from(*delay_ms))))
            }
            Self::GaveUp(attempts) => write!(f, "Gave up after {}", Counted(u64::from(*attempts), "attempt")),
            Self::NotSent => f.write_str("Not sent: the connection had already closed"),
            Self::SendingQueued(count) => write!(f, "Sending {}", Counted(*count as u64, "queued message")),
            Self::Missed(Tally { messages, bytes }) => {
                let messages = Counted(*messages, "message");
                write!(f, "{messages} ({}) lost: the page could not keep up", Size(*bytes))
            }
            Self::AfterClose(Tally { messages, bytes }) => {
                let messages = Counted(*messages, "message");
                write!(f, "{messages} ({}) received while closing, not logged", Size(*bytes))
            }
            Self::Ended(ending) => ending.fmt(f),
            Self::Sequence { text, .. } => f.write_str(text),
        }
    }
}
