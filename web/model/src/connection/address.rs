//! The address of a WebSocket server: parsing it, and which one a fresh page shows. It never looks a name up.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// An absolute `ws:` or `wss:` URL with a host and without a fragment, as the
/// [`WebSocket` constructor](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/WebSocket) wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsUrl(String);

/// Why an address is no [`WsUrl`]; show it beside the field and let the person correct it.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    /// Nothing was typed.
    #[error("the address is empty, it needs one such as ws://localhost:12345/")]
    Empty,
    /// No scheme, or another one.
    #[error("{0:?} does not begin with ws:// or wss://")]
    Scheme(String),
    /// Nothing between the scheme and the port or path.
    #[error("{0:?} names no host")]
    NoHost(String),
    /// What follows the last colon of the host is no port.
    #[error("{port:?} in {url:?} is not a port, which is a number up to 65535")]
    Port {
        /// What stands where the port should.
        port: String,
        /// The whole address.
        url: String,
    },
    /// A space or a control character, which would be sent in another form than typed.
    #[error("{0:?} contains a space or a control character")]
    Blank(String),
    /// `#…` never reaches a server, and browsers refuse it.
    #[error("{0:?} has a #fragment, which a WebSocket address cannot have")]
    Fragment(String),
}

impl WsUrl {
    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same server, at another path with its query.
    pub fn at(&self, target: &impl fmt::Display) -> Self {
        Self(format!("{}{target}", &self.0[..self.path_start()]))
    }

    /// The path with its query, `/` where there is none.
    pub fn target(&self) -> String {
        match &self.0[self.path_start()..] {
            path if path.starts_with('/') => path.to_owned(),
            query => format!("/{query}"),
        }
    }

    fn path_start(&self) -> usize {
        let authority = self.0.find("://").map_or(0, |scheme| scheme + 3);
        self.0[authority..].find(['/', '?']).map_or(self.0.len(), |path| authority + path)
    }
}

impl fmt::Display for WsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WsUrl {
    type Err = AddressError;

    fn from_str(typed: &str) -> Result<Self, AddressError> {
        let url = typed.trim();
        if url.is_empty() {
            return Err(AddressError::Empty);
        }
        if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(AddressError::Blank(url.to_owned()));
        }
        let after_scheme = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") || scheme.eq_ignore_ascii_case("wss") => rest,
            _ => return Err(AddressError::Scheme(url.to_owned())),
        };
        if url.contains('#') {
            return Err(AddressError::Fragment(url.to_owned()));
        }
        let authority = after_scheme.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = split_port(authority);
        if host.is_empty() || host.ends_with('@') {
            return Err(AddressError::NoHost(url.to_owned()));
        }
        if let Some(port) = port.filter(|port| !port.is_empty() && !is_port(port)) {
            return Err(AddressError::Port { port: port.to_owned(), url: url.to_owned() });
        }
        Ok(Self(url.to_owned()))
    }
}

/// Splits `host:port`; the colons inside the brackets of an IPv6 address belong to the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    match authority[after_brackets..].rfind(':') {
        Some(colon) => {
            let colon = after_brackets + colon;
            (&authority[..colon], Some(&authority[colon + 1..]))
        }
        None => (authority, None),
    }
}

/// Parsing alone would take `+80`.
fn is_port(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse().is_ok_and(|port: u64| port <= u16::MAX.into())
}

/// Where the page itself came from, in the terms of
/// [`window.location`](https://developer.mozilla.org/en-US/docs/Web/API/Location).
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// `location.protocol`, such as `https:`.
    pub protocol: &'a str,
    /// `location.host`, such as `example.com:8443`.
    pub host: &'a str,
}

/// The address that a fresh page shows: the one asked for by `?url=`, else the one that the page was built with, else
/// (a server that serves the page itself leaves that empty) the page's own origin.
pub fn initial_address(asked: Option<&str>, configured: &str, origin: Origin<'_>) -> String {
    if let Some(url) = asked.filter(|url| !url.is_empty()) {
        return url.to_owned();
    }
    if !configured.is_empty() {
        return configured.to_owned();
    }
    let scheme = if origin.protocol == "https:" { "wss" } else { "ws" };
    format!("{scheme}://{}/", origin.host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(typed: &str) -> Result<String, String> {
        typed.parse::<WsUrl>().map(|url| url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_of_the_web_are_taken_as_typed() {
        for url in [
            "ws://localhost:12345",
            "wss://example.com/chat?room=1&x=%20",
            "WS://[::1]:80/echo",
            "ws://127.0.0.1/",
            "ws://localhost:/",
            "ws://name:secret@localhost:1/",
        ] {
            assert_eq!(parse(url), Ok(url.to_owned()));
        }
    }

    #[test]
    fn blanks_around_an_address_are_dropped() {
        assert_eq!(parse("  ws://localhost/\n"), Ok("ws://localhost/".to_owned()));
    }

    #[test]
    fn a_wrong_address_is_named_with_the_reason() {
        for (typed, error) in [
            ("  ", "the address is empty, it needs one such as ws://localhost:12345/"),
            ("localhost:12345", r#""localhost:12345" does not begin with ws:// or wss://"#),
            ("http://localhost/", r#""http://localhost/" does not begin with ws:// or wss://"#),
            ("ws://", r#""ws://" names no host"#),
            ("ws://:80/", r#""ws://:80/" names no host"#),
            ("ws://me@/", r#""ws://me@/" names no host"#),
            ("ws://a:70000/", r#""70000" in "ws://a:70000/" is not a port, which is a number up to 65535"#),
            ("ws://[::1]:x", r#""x" in "ws://[::1]:x" is not a port, which is a number up to 65535"#),
            ("ws://a:+80", r#""+80" in "ws://a:+80" is not a port, which is a number up to 65535"#),
            ("ws://a b/", r#""ws://a b/" contains a space or a control character"#),
            ("ws://a/#b", r##""ws://a/#b" has a #fragment, which a WebSocket address cannot have"##),
        ] {
            assert_eq!(parse(typed), Err(error.to_owned()));
        }
    }

    #[test]
    fn another_path_of_the_same_server_replaces_path_and_query() {
        for url in ["ws://[::1]:80", "ws://[::1]:80/", "ws://[::1]:80/a/b?c=/d", "ws://[::1]:80?c"] {
            let url: WsUrl = url.parse().unwrap();
            assert_eq!(url.at(&"/echo?delay=1s").as_str(), "ws://[::1]:80/echo?delay=1s");
        }
    }

    #[test]
    fn the_target_is_path_and_query() {
        for (url, target) in [("ws://a", "/"), ("ws://a:1?b", "/?b"), ("wss://a/b?c=/d", "/b?c=/d")] {
            assert_eq!(url.parse::<WsUrl>().unwrap().target(), target);
        }
    }

    #[test]
    fn the_page_address_wins_over_the_configured_one() {
        let origin = Origin { protocol: "http:", host: "localhost:8080" };
        assert_eq!(initial_address(Some("ws://a/"), "ws://b/", origin), "ws://a/");
        assert_eq!(initial_address(Some(""), "ws://b/", origin), "ws://b/");
        assert_eq!(initial_address(None, "ws://b/", origin), "ws://b/");
    }

    #[test]
    fn a_page_without_a_configured_address_uses_its_own_origin() {
        let plain = Origin { protocol: "http:", host: "localhost:12345" };
        let secure = Origin { protocol: "https:", host: "example.com" };
        assert_eq!(initial_address(None, "", plain), "ws://localhost:12345/");
        assert_eq!(initial_address(None, "", secure), "wss://example.com/");
    }
}
