//! What the URL of another server or of a proxy says.

use std::{fmt, path::Path, str::FromStr};

use data_encoding::BASE64;
use hyper::{Uri, http::uri::PathAndQuery};

use super::host::Host;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// The path of a Unix socket, in one way only: absolute, without empty parts, `.` and `..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SocketPath(String);

impl FromStr for SocketPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.strip_prefix('/').map(|rest| rest.split('/'));
        let is_part = |part: &str| {
            !matches!(part, "" | "." | "..") && !part.contains(|char: char| char.is_control() || ":?".contains(char))
        };
        if parts.is_some_and(|mut parts| parts.all(is_part)) {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("{text:?} is no path of a Unix socket such as /run/app.sock"))
    }
}

impl fmt::Display for SocketPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<Path> for SocketPath {
    fn as_ref(&self) -> &Path {
        self.0.as_ref()
    }
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Server {
    Tcp(Endpoint),
    Unix(SocketPath),
}

/// The URL of a server of WebSockets: `ws:`, `wss:`, or `unix:/run/app.sock:/path?query`.
pub(super) struct ServerUrl {
    pub(super) server: Server,
    pub(super) is_secure: bool,
    /// What comes before path and query.
    pub(super) origin: String,
    /// The value of `Host`.
    pub(super) authority: String,
    /// Path and query.
    pub(super) target: String,
}

impl ServerUrl {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if let Some(rest) = text.strip_prefix("unix:") {
            return Self::of_socket(rest);
        }
        let Url { scheme, endpoint, authority, credentials, target } = Url::parse(text, &["ws", "wss"])?;
        if credentials.is_some() {
            return Err("a WebSocket URL has no user information: use the header Authorization".to_owned());
        }
        let origin = format!("{scheme}://{authority}");
        Ok(Self { server: Server::Tcp(endpoint), is_secure: scheme == "wss", origin, authority, target })
    }

    /// Path and query follow the socket's path behind a colon, as for Node's `ws`.
    fn of_socket(text: &str) -> Result<Self, String> {
        let (path, target) = text.split_once(':').unwrap_or((text, "/"));
        let path: SocketPath = path.parse()?;
        let target = target.parse::<PathAndQuery>().ok().filter(|_| target.starts_with('/') && !target.contains('#'));
        let target =
            target.ok_or_else(|| format!("the URL unix:{path} has no path such as /feed behind the last colon"))?;
        let origin = format!("unix:{path}:");
        let authority = "localhost".to_owned();
        Ok(Self { server: Server::Unix(path), is_secure: false, origin, authority, target: target.to_string() })
    }
}

pub(crate) struct Credentials {
    pub(crate) user: String,
    pub(crate) password: String,
}

impl Credentials {
    /// The value of `Proxy-Authorization`.
    pub(crate) fn basic(&self) -> String {
        format!("Basic {}", BASE64.encode(format!("{}:{}", self.user, self.password).as_bytes()))
    }
}

/// A URL with a host.
pub(super) struct Url {
    pub(super) scheme: &'static str,
    pub(super) endpoint: Endpoint,
    pub(super) authority: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) target: String,
}

impl Url {
    pub(super) fn parse(text: &str, schemes: &[&'static str]) -> Result<Self, String> {
        // Without what may be secret in it.
        let wrong = |what: &str| format!("the URL {:?} {what}", text.split(['?', '@']).next().unwrap_or_default());
        let kinds = schemes.join(":// or ");
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong("has characters that are not printable ASCII: escape them by percent signs"));
        }
        if text.contains(['#', '\\']) {
            return Err(wrong("has a fragment or a backslash, which never reaches a server"));
        }
        let uri: Uri = text.parse().map_err(|error| wrong(&format!("is none: {error}")))?;
        let given = uri.scheme_str().unwrap_or_default().to_ascii_lowercase();
        let scheme = *schemes
            .iter()
            .find(|&&known| known == given)
            .ok_or_else(|| wrong(&format!("must begin with {kinds}://")))?;
        let authority = uri.authority().ok_or_else(|| wrong("names no host"))?;
        let host = authority.host().parse::<Host>().map_err(|error| error.to_string())?;
        let usual = match scheme {
            "ws" | "http" => 80,
            "wss" => 443,
            _ => 1080,
        };
        let (user_information, rest) = match authority.as_str().rsplit_once('@') {
            Some((before, rest)) => (Some(before), rest),
            None => (None, authority.as_str()),
        };
        let port = match rest[authority.host().len()..].strip_prefix(':') {
            None | Some("") => usual,
            Some(port) => {
                port.parse().ok().filter(|&port| port > 0).ok_or_else(|| wrong("has no port from 1 to 65535"))?
            }
        };
        let shown = if port == usual { host.to_string() } else { format!("{host}:{port}") };
        Ok(Self {
            scheme,
            endpoint: Endpoint { host, port },
            authority: shown,
            credentials: user_information.map(credentials).transpose()?,
            target: uri.path_and_query().map_or("/", |target| target.as_str()).to_owned(),
        })
    }
}

/// Reads `user:password`, as it is: what the URL escapes stays so.
fn credentials(text: &str) -> Result<Credentials, String> {
    let (user, password) = text.split_once(':').unwrap_or((text, ""));
    // SOCKS5 has one byte for each length (RFC 1929, 2).
    if user.is_empty() || user.len() > 255 || password.len() > 255 {
        return Err("a proxy's user and password have 1 to 255 bytes".to_owned());
    }
    Ok(Credentials { user: user.to_owned(), password: password.to_owned() })
}
