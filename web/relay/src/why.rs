//! Why a connection did not open, or ended without a close frame: the cause in words, what shows it, and what to do. From
//! what the browser tells, and from what Canyon's relay finds when it asks the same server.
//!
//! A cause is named only where what is known admits no other; else the text says that it cannot be told.

mod browser;
mod relay;
#[cfg(test)]
mod tests;

use model::why::{Attempt, Certainty, Why};
use wire::relay::Event;

pub use self::browser::permission_name;
pub use self::relay::{of_relay, sentence};

fn found(cause: impl Into<String>, evidence: impl Into<String>, advice: &str) -> Why {
    let advice = advice.to_owned();
    Why { cause: cause.into(), evidence: vec![evidence.into()], advice, certainty: Certainty::Found }
}

fn unknown(cause: impl Into<String>, evidence: Vec<String>, advice: &str) -> Why {
    Why { cause: cause.into(), evidence, advice: advice.to_owned(), certainty: Certainty::Unknown }
}

/// What is known about a connection of the browser's own that failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    pub attempt: Attempt,
    /// `location.origin` of the page.
    pub page_origin: String,
    /// `navigator.onLine`
    pub online: bool,
    /// Of [Local Network Access](https://wicg.github.io/local-network-access/), for the address's kind of host.
    pub local_network: Permission,
    /// The directive of a Content-Security-Policy that the browser has reported when the page asked again.
    pub violated: Option<String>,
    /// Another handshake with the same address and subprotocols.
    pub again: Probe,
    /// One that offers no subprotocol, if the failed one did.
    pub without_subprotocols: Probe,
    /// One with `ws:` for `wss:`, or the reverse.
    pub other_scheme: Probe,
    /// An ordinary request to the address, if it is of the page's own origin: of others browsers tell nothing.
    pub fetched: Fetched,
    /// What the relay found; `None` where there is none.
    pub relay: Option<Vec<Event>>,
}

/// The state of a permission.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Permission {
    /// The browser does not know this permission, or does not need it here.
    #[default]
    NotNeeded,
    Granted,
    Denied,
    /// The person has not answered yet.
    Prompt,
}

/// The outcome of another handshake.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Probe {
    #[default]
    NotTried,
    Opened,
    /// For a reason that browsers hide.
    Failed,
    /// Nothing came back within [`Facts::PATIENCE_MS`].
    Silent,
}

/// The outcome of an ordinary request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fetched {
    #[default]
    NotTried,
    /// With this status.
    Answered(u16),
    Redirected,
    Failed,
}

impl Facts {
    /// How long an answer is waited for.
    pub const PATIENCE_MS: u32 = 5000;

    /// The answer.
    pub fn explain(&self) -> Why {
        self.blocked_by_browser().unwrap_or_else(|| {
            if self.attempt.was_open { self.lost() } else { self.relay_says().unwrap_or_else(|| self.without_relay()) }
        })
    }

    pub fn relay_says(&self) -> Option<Why> {
        let events = self.relay.as_ref()?;
        of_relay(events, !self.attempt.subprotocols.is_empty()).map(|why| self.with_origin(why))
    }

    /// A refusal that the origin explains.
    fn with_origin(&self, mut why: Why) -> Why {
        if why.cause.contains("403") {
            why.evidence.push(format!("The relay sent the same Origin as this page: {}.", self.page_origin));
        }
        why
    }
}
