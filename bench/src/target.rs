//! The server that is loaded: only one on this machine, because an address that is not loopback is refused.

use std::{
    fmt,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    str::FromStr,
    time::Duration,
};

use anyhow::{Context, Error, Result, bail};

use crate::stream::Stream;

/// A `ws://` or `wss://` URL of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Host and port, as the `Host` header names them.
    pub authority: String,
    /// Path and query.
    pub path: String,
    /// Port, which is also in the authority.
    pub port: u16,
    /// Whether TLS is spoken.
    security: Security,
    /// Loopback addresses, in the order in which they are tried.
    addresses: Vec<SocketAddr>,
}

/// What a URL's scheme asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    Plain,
    Tls,
}

impl Target {
    /// Connects to the first address that answers, on a socket that blocks for at most so long, and has Nagle's algorithm
    /// off.
    ///
    /// # Errors
    /// There is no connection, or no TLS on it.
    pub fn connect(&self, patience: Duration) -> Result<Stream<TcpStream>> {
        let stream = TcpStream::connect(&*self.addresses)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(patience))?;
        match self.security {
            Security::Plain => Ok(Stream::plain(stream)),
            Security::Tls => Stream::tls(stream),
        }
    }
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        let (security, rest) = match (url.strip_prefix("ws://"), url.strip_prefix("wss://")) {
            (Some(rest), _) => (Security::Plain, rest),
            (_, Some(rest)) => (Security::Tls, rest),
            _ => bail!("'{url}' does not begin with ws:// or wss://"),
        };
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let port = authority.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        let port = port.with_context(|| format!("'{url}' names no port"))?;
        let addresses: Vec<SocketAddr> =
            authority.to_socket_addrs().with_context(|| format!("'{authority}' is no address"))?.collect();
        let stranger = addresses.iter().find(|address| !address.ip().is_loopback());
        if let Some(stranger) = stranger {
            bail!("'{url}' leads to {stranger}, and load is for this machine alone: 127.0.0.0/8 and [::1]");
        }
        Ok(Self { authority: authority.to_owned(), path, port, security, addresses })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.security {
            Security::Plain => "ws",
            Security::Tls => "wss",
        };
        write!(f, "{scheme}://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_written_as_it_was_read() {
        for url in ["ws://127.0.0.1:1/echo?delay=1ms", "ws://[::1]:12345/", "wss://127.0.0.1:1/"] {
            assert_eq!(url.parse::<Target>().unwrap().to_string(), url);
        }
        assert_eq!("ws://127.0.0.1:1".parse::<Target>().unwrap().path, "/");
    }

    #[test]
    fn an_address_elsewhere_is_refused_by_name() {
        let error = "ws://192.0.2.1:80/".parse::<Target>().unwrap_err().to_string();
        assert!(error.starts_with("'ws://192.0.2.1:80/' leads to 192.0.2.1:80, "), "{error}");
    }

    #[test]
    fn what_is_missing_is_said() {
        let error = |url: &str| url.parse::<Target>().unwrap_err().to_string();
        assert_eq!(error("http://127.0.0.1:1/"), "'http://127.0.0.1:1/' does not begin with ws:// or wss://");
        assert_eq!(error("ws://127.0.0.1/"), "'ws://127.0.0.1/' names no port");
    }
}
