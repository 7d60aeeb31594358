//! What the relay may connect to. Pure: names are resolved elsewhere, and every address is judged here before it is used.

use std::{net::IpAddr, str::FromStr};

use super::{
    host::{Class, Host, class, plain},
    url::SocketPath,
};

/// The ports that a rule without one allows: those of `ws:` and `wss:`.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// A server that the relay may connect to: `example.com`, `*.example.com`, `192.0.2.1`, `[2001:db8::1]`, each with a port
/// or without, or `unix:/run/app.sock`. Without a port it allows 80 and 443.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelayTarget {
    host: TargetHost,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TargetHost {
    One(Host),
    /// Every name that ends with a dot and this one.
    Below(String),
    Socket(SocketPath),
}

/// A text that is no [`RelayTarget`]; give a name, `*.` and a name, or an address, each with a port or without, or
/// `unix:` and a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no target such as example.com, *.example.com:8443, 192.0.2.1, [2001:db8::1]:80 or unix:/run/app.sock"
)]
pub struct RelayTargetError(String);

impl FromStr for RelayTarget {
    type Err = RelayTargetError;

    fn from_str(text: &str) -> Result<Self, RelayTargetError> {
        let error = || RelayTargetError(text.to_owned());
        let trimmed = text.trim();
        if let Some(path) = trimmed.strip_prefix("unix:") {
            let path = path.parse().map_err(|_| error())?;
            return Ok(Self { host: TargetHost::Socket(path), port: None });
        }
        let (host, port) = match trimmed.rsplit_once(':') {
            _ if trimmed.ends_with(']') => (trimmed, None),
            Some((host, port)) => (host, Some(port.parse().ok().filter(|&port| port > 0).ok_or_else(error)?)),
            None => (trimmed, None),
        };
        let host = match host.strip_prefix("*.") {
            None => TargetHost::One(host.parse().map_err(|_| error())?),
            Some(name) => match name.parse() {
                Ok(Host::Name(name)) => TargetHost::Below(name),
                _ => return Err(error()),
            },
        };
        Ok(Self { host, port })
    }
}

impl RelayTarget {
    fn has_port(&self, port: u16) -> bool {
        self.port.map_or(USUAL_PORTS.contains(&port), |own| own == port)
    }

    fn is_address(&self, address: IpAddr) -> bool {
        matches!(&self.host, TargetHost::One(Host::Address(own)) if plain(*own) == plain(address))
    }

    fn is_socket(&self, path: &SocketPath) -> bool {
        matches!(&self.host, TargetHost::Socket(own) if own == path)
    }

    /// Whether the rule names this host, and how closely.
    fn names(&self, host: &Host) -> Option<Closeness> {
        match (&self.host, host) {
            (TargetHost::One(Host::Address(_)), Host::Address(address)) => {
                self.is_address(*address).then_some(Closeness::Exact)
            }
            (TargetHost::One(own), host) => (own == host).then_some(Closeness::Exact),
            (TargetHost::Below(parent), Host::Name(name)) => {
                let is_below = name.strip_suffix(parent.as_str()).is_some_and(|rest| rest.ends_with('.'));
                is_below.then_some(Closeness::Below)
            }
            (TargetHost::Below(_), Host::Address(_)) | (TargetHost::Socket(_), _) => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Below,
    Exact,
}

/// Why the relay does not connect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    #[error("the relay may not connect to {0}:{1}, but with canyon --relay-to {0}:{1}")]
    Unnamed(Host, u16),
    #[error("the relay may not connect to unix:{0}, but with canyon --relay-to unix:{0}")]
    Socket(SocketPath),
    #[error("{0} is no host's address")]
    Never(IpAddr),
    #[error("{host} has the address {address}, which the relay does not connect to unless it is named: --relay-to {shown}:{port}", shown = Host::Address(*address))]
    Address { host: Host, address: IpAddr, port: u16 },
}

/// What decides where a connection may lead.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rules<'config> {
    /// A page has chosen the server: without targets, it may be all that a person's own machine reaches, except what is
    /// sensitive.
    OfPage(&'config [RelayTarget]),
    /// Whoever started this program has chosen the server.
    OfOperator,
}

impl Rules<'_> {
    /// Checks a host before its name is resolved.
    pub(crate) fn check_host(self, host: &Host, port: u16) -> Result<(), Forbidden> {
        if let Host::Address(address) = host {
            return self.check_address(host, *address, port);
        }
        match self {
            Self::OfPage(targets) if !targets.is_empty() && closeness(targets, host, port).is_none() => {
                Err(Forbidden::Unnamed(host.clone(), port))
            }
            Self::OfPage(_) | Self::OfOperator => Ok(()),
        }
    }

