//! Proxies in front of the server, and the [PROXY protocol](https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt), by
//! which they say for whom they connect. Only trusted addresses are believed.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    str::FromStr,
    time::Duration,
};

use hyper::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;
use ppp::{v1, v2};
use rfc7239::NodeName;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::{
    peer::{Local, Peer},
    socket::Socket,
};

/// What each version begins with, as far as both can be read: the shortest header has 15 bytes.
const BEGINNING: usize = 12;
const TEXT: &[u8] = b"PROXY ";
const BINARY: &[u8; BEGINNING] = b"\r\n\r\n\0\r\nQUIT\n";
/// Length of a header of version 1 at the most, in bytes (section 2.1).
const MAX_TEXT: usize = 107;
/// Bytes of a header of version 2 in front of the addresses.
const FIXED: usize = 16;
/// Bytes of addresses and of what may follow them in version 2 that are read: the names of a certificate fit, and not 64 KiB.
const MAX_BINARY: usize = 4096;

/// The answer to a client that speaks the PROXY protocol where nobody reads it.
pub(crate) const UNREAD: &str =
    "the PROXY protocol is read with --proxy-protocol alone, and from the addresses of --trusted-proxy";

/// Which proxies are in front.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Proxies in front")]
pub struct ProxySettings {
    /// Speak the PROXY protocol, version 1 or 2, with trusted proxies: each of their connections must begin with its header,
    /// and the client that it names is logged, limited and shown
    #[arg(long, env = "CANYON_PROXY_PROTOCOL")]
    pub proxy_protocol: bool,

    /// Header in which trusted proxies name the client of a request: the last address in it that is no trusted proxy is logged,
    /// limited and shown
    #[arg(long, env = "CANYON_FORWARDED_HEADER", value_name = "HEADER", value_enum)]
    pub forwarded_header: Option<ForwardedHeader>,

    /// Trusted proxy: an address, a network as 10.0.0.0/8, or unix for whoever connects to a Unix socket; may be given more
    /// than once, or several with commas
    #[arg(
        long,
        env = "CANYON_TRUSTED_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ',',
        default_value = "127.0.0.0/8,::1,unix"
    )]
    pub trusted_proxy: Vec<TrustedProxy>,
}

/// A header in which proxies name their clients. A server reads one of them, because a proxy that writes one may let the other
/// pass as the client has made it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ForwardedHeader {
    /// X-Forwarded-For: addresses with commas
    XForwardedFor,
    /// Forwarded, as RFC 7239 has it
    Forwarded,
}

/// Whom the server believes who its clients are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrustedProxy {
    /// Whoever connects from there.
    Network(IpNet),
    /// Whoever connects to a Unix socket.
    Unix,
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.map(Self::Network).map_err(|_| "must be an address, a network as 10.0.0.0/8, or unix".to_owned())
    }
}

/// The same as the command line's.
impl Default for ProxySettings {
    fn default() -> Self {
        let networks = ["127.0.0.0/8", "::1", "unix"].map(str::parse);
        Self { proxy_protocol: false, forwarded_header: None, trusted_proxy: networks.into_iter().flatten().collect() }
    }
}

impl ProxySettings {
    /// Whether a connection of `peer` must begin with a header.
    pub(crate) fn expects_header(&self, peer: Peer) -> bool {
        self.proxy_protocol && self.trusts(peer)
    }

    /// Whether the requests on a connection of `peer` may name others as their clients.
    pub(crate) fn forwards(&self, peer: Peer) -> bool {
        self.forwarded_header.is_some() && self.trusts(peer)
    }

    /// The client of a request that came from `peer`: the last one that is named and is no trusted proxy, or whoever is known
    /// of those in front of it, as far as each is named by one that is trusted.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> Result<Peer, (Peer, String)> {
        let Some(header) = self.forwarded_header else { return Ok(peer) };
        let mut client = peer;
        for line in headers.get_all(header.name()).iter().rev() {
            let line = String::from_utf8_lossy(line.as_bytes());
            for hop in line.rsplit(',') {
                if !self.trusts(client) {
                    return Ok(client);
                }
                client = header.read(hop).ok_or_else(|| (client, hop.to_owned()))?;
            }
        }
        Ok(client)
    }

    fn trusts(&self, peer: Peer) -> bool {
        self.trusted_proxy.iter().any(|trusted| match (trusted, peer) {
            (TrustedProxy::Network(network), Peer::Address(address)) => network.contains(&address.to_canonical()),
            (TrustedProxy::Network(network), Peer::Tcp(address)) => network.contains(&address.ip().to_canonical()),
            (TrustedProxy::Unix, Peer::Unix(_)) => true,
            _ => false,
        })
    }
}

