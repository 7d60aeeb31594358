//! Canyon's server: accepts connections, answers HTTP, and hands WebSockets to the behaviour that their URL names.
//!
//! [`serve`] is the whole of it; it never reads arguments or signals, and never installs a logger: that is
//! `main`'s.
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

mod accept;
mod behaviour;
mod config;
mod fragment;
mod handshake;
mod http;
mod linger;
mod listen;
mod message_log;
mod page;
mod session;

pub use accept::serve;
pub use config::Config;
pub use listen::{BindError, bind};
