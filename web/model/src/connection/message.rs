//! What a connection is told, and what it says is wrong. It never says what follows from it.

use wire::Behaviour;

use crate::composing::draft::{Draft, Format, Templates};
use crate::connection::close::CloseFrame;
use crate::connection::ending::Closed;
use crate::connection::setup::{Offline, Reconnect};
use crate::data::payload::Payload;
use crate::log::Tally;
use crate::log::filter::Query;
use crate::sending::outbox::Outgoing;
use crate::sending::repeat::Repeat;
use crate::sending::replay::ReplayMessage;
use crate::sending::sequence::Sequence;
use crate::shared::SocketId;

/// What a socket reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketEvent {
    /// The handshake is done.
    Open {
        /// The subprotocol chosen, empty for none.
        protocol: String,
        /// The extensions agreed upon, empty for none.
        extensions: String,
    },
    /// The browser would not try this address, for this reason; nothing comes after this.
    Refused(String),
    /// A message came.
    Message(Payload),
    /// So much came while the page was too busy to take it, and is lost.
    Missed(Tally),
    /// A message that the socket took, and could not send any more.
    Unsent(Payload),
    /// It is closed; nothing comes after this.
    Close(Closed),
}

/// Everything that can happen to a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionMsg {
    /// The address field holds this now.
    AddressTyped(String),
    /// The field of subprotocols holds this now.
    SubprotocolsTyped(String),
    /// The person wants this of the server.
    BehaviourChosen(Behaviour),
    /// What is to happen when the connection is lost.
    ReconnectChosen(Reconnect),
    /// What is to happen to messages without a connection.
    OfflineChosen(Offline),
    /// The person wants a connection: now, where a try is only to come.
    Connect,
    /// The person wants none: closes an open one, gives up on one that opens, closes or is to be tried again.
    Disconnect,
    /// The same, with a code and a reason for an open one.
    Close(CloseFrame),
    /// The message box holds this now.
    DraftTyped(String),
    /// The message box is read like this.
    FormatChosen(Format),
    /// What `{{…}}` in the message box is.
    TemplatesChosen(Templates),
    /// The message box is to hold this: a saved message, or one from the history.
    DraftChosen(Draft),
    /// The message box is to hold what was sent before what it holds, if it is empty or from the history.
    RecallOlder,
    /// The message box is to hold what was sent after what it holds from the history.
    RecallNewer,
    /// The person wants the draft sent.
    Send,
    /// The person wants this sent, such as a file.
    SendPayload(Payload),
    /// The person does not want sent any more what waits.
    DiscardQueued,
    /// The person wants this sent again and again, in place of what is.
    StartRepeat(Repeat),
    /// That is enough.
    StopRepeat,
    /// The person wants this sequence run, in place of the one before.
    StartSequence(Sequence),
    /// That is enough.
    StopSequence,
    /// The person does not need its results any more.
    ForgetSequence,
    /// The person wants these sent with the gaps that they had.
    StartReplay(Vec<ReplayMessage>),
    /// That is enough.
    StopReplay,
    /// The log is to show this.
    Filter(Query),
    /// There is time to look at about so many bytes of the log for it.
    Scan {
        /// How many.
        bytes: usize,
    },
    /// This entry is to stay.
    Pin(u64),
    /// It need not any more.
    Unpin(u64),
    /// The person wants an empty log.
    ClearLog,
    /// A socket reports.
    Socket(SocketId, SocketEvent),
    /// The browser took this for sending.
    Sent {
        /// What.
        message: Outgoing,
        /// Bytes that wait there now.
        buffered: u64,
    },
    /// The browser did not take this, for there is no open connection any more.
    NotSent(Outgoing),
    /// So many bytes wait in the browser to be sent.
    Buffered(u64),
}

/// Why something was not done, told beside the field that it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The address is wrong.
    Address(String),
    /// The subprotocols are.
    Subprotocols(String),
    /// The draft is, or there is no room for it.
    Draft(String),
    /// A repetition, a sequence or a replay cannot go on.
    Task(String),
    /// No more entries can be pinned.
    Pin(String),
}
