//! From a plan to an open WebSocket: the name's addresses, TCP, a proxy, TLS, the handshake. Each step reports what came of
//! it. A name is resolved once, each of its addresses is checked, and only those are connected to.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    thread,
    time::Duration,
};

use bytes::BytesMut;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::{Semaphore, mpsc::UnboundedSender, oneshot},
    time::{Instant, timeout_at},
};
use tokio_rustls::TlsConnector;
use tokio_socks::{TargetAddr, tcp::Socks5Stream};
use wire::relay::{Cause, Event};

use super::{
    failure::Failure,
    host::Host,
    plan::{Plan, Proxy, ProxyKind},
    target::Rules,
    upgrade::{self, Terms},
    url::{Endpoint, Server, SocketPath},
};
use crate::{socket::Socket, write_timeout::WriteTimeout};

/// How many names are resolved at once at the most; the system's resolver takes a thread for each, up to half a minute.
const RESOLVERS: usize = 16;

/// Most addresses of a name that are tried.
const MAX_ADDRESSES: usize = 8;

/// What a WebSocket to another server goes over.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Io for S {}

/// An open WebSocket, before its first frame.
pub(crate) struct Far {
    pub(crate) stream: Box<dyn Io>,
    pub(crate) read_ahead: BytesMut,
    /// The head of the request, as it was sent.
    pub(crate) request: String,
    pub(crate) terms: Terms,
}

/// What all connections of a relay use to connect.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    resolvers: Arc<Semaphore>,
}

impl Default for Dialer {
    fn default() -> Self {
        Self { resolvers: Arc::new(Semaphore::new(RESOLVERS)) }
    }
}

/// What a step of the way needs to know.
struct Way<'way> {
    dialer: &'way Dialer,
    rules: Rules<'way>,
    write_timeout: Duration,
    deadline: Instant,
    events: &'way UnboundedSender<Event>,
}

impl Dialer {
    /// Opens the WebSocket; messages of `threshold` bytes and more may be compressed. Events go to `events` as they happen.
    pub(crate) async fn dial(
        &self,
        plan: &Plan,
        rules: Rules<'_>,
        (threshold, write_timeout): (usize, Duration),
        events: &UnboundedSender<Event>,
    ) -> Result<Far, Failure> {
        let deadline = Instant::now() + plan.open_timeout;
        let way = Way { dialer: self, rules, write_timeout, deadline, events };
        let mut stream = match (&plan.server, &plan.proxy) {
            (Server::Unix(path), _) => way.connect_to_socket(path).await?,
            (Server::Tcp(server), None) => way.connect(server).await?,
            (Server::Tcp(server), Some(proxy)) => {
                let stream = way.connect(&proxy.endpoint).await?;
                way.in_time("the proxy's answer", through(proxy, server, stream)).await?
            }
        };
        if let (Some(tls), Server::Tcp(server)) = (&plan.tls, &plan.server) {
            let before = Instant::now();
            let name = server_name(&server.host)?;
            let connector = TlsConnector::from(Arc::clone(&tls.config));
            let secured = async {
                let secured = connector.connect(name, stream).await;
                secured.map_err(|error| Failure::of_tls(&error, tls.is_self_signed()))
            };
            let secured = way.in_time("the TLS handshake", secured).await?;
            let session = secured.get_ref().1;
            way.report(Event::Secured {
                us: micros(before),
                version: session.protocol_version().map_or_else(String::new, |version| format!("{version:?}")),
                cipher: session
                    .negotiated_cipher_suite()
                    .map_or_else(String::new, |suite| format!("{:?}", suite.suite())),
            });
            stream = Box::new(secured);
        }
        way.shake_hands(plan, stream, threshold).await
    }
}

