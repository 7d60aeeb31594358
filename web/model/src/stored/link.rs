//! A link to the page with the setup of a connection in its fragment, which browsers don't send to servers.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use wire::form::{pairs, push_pair};

use crate::composing::draft::{Draft, Format, Templates};
use crate::connection::setup::{Offline, Reconnect, Setup};
use crate::data::visible::Quoted;

/// `#url=ws%3A%2F%2Flocalhost%3A12345%2F`
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Link {
    pub setup: Setup,
    /// Only where the person chose to share it.
    pub draft: Option<Draft>,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LinkError {
    #[error("the link has no url")]
    MissingUrl,
    /// Made by another program or a newer version of the page.
    #[error("the link has {} with the value {}, which this page does not know", Quoted(.name), Quoted(.value))]
    Unknown { name: String, value: String },
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is asked of the relay may have secrets in it.
        let Setup { name, address, subprotocols, reconnect, offline, relay: _ } = &self.setup;
        let mut link = String::new();
        push_pair(&mut link, "url", address);
        for (key, value) in [("name", name), ("subprotocols", subprotocols)] {
            if !value.is_empty() {
                push_pair(&mut link, key, value);
            }
        }
        if *reconnect != Reconnect::default() {
            push_pair(&mut link, "reconnect", reconnect.name());
        }
        if *offline != Offline::default() {
            push_pair(&mut link, "offline", offline.name());
        }
        if let Some(Draft { format, templates, text }) = &self.draft {
            push_pair(&mut link, "format", format.name());
            if *templates == Templates::Literal {
                push_pair(&mut link, "templates", "literal");
            }
            push_pair(&mut link, "message", text);
        }
        write!(f, "#{link}")
    }
}

impl FromStr for Link {
    type Err = LinkError;

    /// With or without the `#`.
    fn from_str(fragment: &str) -> Result<Self, LinkError> {
        let mut link = Self::default();
        let mut draft = Draft::default();
        let mut has_url = false;
        for (name, value) in pairs(fragment.trim_start_matches('#')) {
            match (name.as_str(), value.as_str()) {
                ("url", _) => {
                    link.setup.address = value;
                    has_url = true;
                }
                ("name", _) => link.setup.name = value,
                ("subprotocols", _) => link.setup.subprotocols = value,
                ("reconnect", known) if Reconnect::named(known).name() == known => {
                    link.setup.reconnect = Reconnect::named(known);
                }
                ("offline", known) if Offline::named(known).name() == known => {
                    link.setup.offline = Offline::named(known);
                }
                ("message", _) => link.draft = Some(Draft { text: value, ..draft.clone() }),
                ("templates", "literal") => draft.templates = Templates::Literal,
                ("format", format) if Format::ALL.iter().any(|known| known.name() == format) => {
                    draft.format = Format::ALL.into_iter().find(|known| known.name() == format).unwrap_or_default();
                }
                _ => return Err(LinkError::Unknown { name, value }),
            }
        }
        if has_url { Ok(link) } else { Err(LinkError::MissingUrl) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_link_leaves_out_defaults() {
        let setup = Setup { address: "ws://localhost:12345/?a=b".to_owned(), ..Setup::default() };
        let link = Link { setup, draft: None };
        assert_eq!(link.to_string(), "#url=ws%3A%2F%2Flocalhost%3A12345%2F%3Fa%3Db");
    }

    #[test]
    fn a_link_of_something_else_is_named() {
        let error = |fragment: &str| fragment.parse::<Link>().unwrap_err().to_string();
        assert_eq!(error(""), "the link has no url");
        assert_eq!(error("#section-2"), r#"the link has "section-2" with the value "", which this page does not know"#);
        assert_eq!(
            error("#url=ws://a&reconnect=always"),
            r#"the link has "reconnect" with the value "always", which this page does not know"#
        );
    }

    fn any_setup() -> impl Strategy<Value = Setup> {
        any::<(String, String, String, bool, bool)>().prop_map(|(name, address, subprotocols, tries, waits)| Setup {
            relay: String::new(),
            name,
            address,
            subprotocols,
            reconnect: if tries { Reconnect::WhenLost } else { Reconnect::Never },
            offline: if waits { Offline::Wait } else { Offline::Refuse },
        })
    }

    proptest! {
        #[test]
        fn a_link_is_read_back_the_same(
            setup in any_setup(),
            draft in proptest::option::of((0..4usize, any::<bool>(), any::<String>())),
        ) {
            let draft = draft.map(|(format, literal, text)| Draft {
                format: Format::ALL[format],
                templates: if literal { Templates::Literal } else { Templates::Substituted },
                text,
            });
            let link = Link { setup, draft };
            let written = link.to_string();
            prop_assert!(written.bytes().all(|byte| byte.is_ascii_graphic()), "{}", written);
            prop_assert_eq!(written.parse(), Ok(link));
        }

        #[test]
        fn no_text_makes_a_link_panic(text: String) {
            let _ = text.parse::<Link>();
        }
    }
}