impl ForwardedHeader {
    fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::Forwarded => FORWARDED,
        }
    }

    /// Whom one element names, with or without a port.
    fn read(self, element: &str) -> Option<Peer> {
        let element = element.trim();
        if self == Self::Forwarded {
            let forwarded = rfc7239::parse(element).next()?.ok()?;
            let client = forwarded.forwarded_for?;
            let NodeName::Ip(address) = client.name else { return None };
            return Some(match client.port {
                Some(port) => Peer::Tcp(SocketAddr::new(address, port)),
                None => Peer::Address(address),
            });
        }
        let bare = element.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(element);
        match bare.parse() {
            Ok(address) => Some(Peer::Address(address)),
            Err(_) => element.parse().ok().map(Peer::Tcp),
        }
    }
}

/// Whom a header names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A client, and what it connected to.
    Client(Peer, Local),
    /// The proxy itself, as when it asks whether the server is alive, or somebody that it does not know.
    Proxy,
}

/// Reads the header that a connection begins with, and not a byte more.
///
/// # Errors
/// There is no header, it is wrong, or it takes longer than `time`; in words for people.
pub(crate) async fn read_header(socket: &mut Socket, time: Duration) -> io::Result<Named> {
    let header = timeout(time, read(socket)).await;
    let header =
        header.map_err(|_| io::Error::new(io::ErrorKind::TimedOut, format!("none came within {time:?}")))??;
    parse_header(&header).map_err(io::Error::other)
}

async fn read(socket: &mut Socket) -> io::Result<Vec<u8>> {
    let mut header = vec![0; BEGINNING];
    socket.read_exact(&mut header).await?;
    if header == BINARY {
        header.resize(FIXED, 0);
        socket.read_exact(&mut header[BEGINNING..]).await?;
        let length = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
        if length > MAX_BINARY {
            return Err(io::Error::other(format!("it has {length} bytes of addresses, more than {MAX_BINARY}")));
        }
        header.resize(FIXED + length, 0);
        socket.read_exact(&mut header[FIXED..]).await?;
        return Ok(header);
    }
    if !header.starts_with(TEXT) {
        return Err(io::Error::other(format!("the connection begins with {:?}", header.escape_ascii().to_string())));
    }
    // What is behind the line is left for others to read.
    while !header.ends_with(b"\n") {
        let mut next = [0; MAX_TEXT];
        let room = &mut next[header.len()..];
        if room.is_empty() {
            return Err(io::Error::other(format!("its line is longer than {MAX_TEXT} bytes")));
        }
        let count = socket.peek(room).await?;
        let line = room[..count].iter().position(|&byte| byte == b'\n').map_or(count, |end| end + 1);
        let begun = header.len();
        // At least one byte: none is the end, and an error.
        header.resize(begun + line.max(1), 0);
        socket.read_exact(&mut header[begun..]).await?;
    }
    Ok(header)
}

