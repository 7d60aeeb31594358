//! HTTP's tokens, and the names of subprotocols, which are such. Never where they stand.

use std::{fmt, str::FromStr};

/// The name of a subprotocol ([RFC 6455, 1.9](https://www.rfc-editor.org/rfc/rfc6455#section-1.9)): an HTTP token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subprotocol(String);

/// A text that is no subprotocol's name; use letters, digits and ``!#$%&'*+-.^_`|~``.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name of a subprotocol: it must be of letters, digits and !#$%&'*+-.^_`|~")]
pub struct SubprotocolError(String);

impl Subprotocol {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subprotocol {
    type Err = SubprotocolError;

    fn from_str(text: &str) -> Result<Self, SubprotocolError> {
        if text.is_empty() || !text.bytes().all(is_token_char) {
            return Err(SubprotocolError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `tchar` of [RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
pub(crate) fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
