//! What every test needs: a server, a client that speaks WebSocket, and one that speaks anything.

pub mod certificate;
mod client;
pub mod peer;
pub mod program;
mod server;
#[cfg(unix)]
mod unix_server;

use std::time::Duration;

pub use certificate::Certificate;
pub use client::Client;
pub use peer::Peer;
pub use program::Program;
pub use server::TestServer;
#[cfg(unix)]
pub use unix_server::UnixServer;

/// How long anything that must happen may take; far more than it needs, so that only a fault runs into it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Awaits something that must happen.
pub async fn within<F: IntoFuture>(what: &str, future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("waited {PATIENCE:?} for {what}"))
}
