//! What all connections share. Never does anything by itself.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{config::Config, http::admission::Admission, message_log::MessageLog, shutdown};

/// One server's settings, counters and signals.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) admission: Arc<Admission>,
    pub(crate) log: MessageLog,
    pub(crate) totals: Totals,
    pub(crate) phase: Arc<shutdown::ShutdownPhase>,
}

/// What happened since the server started.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// WebSockets that were opened.
    pub(crate) opened: Counter,
    /// Connections that ended in a panic.
    pub(crate) panics: Counter,
    /// Text and binary messages that were answered, on WebSockets that have ended.
    pub(crate) received: Counter,
    /// Text and binary messages of which their sockets took the last frame's header, on the same.
    pub(crate) sent: Counter,
}

/// A count that only grows, and that many tasks add to.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Shared {
    pub(crate) fn new(config: Config) -> Self {
        let limits = &config.limits;
        Self {
            admission: Arc::new(Admission::new(limits.max_connections, limits.max_connections_per_address)),
            config,
            log: MessageLog::default(),
            totals: Totals::default(),
            phase: Arc::default(),
        }
    }
}
