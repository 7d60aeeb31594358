//! What the URL of another server or of a proxy says.

use data_encoding::BASE64;
use hyper::Uri;

use super::target::Host;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) host: Host,
    pub(crate) port: u16,
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
