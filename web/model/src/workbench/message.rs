//! What the page is told, and what it wants done. It never says how.

use super::ConnectionId;
use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::subprotocols::Subprotocols;
use crate::connection::{ConnectionMsg, SocketId};
use crate::sending::outbox::Outgoing;
use crate::sending::sequence::Sequence;
use crate::stored::kept::NotKept;
use crate::stored::link::Link;
use crate::stored::saved::{Saved, SavedName};
use crate::stored::settings::Settings;

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// The person wants one connection more.
    Add,
    /// The page was opened by a link: what it carries becomes a connection, unless there is one that goes there.
    Follow(Link),
    /// The person does not want this one any more.
    Remove(ConnectionId),
    /// The person wants to see this one.
    Show(ConnectionId),
    /// The person calls it this.
    Rename(ConnectionId, String),
    /// Something happened to this one.
    Connection(ConnectionId, ConnectionMsg),
    /// The moment that [`Workbench::due`](super::Workbench::due) named has come.
    Tick,
    /// The person has chosen this.
    Settings(Settings),
    /// The person wants a message kept under a name.
    Save(Saved),
    /// The person calls a saved message something else.
    RenameSaved(SavedName, SavedName),
    /// The person does not want a saved message any more.
    RemoveSaved(SavedName),
    /// The person wants the messages of a document added to the saved ones.
    ImportSaved(String),
    /// The person wants a sequence kept, in place of any with its name.
    SaveSequence(Sequence),
    /// The person does not want the sequence of that name any more.
    RemoveSequence(String),
    /// The person wants the sequences of a document added.
    ImportSequences(String),
    /// The person wants to look at the logs in a file, each as a connection of its own.
    ImportLog {
        /// What the connections are to be called.
        name: String,
        /// What the file holds.
        text: String,
    },
    /// The browser has kept what it was given with [`Effect::Keep`], or has not.
    Kept(Result<(), NotKept>),
    /// The person wants nothing kept over reloads, nor for now.
    ForgetEverything,
}

/// What the model wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a socket, in place of any that the connection has.
    Open {
        /// Whose.
        connection: ConnectionId,
        /// Its name in each of its events.
        socket: SocketId,
        /// Where to.
        url: WsUrl,
        /// What to offer.
        subprotocols: Subprotocols,
    },
    /// Send on the connection's socket, and report [`ConnectionMsg::Sent`] or [`ConnectionMsg::NotSent`].
    Send {
        /// Whose.
        connection: ConnectionId,
        /// What.
        message: Outgoing,
    },
    /// Begin to close the connection's socket.
    Close {
        /// Whose.
        connection: ConnectionId,
        /// With what.
        frame: CloseFrame,
    },
    /// Let go of the connection's socket: it is closed, or not wanted any more.
    Release(ConnectionId),
    /// Write [`Workbench::document`](super::Workbench::document) to the browser's storage when there is time for it: it has changed.
    Keep(Document),
    /// Delete what was ever kept.
    Forget,
}

/// What is kept over reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The [`Settings`].
    Settings,
    /// The [`Setup`](crate::connection::setup::Setup) of each connection.
    Setups,
    /// The saved messages; this one can be exported and imported, too.
    Saved,
    /// What was sent by hand.
    History,
    /// The saved sequences; these can be exported and imported, too.
    Sequences,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Settings, Self::Setups, Self::Saved, Self::History, Self::Sequences];

    /// Where the browser keeps it.
    pub fn key(self) -> &'static str {
        match self {
            Self::Settings => "canyon.settings",
            Self::Setups => "canyon.connections",
            Self::Saved => "canyon.messages",
            Self::History => "canyon.history",
            Self::Sequences => "canyon.sequences",
        }
    }

    /// Where the browser keeps what was there and could not be read.
    pub fn aside(self) -> String {
        [self.key(), ".unread"].concat()
    }
}

/// How much of a log is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every entry that is kept.
    All,
    /// Those that the filter has found.
    Shown,
}
