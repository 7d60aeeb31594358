//! Reads `Sec-WebSocket-Extensions` ([RFC 6455, 9.1](https://www.rfc-editor.org/rfc/rfc6455#section-9.1)) and, in it,
//! offers of permessage-deflate ([RFC 7692, 7.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.1)). Never decides
//! which one is taken.

use super::{Context, NAME};
use crate::http::token::is_token_char;

/// A `Sec-WebSocket-Extensions` that breaks the grammar. Answer it with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("malformed Sec-WebSocket-Extensions: {expected} expected at byte {at}")]
pub struct MalformedHeader {
    expected: &'static str,
    at: usize,
}

/// One element of the header: an extension's name, and its parameters with their values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Extension {
    name: String,
    parameters: Vec<(String, Option<String>)>,
}

/// An offer of permessage-deflate that makes sense, whether the server can take it or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Offer {
    pub(super) server_context: Context,
    pub(super) client_context: Context,
    /// `server_max_window_bits`, 8 to 15: the client wants the server to use no more.
    pub(super) server_window: Option<u8>,
    /// `client_max_window_bits`, 8 to 15: the client will use no more, and less if asked; 15 where it gave no value.
    pub(super) client_window: Option<u8>,
}

impl Offer {
    /// `None` for another extension, or for parameters that decline the offer.
    pub(super) fn from_extension(extension: &Extension) -> Option<Self> {
        let mut offer = Self {
            server_context: Context::Takeover,
            client_context: Context::Takeover,
            server_window: None,
            client_window: None,
        };
        let mut parameters = extension.parameters.iter().map(|(name, value)| (name.as_str(), value.as_deref()));
        let known = parameters.all(|parameter| match parameter {
            ("server_no_context_takeover", None) => forgo(&mut offer.server_context),
            ("client_no_context_takeover", None) => forgo(&mut offer.client_context),
            ("server_max_window_bits", Some(bits)) => limit(&mut offer.server_window, bits),
            ("client_max_window_bits", bits) => limit(&mut offer.client_window, bits.unwrap_or("15")),
            _ => false,
        });
        (extension.name == NAME && known).then_some(offer)
    }
}

impl Offer {
    /// A server's answer, in which a client's window has a value.
    pub(super) fn from_answer(extension: &Extension) -> Option<Self> {
        let is_complete =
            extension.parameters.iter().all(|(name, value)| name != "client_max_window_bits" || value.is_some());
        Self::from_extension(extension).filter(|_| is_complete)
    }

    /// Whether a server may give that answer to this offer.
    pub(super) fn admits(&self, answer: &Self) -> bool {
        let is_server_window_kept = match (self.server_window, answer.server_window) {
            (Some(most), Some(window)) => window <= most,
            (Some(_), None) => false,
            (None, _) => true,
        };
        let is_client_window_offered = answer.client_window.is_none() || self.client_window.is_some();
        let is_context_kept = self.server_context == Context::Takeover || answer.server_context == Context::NoTakeover;
        is_server_window_kept && is_client_window_offered && is_context_kept
    }
}

/// Notes that a window does not outlive its message; `false` if that was said before.
fn forgo(context: &mut Context) -> bool {
    std::mem::replace(context, Context::NoTakeover) == Context::Takeover
}

/// Notes a largest window; `false` if there was one, or if `value` is none.
fn limit(window: &mut Option<u8>, value: &str) -> bool {
    let bits = value.parse().ok().filter(|bits| (8..=15).contains(bits) && !value.starts_with(['+', '0']));
    let Some(bits) = bits else { return false };
    window.replace(bits).is_none()
}

/// The extensions that one header names.
pub(super) fn offers(value: &[u8]) -> Result<Vec<Extension>, MalformedHeader> {
    let mut header = Header { value, at: 0 };
    let mut extensions = Vec::new();
    loop {
        header.skip_space();
        match header.peek() {
            // A list may have empty elements, though not nothing else (RFC 2616, 2.1).
            Some(b',') => {}
            None if !extensions.is_empty() => return Ok(extensions),
            _ => extensions.push(header.extension()?),
        }
        if header.peek().is_some() {
            header.expect(b',', "a comma")?;
        }
    }
}

