//! What a person chooses for one connection.

use std::borrow::Cow;

use crate::data::json::{Object, Value};
use crate::data::visible::visible;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// May be empty.
    pub name: String,
    /// As typed.
    pub address: String,
    /// As typed.
    pub subprotocols: String,
    pub reconnect: Reconnect,
    pub offline: Offline,
    /// What is asked of the relay, as `web/relay` writes it to be stored; empty where it is as usual.
    pub relay: String,
}

impl Setup {
    /// The name, or the address without its scheme where there is none.
    pub fn title(&self) -> Cow<'_, str> {
        let address = self.address.split_once("://").map_or(self.address.as_str(), |(_, rest)| rest);
        // A link from anybody may have written both.
        visible(
            [self.name.as_str(), address]
                .into_iter()
                .find(|title| !title.trim().is_empty())
                .unwrap_or("New connection"),
        )
    }

    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.text("name", &self.name);
        object.text("address", &self.address);
        object.text("subprotocols", &self.subprotocols);
        object.text("reconnect", self.reconnect.name());
        object.text("offline", self.offline.name());
        if !self.relay.is_empty() {
            object.text("relay", &self.relay);
        }
    }

    /// Defaults replace what is missing or wrong.
    pub(crate) fn read(value: &Value<'_>) -> Self {
        let text = |name| value.member(name).and_then(Value::text).unwrap_or_default();
        Self {
            name: text("name").into_owned(),
            address: text("address").into_owned(),
            subprotocols: text("subprotocols").into_owned(),
            reconnect: Reconnect::named(&text("reconnect")),
            offline: Offline::named(&text("offline")),
            relay: text("relay").into_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reconnect {
    #[default]
    Never,
    /// With exponential back-off.
    WhenLost,
}

impl Reconnect {
    /// In files and links.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::WhenLost => "when lost",
        }
    }

    /// The default where the name is unknown.
    pub(crate) fn named(name: &str) -> Self {
        if name == Self::WhenLost.name() { Self::WhenLost } else { Self::Never }
    }
}

/// What happens to messages that are sent without an open connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Offline {
    /// They stay in the message box.
    #[default]
    Refuse,
    /// They are queued.
    Wait,
}

impl Offline {
    /// In files and links.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Wait => "wait",
        }
    }

    /// The default where the name is unknown.
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

    #[test]
    fn marks_that_reverse_a_title_are_shown_as_signs() {
        let titled = |name: &str, address: &str| {
            let (name, address) = (name.to_owned(), address.to_owned());
            Setup { name, address, ..Setup::default() }.title().into_owned()
        };
        assert_eq!(titled("\u{202e}moc.knab", "ws://a/"), visible("\u{202e}moc.knab"));
        assert!(!titled("", "ws://a/\u{202e}b").contains('\u{202e}'));
    }
}