impl Way<'_> {
    /// Nobody may listen any more; then this future is dropped soon.
    fn report(&self, event: Event) {
        let _ = self.events.send(event);
    }

    async fn in_time<T>(&self, what: &str, step: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let late = |_| Failure::new(Cause::TimedOut, format!("waited too long for {what}"));
        timeout_at(self.deadline, step).await.map_err(late)?
    }

    /// A TCP connection to one of the host's addresses.
    async fn connect(&self, Endpoint { host, port }: &Endpoint) -> Result<Box<dyn Io>, Failure> {
        let before = Instant::now();
        let addresses = match host {
            Host::Address(address) => vec![*address],
            Host::Name(name) => self.in_time("the name's addresses", self.dialer.resolve(name.clone())).await?,
        };
        let mut last = Failure::new(Cause::NameNotFound, format!("{host} has no address"));
        let mut allowed = Vec::new();
        for address in addresses {
            match self.rules.check_address(host, address, *port) {
                Ok(()) => allowed.push(address),
                Err(forbidden) => last = Failure::new(Cause::NotAllowed, forbidden),
            }
        }
        allowed.truncate(MAX_ADDRESSES);
        if let (Host::Name(_), false) = (host, allowed.is_empty()) {
            let addresses = allowed.iter().map(IpAddr::to_string).collect();
            self.report(Event::Resolved { us: micros(before), addresses });
        }
        let before = Instant::now();
        for address in allowed {
            let address = SocketAddr::new(address, *port);
            let connected =
                async { TcpStream::connect(address).await.map_err(|error| Failure::of_connect(&error, address)) };
            match self.in_time(&format!("a connection to {address}"), connected).await {
                Ok(stream) => {
                    // Answers are written whole, so waiting for more to send (Nagle) would only delay them.
                    let _ = stream.set_nodelay(true);
                    self.report(Event::Connected { us: micros(before), address: address.to_string() });
                    return Ok(Box::new(WriteTimeout::new(Socket::from(stream), self.write_timeout)));
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }

    #[cfg(unix)]
    async fn connect_to_socket(&self, path: &SocketPath) -> Result<Box<dyn Io>, Failure> {
        let address = format!("unix:{path}");
        let before = Instant::now();
        let connecting = tokio::net::UnixStream::connect(path);
        let connected = async { connecting.await.map_err(|error| Failure::of_connect(&error, &address)) };
        let stream = self.in_time(&format!("a connection to {address}"), connected).await?;
        self.report(Event::Connected { us: micros(before), address });
        Ok(Box::new(WriteTimeout::new(Socket::from(stream), self.write_timeout)))
    }

    #[cfg(not(unix))]
    async fn connect_to_socket(&self, path: &SocketPath) -> Result<Box<dyn Io>, Failure> {
        Err(Failure::new(Cause::Unreachable, format!("unix:{path}: this system has no Unix sockets")))
    }

    async fn shake_hands(&self, plan: &Plan, mut stream: Box<dyn Io>, threshold: usize) -> Result<Far, Failure> {
        let before = Instant::now();
        let key = upgrade::key();
        let request = upgrade::request(plan, &key);
        let mut response =
            self.in_time("the answer to the handshake", upgrade::exchange(&mut stream, &request)).await?;
        let us = micros(before);
        let body = match response.status {
            101 => String::new(),
            _ => timeout_at(self.deadline, upgrade::body(&mut stream, &mut response)).await.unwrap_or_default(),
        };
        self.report(Event::Responded { us, status: response.status, headers: response.headers.clone(), body });
        let terms = upgrade::check(plan, &key, &response, threshold)?;
        let Terms { subprotocol, extensions, .. } = &terms;
        self.report(Event::Opened { subprotocol: subprotocol.clone(), extensions: extensions.clone() });
        Ok(Far { stream, read_ahead: response.rest, request, terms })
    }
}

impl Dialer {
    /// The addresses of a name. `localhost` and what is below it is this machine whatever the resolver says
    /// ([RFC 6761, 6.3](https://www.rfc-editor.org/rfc/rfc6761#section-6.3)).
    async fn resolve(&self, name: String) -> Result<Vec<IpAddr>, Failure> {
        if name == "localhost" || name.ends_with(".localhost") {
            return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        let failed = |name: &str, error: io::Error| Failure::new(Cause::NameNotFound, format!("{name}: {error}"));
        let Ok(permit) = Arc::clone(&self.resolvers).acquire_owned().await else { return Ok(Vec::new()) };
        let (sender, resolved) = oneshot::channel();
        let asked = name.clone();
        let resolve = move || {
            let addresses = (asked.as_str(), 0).to_socket_addrs();
            // Nobody listens any more where the page has left meanwhile.
            let _ = sender.send(addresses.map(|addresses| addresses.map(|address| address.ip()).collect()));
            drop(permit);
        };
        let started = thread::Builder::new().name("canyon-resolver".to_owned()).spawn(resolve);
        started.map_err(|error| failed(&name, error))?;
        let addresses: io::Result<Vec<IpAddr>> = resolved.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let mut addresses = addresses.map_err(|error| failed(&name, error))?;
        addresses.dedup();
        Ok(addresses)
    }
}

/// Has a proxy connect to the server.
async fn through(proxy: &Proxy, server: &Endpoint, mut stream: Box<dyn Io>) -> Result<Box<dyn Io>, Failure> {
    let failed = |sentence: String| Failure::new(Cause::Proxy, sentence);
    match proxy.kind {
        ProxyKind::Http => {
            let target = format!("{}:{}", server.host, server.port);
            let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
            if let Some(credentials) = &proxy.credentials {
                request += &format!("Proxy-Authorization: {}\r\n", credentials.basic());
            }
            let response = upgrade::exchange(&mut stream, &(request + "\r\n")).await;
            let response = response.map_err(|failure| failed(failure.evidence))?;
            match response.status {
                200..=299 if response.rest.is_empty() => Ok(stream),
                200..=299 => Err(failed("the proxy sent more than the head of its answer".to_owned())),
                status => Err(failed(format!("the proxy answered CONNECT with status {status}"))),
            }
        }
        ProxyKind::Socks5 => {
            let target = match &server.host {
                Host::Address(address) => TargetAddr::Ip(SocketAddr::new(*address, server.port)),
                Host::Name(name) => TargetAddr::Domain(name.as_str().into(), server.port),
            };
            let connected = match &proxy.credentials {
                None => Socks5Stream::connect_with_socket(stream, target).await,
                Some(own) => {
                    Socks5Stream::connect_with_password_and_socket(stream, target, &own.user, &own.password).await
                }
            };
            Ok(connected.map_err(|error| failed(format!("the proxy: {error}")))?.into_inner())
        }
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, Failure> {
    match host {
        Host::Address(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => ServerName::try_from(name.clone()).map_err(|error| Failure::new(Cause::Request, error)),
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}