/// A reader of one header value, which stands in front of byte `at`.
struct Header<'value> {
    value: &'value [u8],
    at: usize,
}

impl Header<'_> {
    fn extension(&mut self) -> Result<Extension, MalformedHeader> {
        let name = self.token()?;
        let mut parameters = Vec::new();
        while self.take(b';') {
            self.skip_space();
            parameters.push((self.token()?, self.value()?));
        }
        Ok(Extension { name, parameters })
    }

    /// What follows a parameter's name: `= token`, `= "token"`, or nothing.
    fn value(&mut self) -> Result<Option<String>, MalformedHeader> {
        if !self.take(b'=') {
            return Ok(None);
        }
        self.skip_space();
        if self.peek() == Some(b'"') { self.quoted().map(Some) } else { self.token().map(Some) }
    }

    fn token(&mut self) -> Result<String, MalformedHeader> {
        let rest = &self.value[self.at..];
        let length = rest.iter().take_while(|&&byte| is_token_char(byte)).count();
        if length == 0 {
            return Err(self.expected("a token"));
        }
        self.at += length;
        self.skip_space();
        Ok(rest[..length].iter().copied().map(char::from).collect())
    }

    /// A quoted string, which after unescaping must be a token.
    fn quoted(&mut self) -> Result<String, MalformedHeader> {
        let mut text = String::new();
        self.expect(b'"', "a quote")?;
        while !self.take(b'"') {
            self.take(b'\\');
            let byte = self.peek().filter(|&byte| is_token_char(byte));
            text.push(byte.ok_or_else(|| self.expected("a token's character"))?.into());
            self.at += 1;
        }
        self.skip_space();
        if text.is_empty() { Err(self.expected("a value within the quotes")) } else { Ok(text) }
    }

    fn peek(&self) -> Option<u8> {
        self.value.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let taken = self.peek() == Some(byte);
        self.at += usize::from(taken);
        taken
    }

    fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), MalformedHeader> {
        if self.take(byte) { Ok(()) } else { Err(self.expected(expected)) }
    }

    fn expected(&self, expected: &'static str) -> MalformedHeader {
        MalformedHeader { expected, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters<'a>(all: &[(&'a str, Option<&'a str>)]) -> Vec<(String, Option<String>)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn a_list_of_extensions_is_read_with_its_parameters() {
        let extensions = offers(b"foo , bar; a;b = 2 ;c=\"x\\y\"\t,baz").unwrap();
        assert_eq!(
            extensions,
            [
                Extension { name: "foo".into(), parameters: vec![] },
                Extension {
                    name: "bar".into(),
                    parameters: parameters(&[("a", None), ("b", Some("2")), ("c", Some("xy"))])
                },
                Extension { name: "baz".into(), parameters: vec![] },
            ]
        );
    }

    #[test]
    fn empty_elements_of_a_list_are_skipped() {
        let names = |value| offers(value).unwrap().into_iter().map(|extension| extension.name).collect::<Vec<_>>();
        assert_eq!(names(b", foo,,bar ,"), ["foo", "bar"]);
    }

    #[test]
    fn what_breaks_the_grammar_is_malformed() {
        let malformed: &[&[u8]] = &[
            b"",
            b" ",
            b",",
            b"a b",
            b";",
            b"a;",
            b"a;;b",
            b"a; b=",
            b"a; b=\"\"",
            b"a; b=\"x",
            b"a; b=\"x y\"",
            b"a; b=\"x\\",
            b"a; b=\"x\"y",
            b"a=b",
            b"a; =b",
            b"a; b==c",
            b"\xff",
            b"a\0",
            b"a; b=\xc3\xa9",
            b"(a)",
        ];
        for value in malformed {
            assert!(offers(value).is_err(), "{}", value.escape_ascii());
        }
    }

    #[test]
    fn an_error_tells_what_was_expected_and_where() {
        let error = offers(b"permessage-deflate; =9").unwrap_err();
        assert_eq!(error.to_string(), "malformed Sec-WebSocket-Extensions: a token expected at byte 20");
    }
}
