//! The address of a connection, the id in it under which it can be watched, and where to watch it.

use std::fmt;

use wire::{InspectId, Parameter, form};

/// The parts of a WebSocket URL that matter here.
struct Parts<'url> {
    /// Scheme and authority, such as `ws://localhost:12345`.
    server: &'url str,
    /// Begins with `/`, or is empty.
    path: &'url str,
    query: &'url str,
}

impl<'url> Parts<'url> {
    fn of(url: &'url str) -> Option<Self> {
        let url = url.split('#').next()?.trim();
        let host = url.find("://")? + 3;
        if host == url.len() || !["ws", "wss"].iter().any(|scheme| url[..host - 3].eq_ignore_ascii_case(scheme)) {
            return None;
        }
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let path = address[host..].find('/').map_or(address.len(), |slash| host + slash);
        Some(Self { server: &address[..path], path: &address[path..], query })
    }
}

/// Where a connection can be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    server: String,
    id: InspectId,
}

impl Watch {
    /// `None` where the URL is no WebSocket's, or has no id.
    pub fn of(url: &str) -> Option<Self> {
        let parts = Parts::of(url)?;
        let (_, id) = form::pairs(parts.query).find(|(name, _)| name == Parameter::Inspect.name())?;
        Some(Self { server: parts.server.to_owned(), id: id.parse().ok()? })
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/inspect/{}", self.server, self.id)
    }
}

/// The same address with an id made of these random bytes, in the place of one that it has. `None` where it is no WebSocket's.
pub fn with_id(url: &str, random: [u8; 16]) -> Option<String> {
    let parts = Parts::of(url)?;
    let name = Parameter::Inspect.name();
    let is_other = |pair: &&str| !pair.is_empty() && pair.split('=').next() != Some(name);
    let id = data_encoding::BASE64URL_NOPAD.encode(&random);
    let query: Vec<&str> = parts.query.split('&').filter(is_other).collect();
    let query = if query.is_empty() { String::new() } else { query.join("&") + "&" };
    let path = if parts.path.is_empty() { "/" } else { parts.path };
    Some(format!("{}{path}?{query}{name}={id}", parts.server))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: [u8; 16] = *b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f";
    const ID: &str = "AAECAwQFBgcICQoLDA0ODw";

    #[test]
    fn an_address_gets_an_id() {
        for (url, expected) in [
            ("ws://localhost:12345", "ws://localhost:12345/?inspect="),
            ("ws://localhost:12345/", "ws://localhost:12345/?inspect="),
            ("WSS://[::1]/echo?delay=5ms#part", "WSS://[::1]/echo?delay=5ms&inspect="),
            ("ws://a/echo?inspect=old&deflate=no", "ws://a/echo?deflate=no&inspect="),
        ] {
            assert_eq!(with_id(url, RANDOM), Some([expected, ID].concat()), "{url}");
        }
        for url in ["", "http://localhost/", "ws://", "localhost:12345"] {
            assert_eq!(with_id(url, RANDOM), None, "{url}");
        }
    }

    #[test]
    fn a_connection_is_watched_at_its_own_server() {
        let watched = |url: &str| Watch::of(url).map(|watch| watch.to_string());
        let expected = format!("ws://a:1/inspect/{ID}");
        assert_eq!(watched(&format!("ws://a:1/echo?deflate=no&inspect={ID}")), Some(expected));
        for url in ["ws://a:1/echo", "ws://a:1/echo?inspect=1234", "ws://a:1/echo?inspect=", "http://a/?inspect=x"] {
            assert_eq!(watched(url), None, "{url}");
        }
    }

    #[test]
    fn an_id_of_its_own_is_watched() {
        let url = with_id("ws://localhost:12345/echo", RANDOM).unwrap();
        assert!(Watch::of(&url).is_some());
    }
}
