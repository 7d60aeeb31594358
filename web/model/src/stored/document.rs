//! The documents in the browser's local storage.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    Settings,
    /// The [`Setup`](crate::connection::setup::Setup) of each connection.
    Setups,
    Saved,
    /// Messages that were sent by hand.
    History,
    Sequences,
}

impl Document {
    pub const ALL: [Self; 5] = [Self::Settings, Self::Setups, Self::Saved, Self::History, Self::Sequences];

    pub fn key(self) -> &'static str {
        match self {
            Self::Settings => "canyon.settings",
            Self::Setups => "canyon.connections",
            Self::Saved => "canyon.messages",
            Self::History => "canyon.history",
            Self::Sequences => "canyon.sequences",
        }
    }

    /// For a document that could not be read.
    pub fn quarantine_key(self) -> String {
        [self.key(), ".unread"].concat()
    }
}
