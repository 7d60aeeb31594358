//! `canyon relay`: every WebSocket of this server leads to one other server. Which it is, and what is done to messages on the
//! way, is what whoever starts the program says.

use std::{
    fmt, fs,
    num::{NonZeroU64, NonZeroUsize},
    str::FromStr,
};

use hyper::Uri;
use wire::{Parameter, TimeSpan, relay::Trust};

use super::url::ServerUrl;

/// The server that WebSockets lead to, and what is done to their messages.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Relay")]
pub struct Gateway {
    /// Server that each WebSocket is connected to, as ws://localhost:12345, wss://example.com/feed or
    /// unix:/run/app.sock:/feed; without a path, the client's path and query are kept
    #[arg(long, env = "CANYON_RELAY_TARGET", value_name = "URL")]
    pub to: FarUrl,

    /// Whose certificates are trusted: system, anyone, or a file with issuers in PEM
    #[arg(long, env = "CANYON_RELAY_TRUST", value_name = "TRUST", default_value = "system")]
    pub trust: GatewayTrust,

    /// Time that each message is held, both ways
    #[arg(long, env = "CANYON_RELAY_DELAY", value_name = "TIME", default_value = "0s", value_parser = delay)]
    pub delay: TimeSpan,

    /// Random time of up to this that is added to the delay
    #[arg(long, env = "CANYON_RELAY_JITTER", value_name = "TIME", default_value = "0s", value_parser = delay)]
    pub jitter: TimeSpan,

    /// Most payload of a frame in bytes, both ways; longer messages go in fragments [default: each goes in one frame]
    #[arg(long, env = "CANYON_RELAY_FRAGMENT", value_name = "BYTES")]
    pub fragment: Option<NonZeroUsize>,

    /// Messages of one side after which both connections end without a close frame [default: they last]
    #[arg(long, env = "CANYON_RELAY_DROP_AFTER", value_name = "COUNT")]
    pub drop_after: Option<NonZeroU64>,
}

/// The longest delay and jitter, as in the URL language.
const MOST_DELAY: TimeSpan = TimeSpan::seconds(60);

fn delay(text: &str) -> Result<TimeSpan, String> {
    let time: TimeSpan = text.parse().map_err(|error: wire::ValueError| error.to_string())?;
    if time > MOST_DELAY { Err(format!("must be {MOST_DELAY} at the most")) } else { Ok(time) }
}

/// A `ws:`, `wss:` or `unix:` URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarUrl {
    /// Scheme, host and port, or the path of a socket and a colon.
    origin: String,
    /// `None` stands for the client's.
    target: Option<String>,
}

/// A text that is no [`FarUrl`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FarUrlError(String);

impl FromStr for FarUrl {
    type Err = FarUrlError;

    fn from_str(text: &str) -> Result<Self, FarUrlError> {
        let ServerUrl { origin, target, .. } = ServerUrl::parse(text.trim()).map_err(FarUrlError)?;
        Ok(Self { origin, target: Some(target).filter(|target| target != "/") })
    }
}

impl fmt::Display for FarUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.target.as_deref().unwrap_or("/"))
    }
}

impl FarUrl {
    /// The URL for a client that asks for `uri`. The id for inspection is this server's own.
    pub(super) fn for_client(&self, uri: &Uri) -> String {
        if let Some(target) = &self.target {
            return format!("{}{target}", self.origin);
        }
        let own = format!("{}=", Parameter::Inspect.name());
        let kept: Vec<_> =
            uri.query().into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.starts_with(&own)).collect();
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        format!("{}{}{query}", self.origin, uri.path())
    }
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GatewayTrust(pub(super) Trust);

impl FromStr for GatewayTrust {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(Self(match text {
            "system" => Trust::System,
            "anyone" => Trust::Anyone,
            path => Trust::Issuers(fs::read_to_string(path).map_err(|error| format!("cannot read {path}: {error}"))?),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(to: &str, asked: &'static str) -> String {
        to.parse::<FarUrl>().unwrap().for_client(&Uri::from_static(asked))
    }

    #[test]
    fn a_path_of_its_own_is_used_as_it_is_and_else_the_clients_is_kept() {
        assert_eq!(url("wss://example.com/feed?a=1", "/other?b=2"), "wss://example.com/feed?a=1");
        assert_eq!(url("ws://localhost:9001", "/echo?b=2&c"), "ws://localhost:9001/echo?b=2&c");
        assert_eq!(url("ws://localhost:9001/", "/"), "ws://localhost:9001/");
        assert_eq!(url("unix:/run/app.sock", "/echo?b=2"), "unix:/run/app.sock:/echo?b=2");
        assert_eq!(url("unix:/run/app.sock:/feed?a", "/echo"), "unix:/run/app.sock:/feed?a");
    }

    #[test]
    fn the_id_for_inspection_is_not_passed_on() {
        assert_eq!(url("ws://[::1]", "/echo?inspect=0123456789abcdef0123"), "ws://[::1]/echo");
        assert_eq!(url("ws://[::1]", "/echo?a=1&inspect=0123456789abcdef0123&b"), "ws://[::1]/echo?a=1&b");
    }

    #[test]
    fn what_is_no_url_of_a_websocket_is_named() {
        for (text, what) in [
            ("http://localhost", "must begin with"),
            ("ws://me@localhost", "user"),
            ("", ""),
            ("unix:app.sock", "app.sock"),
            ("unix:/run/app.sock:feed", "such as /feed"),
            ("unix:/run/app.sock?a=b", "app.sock?a=b"),
        ] {
            let error = text.parse::<FarUrl>().unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
        let error = "/no/such/file.pem".parse::<GatewayTrust>().unwrap_err();
        assert!(error.starts_with("cannot read /no/such/file.pem: "), "{error}");
    }
}
