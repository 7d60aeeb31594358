//! The notes that a connection writes into the log.

use std::fmt;
use std::time::Duration;

use crate::connection::address::WsUrl;
use crate::connection::ending::Ending;
use crate::connection::retry::Retry;
use crate::connection::state::Opened;
use crate::data::format::{Count, Size, Span};
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
    /// Reconnected; how long the connection was gone.
    DisconnectedFor(Duration),
    Retrying(Retry),
    /// After this many attempts.
    GaveUp(u32),
    NotSent,
    /// This many queued messages are being sent.
    SendingQueued(usize),
    /// Messages that arrived after the page had begun to close, and are not logged.
    AfterClose(Tally),
    /// Messages that were dropped because the page was busy.
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
            Self::Ended(Ending::Refused(_)) | Self::NotConnected(_) | Self::NotSent => Kind::Error,
            Self::Ended(_) => Kind::Close,
            _ => Kind::Note,
        }
    }

    pub fn tone(&self) -> Tone {
        match self {
            Self::Connecting { .. } | Self::SendingQueued(_) => Tone::Neutral,
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
            Self::DisconnectedFor(gap) => {
                write!(f, "A gap of {}: what the server sent meanwhile did not arrive here", Span(*gap))
            }
            Self::Retrying(Retry { attempt, delay_ms }) => {
                write!(f, "Reconnect attempt {attempt} in {}", Span(Duration::from_millis(u64::from(*delay_ms))))
            }
            Self::GaveUp(tries) => write!(f, "Gave up after {} tries", Count(u64::from(*tries))),
            Self::NotSent => f.write_str("Not sent: the connection had just gone"),
            Self::SendingQueued(count) => write!(f, "Sending what has waited: {}", Count(*count as u64)),
            Self::Missed(Tally { messages, bytes }) => {
                write!(
                    f,
                    "{} messages of {} came while the page was busy, and are lost",
                    Count(*messages),
                    Size(*bytes)
                )
            }
            Self::AfterClose(Tally { messages, bytes }) => {
                let (messages, bytes) = (Count(*messages), Size(*bytes));
                write!(f, "{messages} messages of {bytes} came after the page had begun to close, and are not logged")
            }
            Self::Ended(ending) => ending.fmt(f),
            Self::Sequence { text, .. } => f.write_str(text),
        }
    }
}
