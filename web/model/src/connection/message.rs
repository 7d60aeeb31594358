//! Everything that can happen to a connection.

use std::time::Duration;

use wire::Target;

use crate::composing::draft::{Draft, Format, Templates};
use crate::connection::close::CloseFrame;
use crate::connection::ending::Closed;
use crate::connection::setup::{Offline, Reconnect};
use crate::data::payload::Payload;
use crate::log::Tally;
use crate::log::filter::Query;
use crate::matching::{MatchError, MatchId};
use crate::sending::outbox::Outgoing;
use crate::sending::repeat::Repeat;
use crate::sending::replay::ReplayMessage;
use crate::sending::sequence::Sequence;
use crate::shared::SocketId;
use crate::why::{Told, Why};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    Open {
        /// See [`Opened::handshake`](crate::connection::state::Opened::handshake).
        handshake: Duration,
        /// Empty for none.
        protocol: String,
        /// As in `Sec-WebSocket-Extensions`; empty for none.
        extensions: String,
    },
    /// The browser rejected the address, for this reason. The last event.
    Refused(String),
    Message(Payload),
    /// The next message was too long: so many bytes of it are left out.
    Cut(u64),
    /// Messages that arrived while the page was too busy, and were dropped.
    Missed(Tally),
    /// A message that the socket accepted and then could not send. May follow the close event.
    Unsent(Payload),
    /// The current [`bufferedAmount`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/bufferedAmount), in
    /// bytes; after each change.
    Buffered(u64),
    /// Only [`Self::Unsent`] may follow.
    Close(Closed),
    /// What runs the socket has failed. The last event.
    WorkerFailed,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionMsg {
    AddressTyped(String),
    SubprotocolsTyped(String),
    /// Ask the server for this behaviour, with its parameters.
    TargetChosen(Target),
    ReconnectChosen(Reconnect),
    OfflineChosen(Offline),
    /// Connect now, even where an attempt is scheduled for later.
    Connect,
    /// Connect through Canyon's relay.
    ConnectThrough,
    /// What is asked of the relay, as far as it is to be stored.
    RelayChosen(String),
    /// From the relay, about this socket.
    Relayed(SocketId, Told),
    /// The answer to [`Effect::Diagnose`](crate::Effect::Diagnose), if there is one.
    Diagnosed(SocketId, Option<Box<Why>>),
    /// Closes an open connection; gives up on one that is connecting, closing or waiting to reconnect.
    Disconnect,
    /// Like `Disconnect`, with this close frame.
    Close(CloseFrame),
    DraftTyped(String),
    FormatChosen(Format),
    TemplatesChosen(Templates),
    /// Put a saved message, or one of the history, into the message box.
    DraftChosen(Draft),
    /// Recall the message that was sent before the recalled one, or the newest.
    RecallOlder,
    /// Recall the message that was sent after the recalled one, or restore the draft.
    RecallNewer,
    /// Send the draft.
    Send,
    /// Send this, such as a file.
    SendPayload(Payload),
    DiscardQueued,
    /// Replaces the repetition that is running.
    StartRepeat(Repeat),
    StopRepeat,
    /// Replaces the sequence before, running or ended.
    StartSequence(Sequence),
    StopSequence,
    /// Drop the ended sequence and its results.
    DismissSequence,
    /// Send these with their original timing.
    StartReplay(Vec<ReplayMessage>),
    StopReplay,
    Filter(Query),
    /// Filter about this many bytes more of the log: the budget of one frame.
    Scan {
        bytes: usize,
    },
    /// The answer to [`Effect::Match`](crate::Effect::Match).
    Matched(MatchId, Result<Vec<bool>, MatchError>),
    /// The number of an entry.
    Pin(u64),
    /// The number of an entry.
    Unpin(u64),
    ClearLog,
    Socket(SocketId, SocketEvent),
    /// The browser accepted this.
    Sent {
        message: Outgoing,
        /// `bufferedAmount` afterwards, in bytes.
        buffered: u64,
    },
    /// The browser did not accept this, because the connection is no longer open.
    NotSent(Outgoing),
}

/// Why something was not done. Shown beside the field that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    Address(String),
    Subprotocols(String),
    /// The draft is wrong, or the queue is full.
    Draft(String),
    /// Of a repetition, a sequence or a replay.
    Task(String),
    Pin(String),
}
