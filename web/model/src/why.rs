//! What the page and the program `web/relay` say to each other about connections that fail or go through Canyon's relay. That
//! program knows the causes and their words.

use serde::{Deserialize, Serialize};

/// An answer to *why did it fail?*
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Why {
    /// A sentence without its full stop.
    pub cause: String,
    /// What shows it, a sentence each.
    pub evidence: Vec<String>,
    /// What to do, in one or two sentences.
    pub advice: String,
    pub certainty: Certainty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Certainty {
    /// The cause is named.
    Found,
    /// Several causes look alike from here.
    Unknown,
}

/// A connection of the browser's own that failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    pub url: String,
    /// That were offered.
    pub subprotocols: Vec<String>,
    /// From the beginning of the handshake to the end, or from the open event to the end.
    pub lasted_ms: f64,
    pub was_open: bool,
    /// Without a message in either direction before the end.
    pub idle_ms: f64,
    /// The code of the close event.
    pub code: u16,
    /// Whether the browser has kept the page in its back/forward cache meanwhile.
    pub was_cached: bool,
}

/// What the relay has told about a connection through it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Told {
    /// For the log.
    Step(String),
    /// The WebSocket is open.
    Opened {
        /// Microseconds of all steps.
        handshake_us: u64,
        /// The one that the server chose, empty for none.
        protocol: String,
        /// The server's `Sec-WebSocket-Extensions`, empty for none.
        extensions: String,
    },
    /// There is no WebSocket, or no longer one.
    Failed {
        /// As the relay words it.
        evidence: String,
        why: Why,
    },
}
