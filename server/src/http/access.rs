//! Which hosts and origins are served. On a loopback address only loopback ones are, so that no web page that a person
//! visits can talk to the server on their own machine. Never guards anything but that: it is no authentication.

use std::{fmt, net::IpAddr, str::FromStr};

use hyper::{
    Uri,
    header::{HOST, HeaderMap, ORIGIN},
    http::uri::Authority,
};

use crate::{http::headers::at_most_one, http::refusal::Refusal};

/// Who may connect, beside loopback names and addresses. Connections to an address that is not a loopback one are
/// served whatever their host and origin.
#[derive(Debug, Clone, Default, PartialEq, clap::Args)]
#[command(next_help_heading = "Access")]
pub struct Access {
    /// Host that is served on a loopback address too, with or without a port; may be given more than once, or several
    /// with commas
    #[arg(long, env = "CANYON_ALLOW_HOST", value_name = "HOST", value_delimiter = ',')]
    pub allow_host: Vec<AllowedHost>,

    /// Origin that is served on a loopback address too, as `https://example.com` or `null`; may be given more
    /// than once, or several with commas
    #[arg(long, env = "CANYON_ALLOW_ORIGIN", value_name = "ORIGIN", value_delimiter = ',')]
    pub allow_origin: Vec<AllowedOrigin>,

    /// Serve every host and origin on a loopback address too, as behind a reverse proxy on the same machine
    #[arg(long, env = "CANYON_PUBLIC")]
    pub public: bool,
}

/// A host as it may stand in the header `Host`
/// ([RFC 9110, 7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2)); without a port it allows any.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedHost(Authority);

/// An origin as it stands in the header `Origin`
/// ([RFC 6454, 7](https://www.rfc-editor.org/rfc/rfc6454#section-7)).
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedOrigin(String);

/// Why a text is no host or origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// Give a host such as `example.com` or `example.com:8080`.
    #[error("{0:?} is no host such as example.com or [2001:db8::1]:8080")]
    Host(String),
    /// Give an origin such as `https://example.com`, or `null`.
    #[error("{0:?} is no origin such as https://example.com, nor null")]
    Origin(String),
}

impl FromStr for AllowedHost {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        parse_authority(text).map(Self).ok_or_else(|| AccessError::Host(text.to_owned()))
    }
}

impl FromStr for AllowedOrigin {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        match origin_authority(text) {
            None if text != "null" => Err(AccessError::Origin(text.to_owned())),
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl AllowedHost {
    fn allows(&self, host: &Authority) -> bool {
        self.0.host().eq_ignore_ascii_case(host.host()) && (self.0.port().is_none() || self.0.port() == host.port())
    }
}

impl Access {
    /// Checks a request's host, which its target may name before the header `Host` does
    /// ([RFC 9112, 3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)), and its origin; `local` is the address
    /// that the client connected to.
    pub(crate) fn check(&self, local: IpAddr, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let malformed = |text: &str| Refusal::Malformed(format!("the header host is no host: {text:?}"));
        let named = at_most_one(headers, &HOST)?;
        let named = named.map(|text| parse_authority(text).ok_or_else(|| malformed(text))).transpose()?;
        let host = target.authority().cloned().or(named);
        let origin = at_most_one(headers, &ORIGIN)?;
        if self.public || !local.to_canonical().is_loopback() {
            return Ok(());
        }
        if let Some(host) = &host
            && !is_loopback(host)
            && !self.allow_host.iter().any(|allowed| allowed.allows(host))
        {
            return Err(Refusal::Host(host.to_string()));
        }
        match origin {
            Some(origin) if !self.allows_origin(origin, host.as_ref()) => Err(Refusal::Origin(origin.to_owned())),
            _ => Ok(()),
        }
    }

