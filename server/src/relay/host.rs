//! The host of a URL, and what an address is. Pure.

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
    pub(super) fn is_localhost(&self) -> bool {
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
pub(super) fn plain(address: IpAddr) -> IpAddr {
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
pub(super) enum Class {
    Public,
    /// Of a network at home or at work (RFC 1918, RFC 4193, RFC 6598).
    Private,
    Loopback,
    /// Link-local, or a metadata service.
    Sensitive,
    /// No host's: unspecified, multicast, broadcast, reserved.
    Never,
}

pub(super) fn class(address: IpAddr) -> Class {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
