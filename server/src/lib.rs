//! Canyon's server: accepts connections, answers HTTP, and hands WebSockets to the behaviour that their URL names.
//!
//! [`serve`] is the whole of it; arguments, signals and a logger are `main`'s.
//!
//! ```no_run
//! # async fn example() -> Result<(), server::BindError> {
//! let listeners = server::bind("localhost", 0).await?;
//! let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
//! tokio::spawn(server::serve(listeners, server::Config::default(), async { drop(stopped.await) }));
//! # drop(stop);
//! # Ok(())
//! # }
//! ```

mod behaviour;
mod budget;
mod config;
mod connection;
mod counter;
mod engine;
#[cfg(unix)]
mod event_loop;
#[cfg(not(unix))]
#[path = "event_loop/unsupported.rs"]
mod event_loop;
mod faults;
mod feed;
mod http;
mod inspect;
mod keep_alive;
mod limit;
mod linger;
mod listen;
mod message_log;
mod message_timeout;
mod peer;
pub mod protocol;
mod proxy;
mod pulse;
mod relay;
mod rooms;
mod session;
mod shared;
mod shutdown;
mod socket;
mod tls;
mod traffic;
mod transport;
mod workers;
mod write_timeout;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use socket2::Socket;
use tokio::{net::TcpListener, time::timeout};
use tokio_util::task::TaskTracker;

pub use config::{Compression, Config, Limits};
use http::accept::Listener;
pub use http::access::{Access, AccessError, AllowedHost, AllowedOrigin};
pub use http::token::{Subprotocol, SubprotocolError};
pub use inspect::{Recorder, Recording, RecordingError};
#[cfg(unix)]
pub use listen::unix::{UnixSocket, bind_unix};
pub use listen::{BindError, ListenAddress, ListeningSocket, bind};
pub use proxy::{ForwardedHeader, ProxySettings, TrustedProxy, is_proxy_header};
pub use relay::{
    FarUrl, FarUrlError, Gateway, GatewayTrust, OpenRelay, RelaySettings, RelayTarget, RelayTargetError, Token,
    TokenError, is_relay_request,
};
pub use session::{FrameLayer, ReadEnd};
use shared::Shared;
pub use tls::{CertificateError, Tls, TlsError, TlsSettings};
pub use workers::runtime;
use workers::{HEARTBEAT, Workers};

/// How long the end waits for threads to drop their connections. A thread that is stuck never does.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// The sockets that a server listens on.
#[derive(Debug, Default)]
pub struct Listeners {
    /// For `ws://` and `http://`.
    pub plain: Vec<ListeningSocket>,
    /// For `wss://` and `https://`.
    pub tls: Option<(Vec<TcpListener>, Arc<Tls>)>,
}

impl From<Vec<TcpListener>> for Listeners {
    fn from(plain: Vec<TcpListener>) -> Self {
        Self { plain: plain.into_iter().map(ListeningSocket::from).collect(), tls: None }
    }
}

/// A server whose workers are up, and that accepts connections as soon as it runs; until then they wait in the system.
#[derive(Debug)]
pub struct Server {
    listeners: Vec<Listener>,
    reserve: Option<Socket>,
    shared: Arc<Shared>,
    connections: TaskTracker,
    workers: Workers,
}

/// Whether the threads of a server do.
#[derive(Debug, Clone)]
pub struct Health(Arc<Shared>);

impl Health {
    /// Whether all threads that carry WebSockets answer.
    pub fn is_good(&self) -> bool {
        self.0.failed_workers.load(Ordering::Relaxed) == 0
    }
}

/// Starts a server and runs it.
pub async fn serve(listeners: impl Into<Listeners>, config: Config, shutdown: impl Future<Output = ()>) {
    Server::start(listeners, config).run(shutdown).await;
}

impl Server {
    /// Starts the workers, or as many of them as the system allows; the first is the runtime that this is called on.
    pub fn start(listeners: impl Into<Listeners>, config: Config) -> Self {
        Self::start_recording(listeners, config, None)
    }

    /// The same with a [recording](Recording::start) of what happens on the wire.
    pub fn start_recording(listeners: impl Into<Listeners>, config: Config, recorder: Option<Recorder>) -> Self {
        let Listeners { plain, tls } = listeners.into();
        let tls_port = tls.as_ref().and_then(|(sockets, _)| Some(sockets.first()?.local_addr().ok()?.port()));
        let mut listeners: Vec<_> = plain.into_iter().map(|socket| Listener { socket, tls: None }).collect();
        if let Some((sockets, tls)) = tls {
            listeners.extend(
                sockets.into_iter().map(|socket| Listener { socket: socket.into(), tls: Some(Arc::clone(&tls)) }),
            );
        }
        let shared = Arc::new(Shared { tls_port, ..Shared::recording(config, recorder) });
        let connections = TaskTracker::new();
        let workers = Workers::start(&shared, &connections);
        Self { listeners, reserve: http::accept::descriptor(), shared, connections, workers }
    }

    /// What tells how its threads do.
    pub fn health(&self) -> Health {
        Health(Arc::clone(&self.shared))
    }

    /// Serves until `shutdown` comes, and then drains: every client gets its pending answers and close code 1001, who still
    /// asks gets 503, and after at most [`Limits::drain_timeout`] nothing of the server is left.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listeners, reserve, shared, connections, workers } = self;
        let run = async {
            tokio::join!(
                http::accept::run(&listeners, reserve, &shared, &workers, engine::serve),
                workers.supervise(&shared, HEARTBEAT),
                shared.log.run(),
                shared.budget.run(),
                shared.inspect.run()
            );
        };
        let stop = async {
            shutdown.await;
            drain(&shared, &workers, &connections).await;
        };
        tokio::select! {
            () = run => {}
            () = stop => {}
        }
        shared.inspect.end();
        let totals = &shared.totals;
        let (opened, received, sent) = (totals.opened.total(), totals.received.total(), totals.sent.total());
        tracing::info!(
            opened,
            received,
            sent,
            "WebSocket server stopped. Clients: {opened}, messages received: {received}, sent: {sent}"
        );
    }
}

async fn drain(server: &Shared, workers: &Workers, connections: &TaskTracker) {
    let time = server.config.limits.drain_timeout;
    let waiting = connections.len();
    if waiting > 0 {
        tracing::info!(waiting, "WebSocket server is stopping. Clients that have {time} to leave: {waiting}");
    }
    server.shutdown.drain();
    workers.wake();
    connections.close();
    if timeout(*time, connections.wait()).await.is_err() {
        tracing::warn!("cut off, for they did not leave in {time}. Clients: {}", connections.len());
        server.shutdown.close();
        workers.wake();
        if timeout(LAST_WAIT, connections.wait()).await.is_err() {
            tracing::error!("ending although threads do not answer. Clients: {}", connections.len());
        }
    }
}