    /// Checks a Unix socket. Behind one may be what runs programs with all rights, so a page's must always be named.
    pub(crate) fn check_socket(self, path: &SocketPath) -> Result<(), Forbidden> {
        match self {
            Self::OfPage(targets) if !targets.iter().any(|rule| rule.is_socket(path)) => {
                Err(Forbidden::Socket(path.clone()))
            }
            Self::OfPage(_) | Self::OfOperator => Ok(()),
        }
    }

    /// Checks an address of a host that [`check_host`](Self::check_host) has passed.
    pub(crate) fn check_address(self, host: &Host, address: IpAddr, port: u16) -> Result<(), Forbidden> {
        let class = class(address);
        if class == Class::Never {
            return Err(Forbidden::Never(address));
        }
        let Self::OfPage(targets) = self else { return Ok(()) };
        if targets.iter().any(|rule| rule.is_address(address) && rule.has_port(port)) {
            return Ok(());
        }
        let is_allowed = match host {
            _ if targets.is_empty() => class != Class::Sensitive,
            Host::Address(_) => return Err(Forbidden::Unnamed(host.clone(), port)),
            Host::Name(_) => match class {
                Class::Public => true,
                Class::Private => closeness(targets, host, port) == Some(Closeness::Exact),
                Class::Loopback => host.is_localhost(),
                Class::Sensitive | Class::Never => false,
            },
        };
        let address = plain(address);
        if is_allowed { Ok(()) } else { Err(Forbidden::Address { host: host.clone(), address, port }) }
    }
}

