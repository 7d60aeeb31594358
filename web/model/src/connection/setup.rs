//! What a person has chosen for one connection. It never holds what became of it.

use crate::data::json::{Object, Value};

/// Where a connection goes, and how it is to behave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// What the person calls it; may be empty.
    pub name: String,
    /// What the address field holds.
    pub address: String,
    /// What the field of subprotocols holds.
    pub subprotocols: String,
    /// What is to happen when it is lost.
    pub reconnect: Reconnect,
    /// What is to happen to messages that are written while it is not open.
    pub offline: Offline,
}

impl Setup {
    /// What it is shown as: its name, or else where it goes.
    pub fn title(&self) -> &str {
        let address = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        [self.name.as_str(), address].into_iter().find(|title| !title.trim().is_empty()).unwrap_or("New connection")
    }

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("name", &self.name);
        object.text("address", &self.address);
        object.text("subprotocols", &self.subprotocols);
        object.text("reconnect", self.reconnect.name());
        object.text("offline", self.offline.name());
    }

    /// Reads what [`Setup::write`] has written; what is missing or wrong is as in a fresh one.
    pub(crate) fn read(value: &Value<'_>) -> Self {
        let text = |name| value.member(name).and_then(Value::text).unwrap_or_default();
        Self {
            name: text("name").into_owned(),
            address: text("address").into_owned(),
            subprotocols: text("subprotocols").into_owned(),
            reconnect: Reconnect::named(&text("reconnect")),
            offline: Offline::named(&text("offline")),
        }
    }
}

/// What is to happen when a connection is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reconnect {
    /// Nothing.
    #[default]
    Never,
    /// It is tried again, ever more patiently.
    WhenLost,
}

impl Reconnect {
    /// Its word in documents and links.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::WhenLost => "when lost",
        }
    }

    /// The one of that name, or what a fresh connection has.
    pub(crate) fn named(name: &str) -> Self {
        if name == Self::WhenLost.name() { Self::WhenLost } else { Self::Never }
    }
}

/// What is to happen to messages that are written while there is no open connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offline {
    /// They stay in the message box.
    #[default]
    Refuse,
    /// They wait, and go out when there is one.
    Wait,
}

impl Offline {
    /// Its word in documents and links.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Wait => "wait",
        }
    }

    /// The one of that name, or what a fresh connection has.
    pub(crate) fn named(name: &str) -> Self {
        if name == Self::Wait.name() { Self::Wait } else { Self::Refuse }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_called_by_its_name_or_else_by_where_it_goes() {
        let setup = |name: &str, address: &str| Setup {
            name: name.to_owned(),
            address: address.to_owned(),
            ..Setup::default()
        };
        assert_eq!(setup("Staging", "ws://a/").title(), "Staging");
        assert_eq!(setup("", "ws://localhost:1/echo").title(), "localhost:1/echo");
        assert_eq!(setup(" ", "").title(), "New connection");
    }
}