/// Whom a whole header names.
fn parse_header(header: &[u8]) -> Result<Named, String> {
    let client = |source, destination: IpAddr| Named::Client(Peer::Tcp(source), Local::Proxied(destination));
    if header.starts_with(TEXT) {
        let parsed = v1::Header::try_from(header).map_err(|error| format!("it is wrong: {error}"))?;
        return Ok(match parsed.addresses {
            v1::Addresses::Unknown => Named::Proxy,
            v1::Addresses::Tcp4(ip) => {
                client(SocketAddr::from((ip.source_address, ip.source_port)), ip.destination_address.into())
            }
            v1::Addresses::Tcp6(ip) => {
                client(SocketAddr::from((ip.source_address, ip.source_port)), ip.destination_address.into())
            }
        });
    }
    let parsed = v2::Header::try_from(header).map_err(|error| format!("it is wrong: {error}"))?;
    match (parsed.command, parsed.protocol, parsed.addresses) {
        (v2::Command::Local, ..) | (_, _, v2::Addresses::Unspecified) => Ok(Named::Proxy),
        (_, v2::Protocol::Stream, v2::Addresses::IPv4(ip)) => {
            Ok(client(SocketAddr::from((ip.source_address, ip.source_port)), ip.destination_address.into()))
        }
        (_, v2::Protocol::Stream, v2::Addresses::IPv6(ip)) => {
            Ok(client(SocketAddr::from((ip.source_address, ip.source_port)), ip.destination_address.into()))
        }
        (_, v2::Protocol::Stream, v2::Addresses::Unix(_)) => Ok(Named::Client(Peer::Unix(None), Local::Unix)),
        _ => Err("it is not about a stream".to_owned()),
    }
}

/// Whether bytes are a whole header of the PROXY protocol: for fuzz targets.
pub fn is_proxy_header(bytes: &[u8]) -> bool {
    parse_header(bytes).is_ok()
}

