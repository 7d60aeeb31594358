//! What a page must know to use the relay.

use std::{fmt, str::FromStr};

use data_encoding::BASE64URL_NOPAD;
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

/// Random bytes of a token.
const BYTES: usize = 32;

/// A secret of one start of the server, in base64 for URLs. It is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// A text that is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token of the relay has 43 letters, digits, - and _: 32 random bytes in base64 for URLs")]
pub struct TokenError;

impl Token {
    /// A new one.
    ///
    /// # Panics
    /// The system has no randomness, without which there is no secret.
    pub fn random() -> Self {
        let mut bytes = [0; BYTES];
        SystemRandom::new().fill(&mut bytes).expect("the system has randomness");
        Self(BASE64URL_NOPAD.encode(&bytes))
    }

    /// Whether a text is this token, found out in a time that does not depend on where it differs.
    pub(crate) fn is(&self, text: &str) -> bool {
        self.0.as_bytes().ct_eq(text.as_bytes()).into()
    }

    /// The text, which is for the page alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let bytes = BASE64URL_NOPAD.decode(text.trim().as_bytes()).map_err(|_| TokenError)?;
        if bytes.len() == BYTES { Ok(Self(text.trim().to_owned())) } else { Err(TokenError) }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_itself_and_nothing_else_and_is_never_shown() {
        let token = Token::random();
        assert!(token.is(token.expose()));
        for other in ["", &token.expose()[1..], &format!("{}A", token.expose()), Token::random().expose()] {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(token.expose().parse(), Ok(token.clone()));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!("short".parse::<Token>(), Err(TokenError));
    }
}