fn closeness(targets: &[RelayTarget], host: &Host, port: u16) -> Option<Closeness> {
    targets.iter().filter(|rule| rule.has_port(port)).filter_map(|rule| rule.names(host)).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(targets: &[&str]) -> Vec<RelayTarget> {
        targets.iter().map(|target| target.parse().unwrap()).collect()
    }

    /// Whether such a host may be connected to at that address.
    fn allows(targets: &[&str], host: &str, address: &str, port: u16) -> bool {
        let rules = rules(targets);
        let host: Host = host.parse().unwrap();
        let address = address.parse().unwrap();
        Rules::OfPage(&rules)
            .check_host(&host, port)
            .and_then(|()| Rules::OfPage(&rules).check_address(&host, address, port))
            .is_ok()
    }

    /// The same for a host that is an address.
    fn allows_address(targets: &[&str], host: &str, port: u16) -> bool {
        let rules = rules(targets);
        Rules::OfPage(&rules).check_host(&host.parse().unwrap(), port).is_ok()
    }

    #[test]
    fn names_are_compared_without_case_and_without_the_dot_of_the_root() {
        assert_eq!("LocalHost.".parse(), Ok(Host::Name("localhost".to_owned())));
        assert!(allows(&["Example.COM."], "EXAMPLE.com.", "192.0.2.1", 443));
    }

    #[test]
    fn sensitive_addresses_need_to_be_named_even_on_a_loopback_address() {
        for address in [
            "169.254.169.254",
            "[::ffff:169.254.169.254]",
            "[::169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[64:ff9b:1::a9fe:a9fe]",
            "[2002:a9fe:a9fe::1]",
            "[2001:0:1:2:3:4:5601:5601]",
            "[fe80::1]",
            "[fec0::1]",
            "[fd00:ec2::254]",
            "[fd20:ce::254]",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
        ] {
            assert!(!allows_address(&[], address, 80), "{address}");
            assert!(allows_address(&[address], address, 80), "{address} is named");
            assert!(!allows_address(&[address], address, 81), "{address} is named for 80 and 443");
            assert!(!allows(&["evil.test"], "evil.test", address.trim_matches(['[', ']']), 80), "{address}");
            assert!(!allows(&[], "evil.test", address.trim_matches(['[', ']']), 80), "{address}");
        }
        assert!(allows(&["metadata.test", "169.254.169.254"], "metadata.test", "169.254.169.254", 80));
    }

    #[test]
    fn what_is_no_hosts_address_is_never_connected_to() {
        for address in
            ["0.0.0.0", "0.1.2.3", "255.255.255.255", "224.0.0.1", "240.0.0.1", "[::]", "[ff02::1]", "[::ffff:0.0.0.0]"]
        {
            assert!(!allows_address(&[], address, 80), "{address}");
            assert!(!allows_address(&[address], address, 80), "{address} is named");
        }
    }

    #[test]
    fn without_targets_a_persons_own_network_is_reached() {
        for address in ["127.0.0.1", "[::1]", "192.168.1.1", "10.0.0.1", "[fd12::1]", "192.0.2.1", "[2001:db8::1]"] {
            assert!(allows_address(&[], address, 9000), "{address}");
        }
        assert!(allows(&[], "printer.local", "192.168.1.7", 8080));
    }

    #[test]
    fn with_targets_only_they_are_reached_at_their_ports() {
        let targets = ["example.com", "*.example.org:8443", "127.0.0.1:9000", "[2001:db8::1]:80"];
        for (host, address, port, expected) in [
            ("example.com", "192.0.2.1", 80, true),
            ("example.com", "192.0.2.1", 443, true),
            ("example.com", "192.0.2.1", 22, false),
            ("example.com", "10.0.0.1", 443, true),
            ("example.com", "127.0.0.1", 443, false),
            ("example.com", "::1", 443, false),
            ("example.com", "::ffff:127.0.0.1", 443, false),
            ("www.example.com", "192.0.2.1", 443, false),
            ("example.com.evil.test", "192.0.2.1", 443, false),
            ("evilexample.org", "192.0.2.1", 8443, false),
            ("example.org", "192.0.2.1", 8443, false),
            ("a.example.org", "192.0.2.1", 8443, true),
            ("a.b.example.org", "192.0.2.1", 8443, true),
            ("a.example.org", "192.0.2.1", 443, false),
            ("rebound.example.org", "10.0.0.1", 8443, false),
            ("rebound.example.org", "127.0.0.1", 8443, false),
            ("localhost", "127.0.0.1", 9000, false),
        ] {
            assert_eq!(allows(&targets, host, address, port), expected, "{host}:{port} at {address}");
        }
        for (host, port, expected) in [
            ("127.0.0.1", 9000, true),
            ("[::ffff:127.0.0.1]", 9000, true),
            ("127.0.0.1", 9001, false),
            ("127.0.0.2", 9000, false),
            ("[2001:db8::1]", 80, true),
            ("[2001:db8::2]", 80, false),
            ("192.0.2.1", 443, false),
        ] {
            assert_eq!(allows_address(&targets, host, port), expected, "{host}:{port}");
        }
        assert!(allows(&["localhost:9000"], "localhost.", "127.0.0.1", 9000));
    }

    #[test]
    fn a_unix_socket_is_reached_where_it_is_named_and_allows_nothing_else() {
        let may =
            |targets: &[&str], path: &str| Rules::OfPage(&rules(targets)).check_socket(&path.parse().unwrap()).is_ok();
        assert!(may(&["unix:/run/app.sock"], "/run/app.sock"));
        for (targets, path) in [
            (&[][..], "/run/app.sock"),
            (&["unix:/run/app.sock"], "/run/app.sock2"),
            (&["unix:/run/app.sock"], "/run/docker.sock"),
            (&["unix:/run"], "/run/docker.sock"),
            (&["localhost", "127.0.0.1:9000"], "/run/app.sock"),
        ] {
            assert!(!may(targets, path), "{targets:?} {path}");
        }
        assert!(!allows(&["unix:/run/app.sock"], "localhost", "127.0.0.1", 80));
        assert!(!allows_address(&["unix:/run/app.sock"], "127.0.0.1", 80));
    }

    #[test]
    fn a_target_that_is_none_is_named() {
        for text in [
            "",
            "*",
            "*.",
            "*.1",
            "http://a",
            "a/b",
            "a:",
            "a:0",
            "a:65536",
            "a:b",
            "[::1",
            "::1",
            "a b",
            "*.*.a",
            "127.1",
            "unix:",
            "unix:app.sock",
            "unix:/run/../app.sock",
            "unix:@app",
            "unix:/run/app.sock:/path",
        ] {
            let error = text.parse::<RelayTarget>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is no target such as example.com")), "{error}");
        }
    }
}
