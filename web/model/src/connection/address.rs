//! The address of a WebSocket server: reading what was typed, and which address a fresh page shows.

use std::fmt;

use thiserror::Error;

use crate::data::visible::Quoted;

/// Parses an absolute URL and gives it back serialised, `None` where it is invalid: the browser's own
/// [`URL`](https://developer.mozilla.org/en-US/docs/Web/API/URL/URL), so that what is accepted here is what its
/// `WebSocket` accepts.
pub type ParseUrl = fn(&str) -> Option<String>;

/// A serialised `ws:` or `wss:` URL with a host and without a fragment, as the
/// [`WebSocket` constructor](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/WebSocket) needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WsUrl(String);

#[derive(Debug, Error, PartialEq, Eq)]
pub enum AddressError {
    #[error("the URL is empty: enter one such as ws://localhost:12345/")]
    Empty,
    #[error("{} is not a WebSocket URL: it must begin with ws:// or wss://", Quoted(.0))]
    Scheme(String),
    #[error("{} is not a valid URL: check the host, and the port, which is at most 65535", Quoted(.0))]
    Invalid(String),
    /// `#…` never reaches a server, and browsers refuse it.
    #[error("{} has a #fragment, which a WebSocket URL cannot have", Quoted(.0))]
    Fragment(String),
}

impl WsUrl {
    /// Reads what a person typed. `http:` and `https:` stand for `ws:` and `wss:`, as in the
    /// [`WebSocket` constructor](https://websockets.spec.whatwg.org/#dom-websocket-websocket); a host without a scheme,
    /// such as `localhost:12345`, gets `ws:`. Where that happened, `WsUrl::is_completion_of` is true.
    pub fn parse(typed: &str, parse_url: ParseUrl) -> Result<Self, AddressError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(AddressError::Empty);
        }
        let url = match parse_url(typed) {
            Some(url) if scheme(&url).is_some() => url,
            // To a URL parser, `localhost:12345` has the scheme `localhost` and `example.com` is not an absolute URL.
            _ if has_scheme(typed) || typed.starts_with(['/', '?', '#']) => {
                let is_web = scheme(typed).is_some();
                return Err(if is_web { AddressError::Invalid } else { AddressError::Scheme }(typed.to_owned()));
            }
            _ => parse_url(&["ws://", typed].concat()).ok_or_else(|| AddressError::Invalid(typed.to_owned()))?,
        };
        if url.contains('#') {
            return Err(AddressError::Fragment(typed.to_owned()));
        }
        let secure = matches!(scheme(&url), Some("https" | "wss"));
        let rest = url.split_once(':').map_or("", |(_, rest)| rest);
        Ok(Self([if secure { "wss:" } else { "ws:" }, rest].concat()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.0.starts_with("wss:")
    }

    /// Whether the scheme is not the one that was typed.
    pub(crate) fn is_completion_of(&self, typed: &str) -> bool {
        scheme(typed.trim()) != scheme(&self.0)
    }

    /// The same server, at another path with its query.
    pub fn at(&self, target: &impl fmt::Display) -> Self {
        Self(format!("{}{target}", &self.0[..self.path_start()]))
    }

    /// The path with its query.
    pub fn target(&self) -> &str {
        &self.0[self.path_start()..]
    }

    /// A serialised URL of these schemes has a path, if only `/`.
    fn path_start(&self) -> usize {
        let authority = self.0.find("://").map_or(0, |scheme| scheme + 3);
        self.0[authority..].find('/').map_or(self.0.len(), |path| authority + path)
    }
}

impl fmt::Display for WsUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The scheme of a URL, if it is one that can stand in the address of a WebSocket server.
fn scheme(url: &str) -> Option<&'static str> {
    let (scheme, _) = url.split_once(':')?;
    ["ws", "wss", "http", "https"].into_iter().find(|known| scheme.eq_ignore_ascii_case(known))
}

