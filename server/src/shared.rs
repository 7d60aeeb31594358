//! What all connections of a server share.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicUsize},
};

use hyper::StatusCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use wire::ByteSize;

use crate::{
    budget::{self, Budget},
    config::{Config, bytes},
    counter::Counter,
    faults::Faults,
    http::{admission::Admission, attempts::Attempts},
    inspect::{Inspect, Recorder},
    keep_alive::PingTimes,
    limit::Reached,
    message_log::MessageLog,
    protocol::{self, deflate::DeflateConfig},
    relay::{dial::Dialer, open::Relay},
    rooms::Rooms,
    shutdown::Shutdown,
    traffic::Traffic,
};

/// One server's settings, counters and signals.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) admission: Arc<Admission>,
    pub(crate) budget: Arc<Budget>,
    pub(crate) inspect: Inspect,
    pub(crate) attempts: Attempts,
    pub(crate) rooms: Arc<Rooms>,
    pub(crate) traffic: Arc<Traffic>,
    pub(crate) log: MessageLog,
    pub(crate) totals: Totals,
    pub(crate) shutdown: Shutdown,
    /// How many workers have failed or do not answer.
    pub(crate) failed_workers: AtomicUsize,
    pub(crate) faults: Faults,
    /// Present if it is open.
    pub(crate) relay: Option<Relay>,
    /// What connections to other servers share.
    pub(crate) dialer: Dialer,
    /// Where TLS is spoken, if anywhere.
    pub(crate) tls_port: Option<u16>,
}

/// What happened since the server started.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// WebSockets that were opened.
    pub(crate) opened: Counter,
    /// Connections that ended in a panic.
    pub(crate) panics: Counter,
    /// Threads of workers that were started again because they had ended.
    pub(crate) restarts: Counter,
    /// Connections that a limit has ended.
    pub(crate) limits: Reached,
    /// Refused requests by status and reason.
    refusals: Mutex<BTreeMap<(u16, &'static str), u64>>,
    /// Text and binary messages that were answered, on WebSockets that have ended.
    pub(crate) received: Counter,
    /// Text and binary messages of which their sockets took the last frame's header, on the same.
    pub(crate) sent: Counter,
}

impl Totals {
    pub(crate) fn count_refusal(&self, status: StatusCode, reason: &'static str) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        *refusals.entry((status.as_u16(), reason)).or_default() += 1;
    }

    /// How many requests were refused, by status and reason.
    pub(crate) fn refusals(&self) -> BTreeMap<(u16, &'static str), u64> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Shared {
    #[cfg(test)]
    pub(crate) fn new(config: Config) -> Self {
        Self::recording(config, None)
    }

    /// What a server begins with; `recorder` records its wire.
    pub(crate) fn recording(config: Config, recorder: Option<Recorder>) -> Self {
        let memory = config.limits.max_memory.map_or_else(budget::default_limit, ByteSize::as_u64);
        let budget = Arc::new(Budget::new(memory));
        Self {
            admission: Arc::new(Admission::new(&config.limits, memory)),
            inspect: Inspect::new(&budget, memory, recorder),
            rooms: Arc::new(Rooms::new(bytes(config.limits.max_write_buffer), &budget)),
            budget,
            attempts: Attempts::default(),
            traffic: Arc::default(),
            relay: Relay::new(&config.relay),
            dialer: Dialer::default(),
            config,
            log: MessageLog::default(),
            totals: Totals::default(),
            shutdown: Shutdown::default(),
            failed_workers: AtomicUsize::new(0),
            faults: Faults::default(),
            tls_port: None,
        }
    }

    pub(crate) fn frame_limits(&self) -> protocol::Limits {
        let limits = &self.config.limits;
        protocol::Limits {
            message: limits.max_message_size.as_u64(),
            fragments: u32::try_from(limits.max_fragments.get()).unwrap_or(u32::MAX),
        }
    }

    /// What may be agreed on compression, if anything: nothing while memory is to be saved.
    pub(crate) fn deflate(&self) -> Option<DeflateConfig> {
        if self.budget.is_near() { None } else { self.config.compression.deflate() }
    }

    pub(crate) fn ping_times(&self) -> PingTimes {
        let limits = &self.config.limits;
        PingTimes { interval: *limits.ping_interval, timeout: *limits.ping_timeout }
    }

    /// Counts a panic that ended a connection.
    pub(crate) fn count_panic(&self) {
        self.totals.panics.add(1);
        tracing::error!("a connection ended in a panic; the others go on");
    }
}

/// The close frame of a server that shuts down.
pub(crate) fn going_away() -> CloseFrame {
    CloseFrame { code: CloseCode::Away, reason: "server is shutting down".into() }
}

/// The close frame for a peer that is given up.
pub(crate) fn keep_alive_timeout() -> CloseFrame {
    CloseFrame { code: CloseCode::Error, reason: "keepalive ping timeout".into() }
}

/// The close frame for the connections of a worker that has failed.
pub(crate) fn internal_error() -> CloseFrame {
    CloseFrame { code: CloseCode::Error, reason: "internal error".into() }
}
