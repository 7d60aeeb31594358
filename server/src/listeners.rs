//! From the command line, or from the service manager, to the sockets that are listened on.

use std::{iter, sync::Arc};

use anyhow::{bail, ensure};
use server::{ListenAddress, Listeners, ListeningSocket, Tls};

use crate::systemd;

/// Where the command line says to listen.
pub(crate) struct Addresses<'arguments> {
    pub(crate) host: &'arguments str,
    pub(crate) port: u16,
    /// Instead of host and port, if there are any.
    pub(crate) listen: &'arguments [ListenAddress],
    pub(crate) unix_mode: u32,
    pub(crate) tls_port: u16,
}

impl Addresses<'_> {
    /// The names and addresses that are listened on.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &str> {
        let listen = self.listen.iter().filter_map(|address| match address {
            ListenAddress::Tcp { host, .. } => Some(host.as_str()),
            ListenAddress::Unix(_) => None,
        });
        iter::once(self.host).chain(listen)
    }
}

/// Listens, on sockets of the service manager if it hands some over; and says on what, for `ws://`.
pub(crate) async fn listen(
    on: &Addresses<'_>,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<(Listeners, Vec<ListenAddress>)> {
    let handed_over = systemd::sockets()?;
    if !handed_over.is_empty() {
        return take_over(handed_over, on, tls);
    }
    let by_host = [ListenAddress::Tcp { host: on.host.to_owned(), port: on.port }];
    let (mut plain, mut started) = (Vec::new(), Vec::new());
    for address in if on.listen.is_empty() { &by_host } else { on.listen } {
        match address {
            ListenAddress::Tcp { host, port } => {
                let sockets = server::bind(host, *port).await?;
                let port = sockets[0].local_addr()?.port();
                started.push(ListenAddress::Tcp { host: host.clone(), port });
                plain.extend(sockets.into_iter().map(ListeningSocket::from));
            }
            #[cfg(unix)]
            ListenAddress::Unix(path) => {
                plain.push(ListeningSocket::Unix(server::bind_unix(path, on.unix_mode)?));
                started.push(address.clone());
            }
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => bail!("this system has no Unix sockets"),
        }
    }
    let tls = match tls {
        Some(tls) => Some((server::bind(on.host, on.tls_port).await?, tls)),
        None => None,
    };
    Ok((Listeners { plain, tls }, started))
}

/// Listens on sockets that were opened before. TLS is spoken on those that have its port.
fn take_over(
    sockets: Vec<ListeningSocket>,
    on: &Addresses<'_>,
    tls: Option<Arc<Tls>>,
) -> anyhow::Result<(Listeners, Vec<ListenAddress>)> {
    let (mut plain, mut for_tls, mut started) = (Vec::new(), Vec::new(), Vec::new());
    let mut port = None;
    for socket in sockets {
        match socket {
            ListeningSocket::Tcp(socket) if tls.is_some() && socket.local_addr()?.port() == on.tls_port => {
                for_tls.push(socket);
            }
            ListeningSocket::Tcp(socket) => {
                port = port.or(Some(socket.local_addr()?.port()));
                plain.push(socket.into());
            }
            #[cfg(unix)]
            ListeningSocket::Unix(socket) => {
                started.extend(socket.path().map(ListenAddress::Unix));
                plain.push(ListeningSocket::Unix(socket));
            }
        }
    }
    started.extend(port.map(|port| ListenAddress::Tcp { host: on.host.to_owned(), port }));
    let tls_port = on.tls_port;
    ensure!(
        !plain.is_empty(),
        "all sockets of the service manager have the port of --tls-port, {tls_port}: one must have another"
    );
    let tls = match tls {
        Some(_) if for_tls.is_empty() => {
            bail!("no socket of the service manager has the port of --tls-port, {tls_port}")
        }
        Some(tls) => Some((for_tls, tls)),
        None => None,
    };
    Ok((Listeners { plain, tls }, started))
}
