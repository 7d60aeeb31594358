//! What the relay may connect to. Pure: names are resolved elsewhere, and every address is judged here before it is used.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// Addresses of cloud providers' metadata services, beside those that are link-local: AWS and GCP over IPv6, Alibaba Cloud,
/// Azure's platform, and Oracle Cloud's.
const METADATA: [IpAddr; 5] = [
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
];

/// The longest name of a host, in bytes (RFC 1035, 2.3.4).
const MAX_NAME: usize = 253;

/// The ports that a rule without one allows: those of `ws:` and `wss:`.
const USUAL_PORTS: [u16; 2] = [80, 443];

/// The host of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    Address(IpAddr),
    /// In lower case, without a dot at the end.
    Name(String),
}

/// Why a text is no host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostError {
    #[error("{0:?} is no host such as example.com, 127.0.0.1 or [::1]")]
    Malformed(String),
    /// Resolvers take `127.1`, `0x7f.1` and `2130706433` for addresses.
    #[error("{0:?} ends in a number and is no address: an IPv4 address has four decimal numbers, as 127.0.0.1")]
    Number(String),
}

impl FromStr for Host {
    type Err = HostError;

    fn from_str(text: &str) -> Result<Self, HostError> {
        let malformed = || HostError::Malformed(text.to_owned());
        if let Some(address) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address: Ipv6Addr = address.parse().map_err(|_| malformed())?;
            return Ok(Self::Address(plain(address.into())));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        if name.len() > MAX_NAME || !name.split('.').all(is_label) {
            return Err(malformed());
        }
        if name.rsplit('.').next().is_some_and(is_number) {
            return Err(HostError::Number(text.to_owned()));
        }
        Ok(Self::Name(name))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl Host {
    /// Whether it is this machine by its very name ([RFC 6761, 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
    fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(name) if name == "localhost" || name.ends_with(".localhost"))
    }
}

/// A label that a resolver reads as a number: decimal, octal or hexadecimal
/// (as in the [URL standard](https://url.spec.whatwg.org/#ends-in-a-number-checker)).
fn is_number(label: &str) -> bool {
    let digits = label.strip_prefix("0x");
    label.bytes().all(|byte| byte.is_ascii_digit())
        || digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The IPv4 address that an IPv6 one stands for, or the same: mapped (RFC 4291, 2.5.5.2), compatible (2.5.5.1), translated by
/// NAT64 (RFC 6052), tunnelled by 6to4 (RFC 3056) or Teredo (RFC 4380).
pub(crate) fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match [a, b, c, d, e, f] {
        // `::` and `::1` are addresses of their own.
        [0, 0, 0, 0, 0, 0] if g == 0 && h <= 1 => address,
        [0, 0, 0, 0, 0, 0 | 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => v4(g, h),
        // A local prefix of NAT64 (RFC 8215), with the address at the end as in the well-known one.
        [0x64, 0xff9b, 1, ..] => v4(g, h),
        [0x2002, high, low, ..] => v4(high, low),
        [0x2001, 0, ..] => v4(!g, !h),
        _ => address,
    }
}

/// What an address is, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Public,
    /// Of a network at home or at work (RFC 1918, RFC 4193, RFC 6598).
    Private,
    Loopback,
    /// Link-local, or a metadata service.
    Sensitive,
    /// No host's: unspecified, multicast, broadcast, reserved.
    Never,
}

fn class(address: IpAddr) -> Class {
    let address = plain(address);
    if METADATA.contains(&address) {
        return Class::Sensitive;
    }
    match address {
        IpAddr::V4(address) => match address.octets() {
            [127, ..] => Class::Loopback,
            [169, 254, ..] => Class::Sensitive,
            [0 | 224.., ..] => Class::Never,
            [100, 64..=127, ..] | [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Class::Private,
            _ => Class::Public,
        },
        IpAddr::V6(address) => match address.segments()[0] {
            _ if address.is_loopback() => Class::Loopback,
            _ if address.is_unspecified() => Class::Never,
            0xff00.. => Class::Never,
            // Link-local, and site-local, which is deprecated (RFC 3879).
            0xfe80..=0xfeff => Class::Sensitive,
            0xfc00..=0xfdff => Class::Private,
            _ => Class::Public,
        },
    }
}

/// A server that the relay may connect to: `example.com`, `*.example.com`, `192.0.2.1`, `[2001:db8::1]`, each with a port
/// or without. Without one it allows 80 and 443.
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
}

/// A text that is no [`RelayTarget`]; give a name, `*.` and a name, or an address, each with a port or without.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no target such as example.com, *.example.com:8443, 192.0.2.1 or [2001:db8::1]:80")]
pub struct RelayTargetError(String);

impl FromStr for RelayTarget {
    type Err = RelayTargetError;

    fn from_str(text: &str) -> Result<Self, RelayTargetError> {
        let error = || RelayTargetError(text.to_owned());
        let trimmed = text.trim();
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
            (TargetHost::Below(_), Host::Address(_)) => None,
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
    use proptest::prelude::*;

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
    fn numbers_that_a_resolver_takes_for_an_address_are_no_names() {
        for host in
            ["2130706433", "127.1", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "0x", "a.0"]
        {
            assert_eq!(host.parse::<Host>(), Err(HostError::Number(host.to_owned())));
        }
        for host in [
            "",
            ".",
            "a..b",
            "a b",
            "[::1",
            "::1",
            "[127.0.0.1]",
            "ex\u{e4}mple",
            "a%2eb",
            "a@b",
            "a/b",
            "a:1",
            "[fe80::1%eth0]",
        ] {
            assert_eq!(host.parse::<Host>(), Err(HostError::Malformed(host.to_owned())));
        }
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
    fn a_target_that_is_none_is_named() {
        for text in [
            "", "*", "*.", "*.1", "http://a", "a/b", "a:", "a:0", "a:65536", "a:b", "[::1", "::1", "a b", "*.*.a",
            "127.1",
        ] {
            let error = text.parse::<RelayTarget>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("{text:?} is no target such as example.com")), "{error}");
        }
    }

    proptest! {
        /// However an IPv4 address is written, the same is said about it.
        #[test]
        fn an_embedded_address_is_judged_as_itself(bits: u32) {
            let v4 = Ipv4Addr::from_bits(bits);
            let [high, low] = [(bits >> 16) as u16, bits as u16];
            prop_assume!(high != 0 || low > 1);
            for v6 in [
                v4.to_ipv6_mapped(),
                Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low),
                Ipv6Addr::new(0x2002, high, low, 7, 0, 0, 0, 1),
                Ipv6Addr::new(0x2001, 0, 7, 7, 7, 7, !high, !low),
            ] {
                prop_assert_eq!(class(v6.into()), class(v4.into()), "{}", v6);
            }
        }
    }
}