/// Whether what a client sent begins as a header does.
pub(crate) fn begins_as_header(unread: &[u8]) -> bool {
    // HTTP skips empty lines in front of a request.
    unread.starts_with(TEXT) || unread.trim_ascii_start().starts_with(BINARY.trim_ascii_start())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&BINARY[..], &[command, family], &length, addresses].concat()
    }

    #[test]
    fn headers_of_both_versions_name_the_client_and_what_it_connected_to() {
        let named = Named::Client(
            Peer::Tcp("203.0.113.7:51000".parse().unwrap()),
            Local::Proxied("192.0.2.1".parse().unwrap()),
        );
        assert_eq!(parse_header(b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\r\n"), Ok(named));
        let addresses = [203, 0, 113, 7, 192, 0, 2, 1, 0xc7, 0x38, 1, 187];
        assert_eq!(parse_header(&binary(0x21, 0x11, &addresses)), Ok(named));
        // With a value behind the addresses: PP2_TYPE_AUTHORITY.
        assert_eq!(parse_header(&binary(0x21, 0x11, &[&addresses[..], &[2, 0, 1, b'x']].concat())), Ok(named));
        let named = Named::Client(
            Peer::Tcp("[2001:db8::7]:51000".parse().unwrap()),
            Local::Proxied("2001:db8::1".parse().unwrap()),
        );
        assert_eq!(parse_header(b"PROXY TCP6 2001:db8::7 2001:db8::1 51000 443\r\n"), Ok(named));
    }

    #[test]
    fn what_a_proxy_says_of_itself_or_does_not_know_names_the_proxy() {
        for header in [
            b"PROXY UNKNOWN\r\n".to_vec(),
            b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n".to_vec(),
            binary(0x20, 0x00, b""),
            binary(0x20, 0x11, &[203, 0, 113, 7, 192, 0, 2, 1, 0, 1, 0, 2]),
            binary(0x21, 0x00, b""),
        ] {
            assert_eq!(parse_header(&header), Ok(Named::Proxy), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn a_wrong_header_is_none() {
        for header in [
            b"PROXY TCP4 203.0.113.7 192.0.2.1 51000\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 99999\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::7 192.0.2.1 51000 443\r\n".to_vec(),
            b"PROXY TCP4 203.0.113.7 192.0.2.1 51000 443\n".to_vec(),
            b"PROXY UDP4 203.0.113.7 192.0.2.1 51000 443\r\n".to_vec(),
            binary(0x31, 0x11, &[0; 12]),
            binary(0x22, 0x11, &[0; 12]),
            binary(0x21, 0x12, &[0; 12]),
            binary(0x21, 0x11, &[0; 11]),
            binary(0x21, 0x31, &[0; 12]),
        ] {
            assert!(parse_header(&header).is_err(), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn trusted_proxies_are_addresses_networks_and_unix_sockets() {
        let of = |words: &[&str]| ProxySettings {
            proxy_protocol: true,
            forwarded_header: None,
            trusted_proxy: words.iter().map(|word| word.parse().unwrap()).collect(),
        };
        let tcp = |text: &str| Peer::Tcp(text.parse().unwrap());
        let settings = of(&["10.0.0.0/8", "2001:db8::1"]);
        for trusted in ["10.1.2.3:1", "[::ffff:10.1.2.3]:1", "[2001:db8::1]:1"] {
            assert!(settings.expects_header(tcp(trusted)), "{trusted}");
        }
        assert!(!settings.expects_header(tcp("11.0.0.1:1")) && !settings.expects_header(tcp("127.0.0.1:1")));
        assert!(!settings.expects_header(Peer::Unix(Some(1))) && of(&["unix"]).expects_header(Peer::Unix(None)));
        let usual = ProxySettings { proxy_protocol: true, ..ProxySettings::default() };
        assert!(usual.expects_header(tcp("127.8.0.1:1")) && usual.expects_header(tcp("[::1]:1")));
        assert!(usual.expects_header(Peer::Unix(None)) && !usual.expects_header(tcp("10.0.0.1:1")));
        assert!("10.0.0.0/33".parse::<TrustedProxy>().is_err() && "proxy.example".parse::<TrustedProxy>().is_err());
    }

    fn client(header: ForwardedHeader, lines: &[&'static str]) -> Result<String, (String, String)> {
        let settings = ProxySettings {
            forwarded_header: Some(header),
            trusted_proxy: ["127.0.0.1", "10.0.0.0/8"].map(|word| word.parse().unwrap()).into(),
            ..ProxySettings::default()
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header.name(), HeaderValue::from_static(line));
        }
        let found = settings.client(Peer::Tcp("127.0.0.1:1".parse().unwrap()), &headers);
        found.map(|client| client.to_string()).map_err(|(client, wrong)| (client.to_string(), wrong))
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxy_is_the_client() {
        for (lines, named) in [
            (&["203.0.113.7"][..], "203.0.113.7"),
            (&["203.0.113.7:5100"], "203.0.113.7:5100"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["[2001:db8::7]:5100"], "[2001:db8::7]:5100"),
            (&["203.0.113.7, 10.0.0.1,10.0.0.2"], "203.0.113.7"),
            // What a client has made up stands in front of what its proxy knows.
            (&["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
            (&["127.0.0.1, 203.0.113.7, 10.0.0.1"], "203.0.113.7"),
            (&["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7", "10.0.0.1"], "203.0.113.7"),
            (&["!, 203.0.113.7"], "203.0.113.7"),
            (&["10.0.0.1"], "10.0.0.1"),
            (&[], "127.0.0.1:1"),
        ] {
            assert_eq!(client(ForwardedHeader::XForwardedFor, lines), Ok(named.to_owned()), "{lines:?}");
        }
        for (lines, named) in [
            (&["for=203.0.113.7;proto=https;by=10.0.0.1"][..], "203.0.113.7"),
            (&[r#"proto=http;For="[2001:db8::7]:5100""#], "[2001:db8::7]:5100"),
            (&["for=198.51.100.1, for=203.0.113.7, for=10.0.0.1"], "203.0.113.7"),
            // An open quote of the client's swallows nothing of what its proxy adds.
            (&[r#"for=", for=203.0.113.7"#], "203.0.113.7"),
        ] {
            assert_eq!(client(ForwardedHeader::Forwarded, lines), Ok(named.to_owned()), "{lines:?}");
        }
    }

    #[test]
    fn behind_what_cannot_be_read_the_last_known_proxy_stays() {
        for (line, known, wrong) in [
            ("unknown", "127.0.0.1:1", "unknown"),
            ("203.0.113.7, x, 10.0.0.1", "10.0.0.1", " x"),
            ("203.0.113.7,", "127.0.0.1:1", ""),
            ("203.0.113.777", "127.0.0.1:1", "203.0.113.777"),
        ] {
            let expected = Err((known.to_owned(), wrong.to_owned()));
            assert_eq!(client(ForwardedHeader::XForwardedFor, &[line]), expected);
        }
        for line in ["for=unknown", "for=_hidden", "proto=https", "203.0.113.7", "for=203.0.113.777"] {
            let expected = Err(("127.0.0.1:1".to_owned(), line.to_owned()));
            assert_eq!(client(ForwardedHeader::Forwarded, &[line]), expected);
        }
    }
}
