//! From an address, or a host and a port, to listening sockets.

#[cfg(unix)]
pub(crate) mod unix;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    path::PathBuf,
    str::FromStr,
    task::{Context, Poll},
    thread,
};

use socket2::SockRef;
use tokio::{net::TcpListener, sync::oneshot};

use crate::{
    peer::{Local, Peer},
    socket::Socket,
};

/// How many clients that connect at once wait to be accepted at the most; the system may allow fewer. Beyond it Linux
/// answers nobody, and a client tries again after a second.
const BACKLOG: i32 = 1024;

/// How often a free port is picked again when another address of the same host already has it.
const PICKS: usize = 16;

/// Why there are no listening sockets.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The host has no address; try another name or an address.
    #[error("host {host:?} does not resolve to an address")]
    Unresolved {
        /// The host as it was given.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
    /// The address cannot be listened on; try another port, or 0 for a free one.
    #[error("cannot listen on {address}")]
    Unavailable {
        /// The address that failed.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The Unix socket cannot be made; its folder must be there and writable.
    #[error("cannot listen on the Unix socket {}", .path.display())]
    Unix {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server is running; stop it, or choose another path.
    #[error("cannot listen on the Unix socket {}: another server listens there", .0.display())]
    UnixInUse(PathBuf),
    /// Remove the file, or choose another path.
    #[error("cannot listen on the Unix socket {}: there is a file that is no socket", .0.display())]
    NoSocket(PathBuf),
}

/// Where a server listens: `localhost:9000`, `[::1]:9000`, or `unix:/run/canyon.sock`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// Every address of a host, with this port; 0 picks a free one.
    Tcp {
        /// A name or an address.
        host: String,
        /// The same for all addresses.
        port: u16,
    },
    /// A Unix socket with this path.
    Unix(PathBuf),
}

impl FromStr for ListenAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const WRONG: &str = "must be a host and a port, as localhost:9000 or [::1]:9000, or unix:/run/canyon.sock";
        let text = text.trim();
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err(WRONG),
                _ if cfg!(unix) => Ok(Self::Unix(path.into())),
                _ => Err("this system has no Unix sockets"),
            };
        }
        let (host, port) = text.rsplit_once(':').ok_or(WRONG)?;
        let is_bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains(':') && !is_bracketed) {
            return Err(WRONG);
        }
        Ok(Self::Tcp { host: host.to_owned(), port: port.parse().map_err(|_| WRONG)? })
    }
}

/// A socket that a server listens on.
#[derive(Debug)]
pub enum ListeningSocket {
    /// TCP.
    Tcp(TcpListener),
    /// A Unix socket.
    #[cfg(unix)]
    Unix(unix::UnixSocket),
}

impl From<TcpListener> for ListeningSocket {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl ListeningSocket {
    /// Its address, if it is TCP.
    pub fn tcp_address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            Self::Unix(_) => None,
        }
    }

    pub(crate) fn local(&self) -> Option<Local> {
        match self {
            Self::Tcp(listener) => Some(Local::Address(listener.local_addr().ok()?.ip())),
            #[cfg(unix)]
            Self::Unix(_) => Some(Local::Unix),
        }
    }

    /// Sets the size of the system's buffer for what its connections send. Where the system refuses it, its own choice works
    /// as well.
    pub(crate) fn set_send_buffer(&self, bytes: usize) {
        let _ = match self {
            Self::Tcp(listener) => SockRef::from(listener).set_send_buffer_size(bytes),
            #[cfg(unix)]
            Self::Unix(socket) => SockRef::from(&socket.listener).set_send_buffer_size(bytes),
        };
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(Socket, Peer)>> {
        match self {
            Self::Tcp(listener) => {
                listener.poll_accept(cx).map_ok(|(stream, address)| (stream.into(), Peer::Tcp(address)))
            }
            #[cfg(unix)]
            Self::Unix(socket) => socket.listener.poll_accept(cx).map_ok(|(stream, _)| {
                let process = stream.peer_cred().ok().and_then(|peer| peer.pid());
                (stream.into(), Peer::Unix(process))
            }),
        }
    }
}

/// Listens on every address of `host`, all with the same port; port 0 picks a free one.
///
/// `localhost` is 127.0.0.1 and ::1 whatever the resolver says
/// ([RFC 6761, 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)); an address family that the machine does not
/// have is left out.
pub async fn bind(host: &str, port: u16) -> Result<Vec<TcpListener>, BindError> {
    let addresses = addresses(host).await?;
    let mut picks = PICKS;
    loop {
        match bind_all(&addresses, port).await {
            Err(BindError::Unavailable { source, .. })
                if port == 0 && picks > 0 && source.kind() == io::ErrorKind::AddrInUse =>
            {
                picks -= 1;
            }
            result => return result,
        }
    }
}

async fn addresses(host: &str) -> Result<Vec<IpAddr>, BindError> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let unresolved = |source| BindError::Unresolved { host: host.to_owned(), source };
    // Square brackets are how an IPv6 address is written in a URL, so people type them.
    let name = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let mut addresses = resolve(name.to_owned()).await.map_err(unresolved)?;
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() {
        return Err(unresolved(io::Error::other("no address")));
    }
    Ok(addresses)
}

/// Asks the resolver on a thread of its own; tokio's way panics where there is none.
async fn resolve(name: String) -> io::Result<Vec<IpAddr>> {
    let (sender, resolved) = oneshot::channel();
    let resolve = move || Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect());
    // Nobody listens any more where the program ends meanwhile.
    thread::Builder::new().name("canyon-resolver".to_owned()).spawn(move || drop(sender.send(resolve())))?;
    resolved.await.map_err(io::Error::other)?
}

async fn bind_all(addresses: &[IpAddr], mut port: u16) -> Result<Vec<TcpListener>, BindError> {
    let mut listeners = Vec::new();
    let mut missing = None;
    for &ip in addresses {
        let address = SocketAddr::new(ip, port);
        match TcpListener::bind(address).await {
            Ok(listener) => {
                // tokio's own is 128. Where the system refuses another, that works as well.
                let _ = SockRef::from(&listener).listen(BACKLOG);
                port = listener.local_addr().map_or(port, |address| address.port());
                listeners.push(listener);
            }
            Err(source) if is_missing_family(&source) => missing = Some(BindError::Unavailable { address, source }),
            Err(source) => return Err(BindError::Unavailable { address, source }),
        }
    }
    match missing {
        Some(error) if listeners.is_empty() => Err(error),
        _ => Ok(listeners),
    }
}

/// Whether the machine has no such address at all, as IPv6 on a machine where it is switched off.
fn is_missing_family(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no stable `ErrorKind`: 97 on Linux, 47 on macOS and the BSDs, WSAEAFNOSUPPORT 10047 on Windows.
    error.kind() == io::ErrorKind::AddrNotAvailable || matches!(error.raw_os_error(), Some(97 | 47 | 10047))
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::{net::TcpStream, time::Duration};

    use super::*;

    /// Nobody accepts here. Who does not fit into the backlog would be tried again after 1 s, and then after 2 s.
    #[tokio::test]
    async fn many_clients_may_connect_at_once() {
        let allowed: usize = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
        for listener in bind("localhost", 0).await.unwrap() {
            let address = listener.local_addr().unwrap();
            let clients: Result<Vec<_>, _> =
                (0..allowed.min(300)).map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(10))).collect();
            clients.unwrap();
        }
    }
}
