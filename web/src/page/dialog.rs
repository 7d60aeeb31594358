//! Which dialog is open. There is one at a time.

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dialog {
    /// Close the connection with a code and a reason.
    Close,
    /// Name, reconnecting and queueing of the connection.
    Options,
    /// What is asked of the relay.
    Through,
    /// Of the newest connection through the relay.
    Handshake,
    ExportImport,
    Share,
    /// Parameters of a behaviour of Canyon's server.
    Preset,
    /// Save the content of the message box.
    Save,
    /// Rename, move or delete a saved message.
    Saved,
    Settings,
    /// Remove a connection with which something is lost.
    Remove,
    /// Delete what is stored.
    ClearAllData,
    /// Which keys do what.
    Keys,
}
