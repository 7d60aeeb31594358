//! Which hosts and origins are served. On a loopback address only loopback ones are, so that no web page that a person
//! visits can talk to the server on their own machine. It is no authentication.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

use hyper::{
    Uri,
    header::{HOST, HeaderMap, ORIGIN},
    http::uri::Authority,
};

use crate::{http::headers::at_most_one, http::refusal::Refusal, peer::Local};

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

/// Where a relay leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// To whatever this machine can reach.
    Everywhere,
    /// To what is named in the settings.
    Named,
}

/// Headers by which a proxy says that the client is somebody else.
const FORWARDED: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// A host as it may stand in the header `Host`
/// ([RFC 9110, 7.2](https://www.rfc-editor.org/rfc/rfc9110#section-7.2)); without a port it allows any.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedHost(Authority);

/// An origin as it may stand in the header `Origin`
/// ([RFC 6454, 7](https://www.rfc-editor.org/rfc/rfc6454#section-7)).
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedOrigin(Origin);

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
        parse_authority(text.trim()).map(Self).ok_or_else(|| AccessError::Host(text.to_owned()))
    }
}

impl FromStr for AllowedOrigin {
    type Err = AccessError;

    fn from_str(text: &str) -> Result<Self, AccessError> {
        Origin::parse(text.trim()).map(Self).ok_or_else(|| AccessError::Origin(text.to_owned()))
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
    /// ([RFC 9112, 3.2.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2)), and its origin; `local` is what the
    /// client connected to.
    pub(crate) fn check(&self, local: Local, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let authority = |text: &str, place: &str| {
            parse_authority(text).ok_or_else(|| Refusal::Malformed(format!("the {place} names no host: {text:?}")))
        };
        let named = at_most_one(headers, &HOST)?.map(|text| authority(text, "header host")).transpose()?;
        let targeted = target.authority().map(|text| authority(text.as_str(), "request's target")).transpose()?;
        let host = targeted.or(named);
        let origin = at_most_one(headers, &ORIGIN)?;
        if let Some(origin) = origin.filter(|origin| origin.contains('@')) {
            return Err(Refusal::Malformed(format!("an origin has no user information: {origin:?}")));
        }
        if self.public || !local.is_of_this_machine() {
            return Ok(());
        }
        if let Some(host) = &host
            && !is_loopback(host)
            && !self.allow_host.iter().any(|allowed| allowed.allows(host))
        {
            return Err(Refusal::Host(host.to_string()));
        }
        let Some(text) = origin else { return Ok(()) };
        match Origin::parse(text) {
            None => Err(Refusal::NoOrigin(text.to_owned())),
            Some(origin) if self.allows_origin(&origin, host.as_ref()) => Ok(()),
            Some(_) => Err(Refusal::Origin(text.to_owned())),
        }
    }

    /// Checks what the relay needs beyond [`check`](Self::check), which a request has passed: a client on this machine, unless
    /// it leads only to what is named.
    pub(crate) fn check_relay(
        &self,
        local: Local,
        target: &Uri,
        headers: &HeaderMap,
        reach: Reach,
    ) -> Result<(), Refusal> {
        let host = match target.authority() {
            Some(authority) => Some(authority.clone()),
            None => at_most_one(headers, &HOST)?.and_then(parse_authority),
        };
        let is_own = !self.public
            && local.is_loopback()
            && host.as_ref().is_some_and(is_loopback)
            && !FORWARDED.iter().any(|&name| headers.contains_key(name));
        if reach == Reach::Everywhere && !is_own {
            return Err(Refusal::RelayForeign);
        }
        Ok(())
    }

    /// Checks that a page asks, and that its origin may connect, even where all others may.
    pub(crate) fn check_relay_origin(&self, target: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
        let host = target.authority().cloned().or(at_most_one(headers, &HOST)?.and_then(parse_authority));
        let Some(text) = at_most_one(headers, &ORIGIN)? else { return Err(Refusal::RelayOrigin) };
        match Origin::parse(text) {
            None => Err(Refusal::RelayOrigin),
            Some(origin) if self.allows_origin(&origin, host.as_ref()) => Ok(()),
            Some(_) => Err(Refusal::Origin(text.to_owned())),
        }
    }

    fn allows_origin(&self, origin: &Origin, host: Option<&Authority>) -> bool {
        let is_own = |authority| {
            is_loopback(authority) || host.is_some_and(|host| is_same_host(authority, host, origin.default_port()))
        };
        origin.authority.as_ref().is_some_and(is_own)
            || self.allow_origin.iter().any(|allowed| allowed.0.serialized == origin.serialized)
    }
}

/// An origin, which is the same as another one where its serialization is.
#[derive(Debug, Clone, PartialEq)]
struct Origin {
    /// As browsers write it ([RFC 6454, 6.2](https://www.rfc-editor.org/rfc/rfc6454#section-6.2)): scheme and host in
    /// lower case, without the scheme's usual port.
    serialized: String,
    /// There is none in `null` and `file://`.
    authority: Option<Authority>,
}

impl Origin {
    /// Reads `scheme://host`, `scheme://host:port`, each with or without a slash at the end, `file://` and `null`.
    fn parse(text: &str) -> Option<Self> {
        if text == "null" {
            return Some(Self { serialized: text.to_owned(), authority: None });
        }
        let (scheme, rest) = text.split_once("://")?;
        let scheme = scheme.to_ascii_lowercase();
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            || !scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        {
            return None;
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() {
            return (scheme == "file").then(|| Self { serialized: "file://".to_owned(), authority: None });
        }
        let authority = parse_authority(rest)?;
        let host = authority.host().to_ascii_lowercase();
        let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map(str::parse::<Ipv6Addr>);
        let host = match address {
            Some(address) => format!("[{}]", address.ok()?),
            None => host,
        };
        let port = authority.port_u16().filter(|&port| usual_port(&scheme) != Some(port));
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        Some(Self { serialized: format!("{scheme}://{host}{port}"), authority: Some(authority) })
    }

    fn default_port(&self) -> u16 {
        self.serialized.split_once(':').and_then(|(scheme, _)| usual_port(scheme)).unwrap_or(80)
    }
}

fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

fn is_same_host(one: &Authority, other: &Authority, default_port: u16) -> bool {
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    one.host().eq_ignore_ascii_case(other.host()) && port(one) == port(other)
}

/// A host with or without a port, and nothing else: no user, and none of the characters that RFC 3986 lets stand in a
/// name and no name has.
fn parse_authority(text: &str) -> Option<Authority> {
    let authority = text.parse::<Authority>().ok()?;
    let host = authority.host();
    let port = text.strip_prefix(host)?;
    let is_port = matches!(port, "" | ":") || authority.port_u16().is_some();
    let is_host = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~[:]".contains(&byte));
    (!host.is_empty() && is_host && is_port).then_some(authority)
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
        access
            .check(Local::Address(local.into()), &Uri::from_static("/"), &headers)
            .map_err(|refusal| refusal.status().as_u16())
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
        for host in ["", "me@localhost", "a b", "localhost:port", "localhost:99999", "one.test,two.test"] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, host, None), Err(400), "{host:?}");
        }
    }

    #[test]
    fn loopback_origins_are_served_and_others_are_403() {
        for origin in [
            "http://localhost:8080",
            "http://localhost:8081/",
            "HTTP://LOCALHOST",
            "https://127.0.0.1",
            "http://[::1]:8080",
            "capacitor://localhost",
        ] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, "localhost", Some(origin)), Ok(()), "{origin}");
        }
        for origin in ["http://evil.example", "null", "", "file://", "localhost", "http://localhost/path", "http://"] {
            assert_eq!(check(&Access::default(), Ipv4Addr::LOCALHOST, "localhost", Some(origin)), Err(403), "{origin}");
        }
    }

    #[test]
    fn user_information_is_400_whoever_may_connect() {
        let public = Access { public: true, ..Access::default() };
        for access in [Access::default(), public] {
            for origin in ["http://localhost@evil.example", "http://me:secret@localhost", "https://@localhost"] {
                assert_eq!(check(&access, Ipv4Addr::LOCALHOST, "localhost", Some(origin)), Err(400), "{origin}");
            }
            for target in
                ["http://me@localhost/", "http://localhost@evil.example/", "http://me:secret@localhost:80/echo"]
            {
                let target = target.parse().unwrap();
                let refusal =
                    access.check(Local::Address(Ipv4Addr::LOCALHOST.into()), &target, &HeaderMap::new()).unwrap_err();
                assert_eq!(refusal.status(), 400, "{target}");
            }
        }
        assert!("http://me@localhost".parse::<AllowedOrigin>().is_err());
    }

    /// The values that a refusal's sentence advises for a flag.
    #[test]
    fn what_a_refusal_advises_lets_that_very_request_in() {
        for origin in [
            "file://",
            "file:///",
            "null",
            "http://app.test:8081/",
            "HTTPS://App.Test:443",
            "http://app.test:80",
            "http://[2001:DB8::1]:8080",
            "chrome-extension://abcdefghijklmnop",
            "moz-extension://0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0/",
            "app://.",
            "vscode-webview://1ab2/",
            "http://under_score.test",
            "https://xn--bcher-kva.example",
            "https://dot.test.",
        ] {
            let mut access = Access::default();
            let request = [(ORIGIN, HeaderValue::from_static(origin))].into_iter().collect();
            let check = |access: &Access| {
                access.check(Local::Address(Ipv4Addr::LOCALHOST.into()), &Uri::from_static("/"), &request)
            };
            let sentence = check(&access).unwrap_err().to_string();
            let (_, advised) = sentence.split_once("--allow-origin ").unwrap();
            access.allow_origin = advised.split(',').map(|origin| origin.parse().unwrap()).collect();
            check(&access).unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        for host in ["app.test", "app.test:8080", "App.Test.", "[2001:db8::1]:80", "app.test:", "under_score.test"] {
            let mut access = Access::default();
            let request = [(HOST, HeaderValue::from_static(host))].into_iter().collect();
            let check = |access: &Access| {
                access.check(Local::Address(Ipv4Addr::LOCALHOST.into()), &Uri::from_static("/"), &request)
            };
            let sentence = check(&access).unwrap_err().to_string();
            let (_, advised) = sentence.split_once("--allow-host ").unwrap();
            access.allow_host = advised.split(',').map(|host| host.parse().unwrap()).collect();
            check(&access).unwrap_or_else(|refusal| panic!("{refusal}"));
        }
    }

    #[test]
    fn what_is_no_origin_at_all_needs_public() {
        for origin in ["", "localhost", "http://a.test http://b.test", "http://a.test/path", "about:blank"] {
            let mut access = Access::default();
            let request = [(ORIGIN, HeaderValue::from_static(origin))].into_iter().collect();
            let check = |access: &Access| {
                access.check(Local::Address(Ipv4Addr::LOCALHOST.into()), &Uri::from_static("/"), &request)
            };
            let sentence = check(&access).unwrap_err().to_string();
            assert!(sentence.contains("canyon --public") && !sentence.contains("--allow-origin"), "{sentence}");
            access.public = true;
            check(&access).unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        assert!(" http://b.test".parse::<AllowedOrigin>().is_ok(), "as after a comma");
    }

    #[test]
    fn origins_are_compared_by_their_serialization() {
        let access = |allowed: &str| Access { allow_origin: vec![allowed.parse().unwrap()], ..Access::default() };
        for (allowed, origin, expected) in [
            ("https://app.test", "https://app.test:443", Ok(())),
            ("https://app.test:443/", "https://app.test", Ok(())),
            ("HTTP://APP.TEST:80", "http://app.test", Ok(())),
            ("http://[2001:db8:0:0::1]", "http://[2001:db8::1]", Ok(())),
            ("file:///", "file://", Ok(())),
            ("https://app.test", "http://app.test", Err(403)),
            ("https://app.test:443", "https://app.test:80", Err(403)),
            ("http://app.test", "http://app.test:8080", Err(403)),
            ("file://", "null", Err(403)),
            ("null", "file://", Err(403)),
        ] {
            assert_eq!(check(&access(allowed), Ipv4Addr::LOCALHOST, "localhost", Some(origin)), expected, "{origin}");
        }
        for wrong in
            ["", "app.test", "http://", "http://app.test/path", "://app.test", "1http://app.test", "http://a b"]
        {
            assert!(wrong.parse::<AllowedOrigin>().is_err(), "{wrong}");
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