    fn allows_origin(&self, origin: &str, host: Option<&Authority>) -> bool {
        let authority = origin_authority(origin);
        authority.is_some_and(|authority| {
            is_loopback(&authority) || host.is_some_and(|host| is_same_host(&authority, host, default_port(origin)))
        }) || self.allow_origin.iter().any(|allowed| allowed.0.eq_ignore_ascii_case(origin))
    }
}

fn default_port(origin: &str) -> u16 {
    if origin.starts_with("https://") { 443 } else { 80 }
}

fn is_same_host(one: &Authority, other: &Authority, default_port: u16) -> bool {
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    one.host().eq_ignore_ascii_case(other.host()) && port(one) == port(other)
}

/// A host with or without a port, and nothing else.
fn parse_authority(text: &str) -> Option<Authority> {
    let authority = text.parse::<Authority>().ok()?;
    let host = authority.host();
    let port = text.strip_prefix(host)?;
    let is_port = matches!(port, "" | ":") || authority.port_u16().is_some();
    (!host.is_empty() && is_port).then_some(authority)
}

/// The host of an origin of the form `scheme://host` or `scheme://host:port`.
fn origin_authority(origin: &str) -> Option<Authority> {
    let (_, authority) = origin.split_once("://")?;
    origin.parse::<Uri>().ok()?;
    parse_authority(authority)
}

/// Whether a host is this machine by its very name
/// ([RFC 6761, 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
fn is_loopback(host: &Authority) -> bool {
    let host = host.host().trim_start_matches('[').trim_end_matches(']');
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => name == "localhost" || name.ends_with(".localhost"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use hyper::header::HeaderValue;

    use super::*;

    fn check(access: &Access, local: impl Into<IpAddr>, host: &str, origin: Option<&str>) -> Result<(), u16> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_str(origin).unwrap());
        }
        access.check(local.into(), &Uri::from_static("/"), &headers).map_err(|refusal| refusal.status().as_u16())
    }

    #[test]
    fn loopback_hosts_are_served_under_all_their_names() {
        for host in [
            "localhost",
            "localhost:12345",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1",
            "127.9.9.9:1",
            "[::1]:9",
            "localhost:",
        ] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, host, None), Ok(()), "{host}");
        }
    }

    #[test]
    fn any_other_host_is_403_on_a_loopback_address_and_a_malformed_one_400() {
        for host in ["evil.example", "localhost.evil.example", "evillocalhost", "128.0.0.1", "[2001:db8::1]"] {
            assert_eq!(check(&Access::default(), Ipv6Addr::LOCALHOST, host, None), Err(403), "{host}");
        }
        for host in ["", "me@localhost", "a b", "localhost:port"] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, host, None), Err(400), "{host:?}");
        }
    }

    #[test]
    fn loopback_origins_are_served_and_others_are_403() {
        for origin in ["http://localhost:8080", "https://127.0.0.1", "http://[::1]:8080"] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, "localhost", Some(origin)), Ok(()), "{origin}");
        }
        for origin in ["http://evil.example", "null", "", "file://", "http://localhost@evil.example", "localhost"] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, "localhost", Some(origin)), Err(403), "{origin}");
        }
    }

    #[test]
    fn what_is_allowed_is_served_too() {
        let access = Access {
            allow_host: vec!["canyon.test".parse().unwrap(), "proxy.test:8443".parse().unwrap()],
            allow_origin: vec!["https://app.test".parse().unwrap(), "null".parse().unwrap()],
            public: false,
        };
        let check = |host, origin| check(&access, Ipv4Addr::LOCALHOST, host, origin);
        assert_eq!(check("Canyon.test:999", None), Ok(()));
        assert_eq!(check("proxy.test:8443", Some("https://proxy.test:8443")), Ok(()), "the server's own origin");
        assert_eq!(check("canyon.test:443", Some("https://canyon.test")), Ok(()), "its own origin by the usual port");
        assert_eq!(check("canyon.test:80", Some("https://canyon.test")), Err(403), "another port's");
        assert_eq!(check("proxy.test", None), Err(403));
        assert_eq!(check("localhost", Some("https://app.test")), Ok(()));
        assert_eq!(check("localhost", Some("null")), Ok(()));
        assert_eq!(check("localhost", Some("https://app.test:8443")), Err(403));
    }

    #[test]
    fn public_or_another_address_serves_every_host_and_origin() {
        let public = Access { public: true, ..Access::default() };
        assert_eq!(check(&public, Ipv4Addr::LOCALHOST, "any.example", Some("https://any.example")), Ok(()));
        let lan = Ipv4Addr::new(192, 168, 1, 5);
        assert_eq!(check(&Access::default(), lan, "any.example", Some("https://other.example")), Ok(()));
    }
}