/// Whether a text begins as `scheme://`, or with a scheme that [`scheme`] knows.
fn has_scheme(typed: &str) -> bool {
    typed.contains("://") || scheme(typed).is_some()
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

/// The address that a fresh page shows: the one in `?url=`, else the one that the page was built with, else (a server
/// that serves the page itself leaves that empty) the page's own origin.
pub fn initial_address(requested: Option<&str>, configured: &str, origin: Origin<'_>) -> String {
    if let Some(url) = requested.filter(|url| !url.is_empty()) {
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
    use proptest::prelude::*;

    use super::*;
    use crate::test_page::parse_url;

    fn parse(typed: &str) -> Result<String, String> {
        WsUrl::parse(typed, parse_url).map(|url| url.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_are_read_as_browsers_read_them() {
        for (typed, url) in [
            ("ws://localhost:12345", "ws://localhost:12345/"),
            ("wss://example.com/chat?room=1&x=%20", "wss://example.com/chat?room=1&x=%20"),
            ("  WS://[::1]:80/echo\n", "ws://[::1]/echo"),
            ("ws://127.0.0.1?x", "ws://127.0.0.1/?x"),
            ("ws://localhost:/", "ws://localhost/"),
            ("ws://name:secret@localhost:1/", "ws://name:secret@localhost:1/"),
            ("wss://bücher.example/ü b", "wss://xn--bcher-kva.example/%C3%BC%20b"),
            (r"ws:\\localhost\echo", "ws://localhost/echo"),
            ("ws:localhost:1", "ws://localhost:1/"),
        ] {
            assert_eq!(parse(typed), Ok(url.to_owned()), "{typed}");
        }
    }

    #[test]
    fn a_scheme_is_completed_and_that_of_a_web_page_is_taken_for_that_of_a_socket() {
        for (typed, url) in [
            ("localhost:12345", "ws://localhost:12345/"),
            ("localhost", "ws://localhost/"),
            ("localhost:12345/echo?delay=1s", "ws://localhost:12345/echo?delay=1s"),
            ("127.0.0.1:1", "ws://127.0.0.1:1/"),
            ("[::1]:1/echo", "ws://[::1]:1/echo"),
            ("example.com/a:b", "ws://example.com/a:b"),
            ("http://localhost:8080/x", "ws://localhost:8080/x"),
            ("http://localhost:80/", "ws://localhost/"),
            ("HTTPS://example.com:443", "wss://example.com/"),
        ] {
            assert_eq!(parse(typed), Ok(url.to_owned()), "{typed}");
            assert!(WsUrl(url.to_owned()).is_completion_of(typed), "{typed}");
        }
        assert!(!WsUrl("ws://localhost/".to_owned()).is_completion_of(" WS://localhost"));
    }

    #[test]
    fn a_wrong_address_is_named_with_the_reason() {
        let invalid =
            |typed| format!("{typed:?} is not a valid URL: check the host, and the port, which is at most 65535");
        for typed in ["ws://", "ws://:80/", "ws://a:70000/", "ws://[::1]:x", "ws://a b/", "a:b:c", "http:", "two words"]
        {
            assert_eq!(parse(typed), Err(invalid(typed)));
        }
        for typed in ["ftp://localhost/", "/echo", "?x", "file:///etc/hosts"] {
            let error = format!("{typed:?} is not a WebSocket URL: it must begin with ws:// or wss://");
            assert_eq!(parse(typed), Err(error));
        }
        assert_eq!(parse("  "), Err("the URL is empty: enter one such as ws://localhost:12345/".to_owned()));
        for typed in ["ws://a/#b", "localhost:1/#"] {
            assert_eq!(parse(typed), Err(format!("{typed:?} has a #fragment, which a WebSocket URL cannot have")));
        }
    }

    #[test]
    fn another_path_of_the_same_server_replaces_path_and_query() {
        for url in ["ws://[::1]:81", "ws://[::1]:81/", "ws://[::1]:81/a/b?c=/d", "ws://[::1]:81?c"] {
            let url = WsUrl::parse(url, parse_url).unwrap();
            assert_eq!(url.at(&"/echo?delay=1s").as_str(), "ws://[::1]:81/echo?delay=1s");
        }
    }

    #[test]
    fn the_target_is_path_and_query() {
        for (url, target) in [("ws://a", "/"), ("ws://a:1?b", "/?b"), ("wss://a/b?c=/d", "/b?c=/d")] {
            assert_eq!(WsUrl::parse(url, parse_url).unwrap().target(), target);
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

    proptest! {
        #[test]
        fn what_was_read_is_read_the_same_again(typed in r"(wss?://|https?://|)[a-z0-9.:@/?#\[\] %é-]{0,20}") {
            if let Ok(url) = WsUrl::parse(&typed, parse_url) {
                prop_assert_eq!(WsUrl::parse(url.as_str(), parse_url), Ok(url.clone()));
                prop_assert_eq!(url.at(&url.target()), url);
            }
        }
    }
}
