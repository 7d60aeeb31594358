//! The subprotocols that a page offers ([RFC 6455, section 1.9](https://www.rfc-editor.org/rfc/rfc6455#section-1.9)).

use std::str::FromStr;

use thiserror::Error;

use crate::data::visible::{Quoted, QuotedChar};

/// In order of preference; each an HTTP token, none twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subprotocols(Vec<String>);

#[derive(Debug, Error, PartialEq, Eq)]
pub enum SubprotocolsError {
    #[error("subprotocol {} contains {}, which a name cannot have", Quoted(.name), QuotedChar(*.character))]
    Character {
        name: String,
        /// The first wrong one.
        character: char,
    },
    #[error("subprotocol {} is listed twice", Quoted(.0))]
    Twice(String),
}

impl Subprotocols {
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl FromStr for Subprotocols {
    type Err = SubprotocolsError;

    /// Names are separated by commas, white space or both.
    fn from_str(typed: &str) -> Result<Self, SubprotocolsError> {
        let mut names: Vec<String> = Vec::new();
        for name in typed.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty()) {
            if let Some(character) = name.chars().find(|&c| !is_token(c)) {
                return Err(SubprotocolsError::Character { name: name.to_owned(), character });
            }
            if names.iter().any(|known| known == name) {
                return Err(SubprotocolsError::Twice(name.to_owned()));
            }
            names.push(name.to_owned());
        }
        Ok(Self(names))
    }
}

/// `tchar` of [RFC 9110, section 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_by_commas_and_blanks() {
        let subprotocols: Subprotocols = " chat.v2, chat.v1  soap,".parse().unwrap();
        assert_eq!(subprotocols.names(), ["chat.v2", "chat.v1", "soap"]);
        assert_eq!("".parse(), Ok(Subprotocols::default()));
    }

    #[test]
    fn a_name_that_a_browser_would_refuse_is_named() {
        let character = "chat/2".parse::<Subprotocols>().unwrap_err();
        assert_eq!(character.to_string(), r#"subprotocol "chat/2" contains '/', which a name cannot have"#);
        let twice = "a b a".parse::<Subprotocols>().unwrap_err();
        assert_eq!(twice.to_string(), r#"subprotocol "a" is listed twice"#);
    }
}
