//! Who is at the other end of a connection, as logs, limits and answers name it.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    /// A client whose proxy has told its address and no port.
    Address(IpAddr),
    /// The process that opened a Unix socket, where the system tells its number.
    Unix(Option<i32>),
}

/// What the limits for one client address count together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Source {
    /// An IPv4 address, or the /64 network that one IPv6 host commonly has to itself.
    Address(IpAddr),
    /// All clients of Unix sockets.
    Unix,
}

/// What a client connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Local {
    Address(IpAddr),
    /// An address of the proxy that has passed the connection on.
    Proxied(IpAddr),
    Unix,
}

impl Local {
    /// Whether it is a loopback address of this machine.
    pub(crate) fn is_loopback(self) -> bool {
        matches!(self, Self::Address(address) if address.to_canonical().is_loopback())
    }

    /// Whether only programs of one machine reach it. A Unix socket may have a proxy in front, as a loopback address may.
    pub(crate) fn is_of_this_machine(self) -> bool {
        match self {
            Self::Address(address) | Self::Proxied(address) => address.to_canonical().is_loopback(),
            Self::Unix => true,
        }
    }
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) if !address.is_loopback() => {
                Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
            }
            address => address,
        })
    }
}

impl From<Peer> for Source {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Tcp(address) => address.ip().into(),
            Peer::Address(address) => address.into(),
            Peer::Unix(_) => Self::Unix,
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Address(address) => address.fmt(f),
            Self::Unix(Some(process)) => write!(f, "unix:{process}"),
            Self::Unix(None) => f.write_str("unix:"),
        }
    }
}
