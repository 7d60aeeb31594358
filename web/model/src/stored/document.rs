//! What is kept over reloads, and under which keys.

/// What is kept over reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// The [`Settings`](crate::Settings).
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
    pub fn quarantine_key(self) -> String {
        [self.key(), ".unread"].concat()
    }
}
