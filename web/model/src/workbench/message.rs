//! Everything that can happen to the page.

use crate::connection::ConnectionMsg;
use crate::sending::sequence::Sequence;
use crate::shared::ConnectionId;
use crate::stored::link::Link;
use crate::stored::saved::{Saved, SavedName};
use crate::stored::settings::Settings;
use crate::stored::storage_error::StorageError;

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
    ImportSaved(Vec<u8>),
    /// The person wants a sequence kept, in place of any with its name.
    SaveSequence(Sequence),
    /// The person does not want the sequence of that name any more.
    RemoveSequence(String),
    /// The person wants the sequences of a document added.
    ImportSequences(Vec<u8>),
    /// The person wants to look at the logs in a file, each as a connection of its own.
    ImportLog {
        /// What the connections are to be called.
        name: String,
        bytes: Vec<u8>,
    },
    /// The dialog or panel that shows [`Workbench::problem`](crate::Workbench::problem) is opened or closed.
    DismissProblem(Subject),
    /// The browser has kept what it was given with [`Effect::Persist`](crate::Effect::Persist), or has not.
    Persisted(Result<(), StorageError>),
    /// The person wants nothing kept over reloads, nor for now.
    ForgetEverything,
}

/// How much of a log is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every entry that is kept.
    All,
    /// Those that the filter has found.
    Shown,
}

/// What a problem is about, and so where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    SavedMessages,
    Sequences,
    /// Importing a log.
    Logs,
}
