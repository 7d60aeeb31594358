//! What all requests for the relay share.

use super::{settings::RelaySettings, token::Token};

/// A relay that is open.
#[derive(Debug)]
pub(crate) struct Relay {
    token: Token,
}

impl Relay {
    /// `None` where it is shut.
    pub(crate) fn new(settings: &RelaySettings) -> Option<Self> {
        let token = settings.token.clone().unwrap_or_else(Token::random);
        settings.relay.then_some(Self { token })
    }

    /// For the page of this server.
    pub(crate) fn token(&self) -> &Token {
        &self.token
    }
}
