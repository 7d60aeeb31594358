//! Everything that can happen to the page.

use crate::connection::ConnectionMsg;
use crate::deferred::Loaded;
use crate::sending::sequence::Sequence;
use crate::shared::ConnectionId;
use crate::stored::link::Link;
use crate::stored::saved::{Saved, SavedName};
use crate::stored::settings::Settings;
use crate::stored::storage_error::StorageError;

/// Everything that can happen to the page.
#[derive(Debug, Clone, PartialEq)]
pub enum Msg {
    /// Add a connection.
    Add,
    /// The page was opened by a link.
    Follow(Link),
    Remove(ConnectionId),
    Show(ConnectionId),
    Rename(ConnectionId, String),
    Connection(ConnectionId, ConnectionMsg),
    /// It is time for [`Workbench::due`](super::Workbench::due).
    Tick,
    Settings(Settings),
    Save(Saved),
    /// From, to.
    RenameSaved(SavedName, SavedName),
    RemoveSaved(SavedName),
    /// Add the saved messages of a file, which has this text.
    ImportSaved(String),
    /// Replaces a sequence of the same name.
    SaveSequence(Sequence),
    /// By name.
    RemoveSequence(String),
    /// Add the sequences of a file, which has this text.
    ImportSequences(String),
    /// Add a connection for each log in a file. The entries come by [`Workbench::load`](super::Workbench::load).
    ImportLogs(ImportedLogs),
    /// A file could not be read or written, for this reason.
    FileFailed(Subject, String),
    /// Bring back what the last change of what is saved has deleted or replaced.
    Undo,
    DismissUndo,
    /// The dialog or panel that shows [`Workbench::problem`](crate::Workbench::problem) is opened or closed.
    DismissProblem(Subject),
    /// The result of [`Effect::Persist`](crate::Effect::Persist).
    Persisted(Result<(), StorageError>),
    /// The deferred code is there: all that a person opens, and the messages that come from it, need it.
    DeferredLoaded(Loaded),
    /// Delete all stored documents and close all connections.
    ClearAllData,
}

/// What a file of logs has, but for the entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLogs {
    /// The name of the connections.
    pub name: String,
    /// Of each log, where the connection went; empty where the file does not say it.
    pub urls: Vec<String>,
    /// Entries that could not be read.
    pub skipped: u64,
    /// Why the first of those could not.
    pub first_skipped: Option<String>,
}

/// A part of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportScope {
    All,
    /// The entries that pass the filter.
    Shown,
}

/// What a problem is about, and so where it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    SavedMessages,
    Sequences,
    /// Importing and exporting logs.
    Logs,
    /// Opening the link in the page's own address.
    Link,
}
