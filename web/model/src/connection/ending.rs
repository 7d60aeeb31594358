//! How a connection ended, and the texts about it.

use std::fmt;

use crate::connection::close::Meaning;
use crate::data::visible::{Quoted, Visible};
use crate::log::Tone;

const WHERE_TO_LOOK: &str =
    "Browsers hide the reason from pages; the console of the developer tools (F12) may show it.";

/// The fields of a [`CloseEvent`](https://developer.mozilla.org/en-US/docs/Web/API/CloseEvent).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code of the received close frame; 1005 for a frame without a code, 1006 without a frame.
    pub code: u16,
    /// The reason of the received close frame; often empty.
    pub reason: String,
    /// Whether both sides sent a close frame.
    pub was_clean: bool,
}

/// A browser deliberately reports no more than this about a connection that never opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It never opened: nothing listens there, or the handshake failed.
    Refused(Closed),
    ByServer(Closed),
    /// The page closed it, and the server answered the close frame.
    ByPage(Closed),
    /// The page closed it, and the server did not answer the close frame.
    Unanswered,
    /// It ended without a close frame.
    Lost(Closed),
    /// The person cancelled before it opened.
    Cancelled,
    /// The relay did not reach the server, or no longer.
    Through {
        /// As a sentence of the relay.
        evidence: String,
        was_open: bool,
    },
    /// What runs the page's sockets has failed; the server has no part in it.
    WorkerFailed,
}

/// What was requested of a handshake and can be a reason for its failure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HandshakeOptions {
    pub(crate) tls: bool,
    pub(crate) subprotocols: bool,
}

impl Ending {
    /// The code, what it means and what may help. For code 1006 that depends on whether the connection was ever open.
    pub(crate) fn explanation(&self, options: HandshakeOptions) -> Option<String> {
        let code = self.closed()?.code;
        let text = match (self, code) {
            (Self::Refused(_), 1006) => {
                let tls = if options.tls { " The certificate may not be trusted." } else { "" };
                let subprotocols = if options.subprotocols {
                    " The server may have chosen none of the subprotocols, which browsers treat as a failure."
                } else {
                    ""
                };
                format!(
                    "The connection did not open. Nothing listens at this address, the network is down, or the server \
                     or a proxy refused the handshake.{tls}{subprotocols} {WHERE_TO_LOOK}"
                )
            }
            (Self::Lost(_), 1006) => format!(
                "The connection was open and ended without a close frame. The server or a proxy stopped or closed it as \
                 idle, the network failed, or the server violated the protocol, for example with text that is not UTF-8, \
                 and the browser closed it. {WHERE_TO_LOOK}"
            ),
            _ => Meaning::of(code).explanation.to_owned(),
        };
        Some(format!("{code}: {text}"))
    }

    /// For a connection that was open and not being closed.
    pub(crate) fn of_open(closed: Closed) -> Self {
        if closed.was_clean { Self::ByServer(closed) } else { Self::Lost(closed) }
    }

    /// For a connection that the page was closing.
    pub(crate) fn of_closing(closed: Closed) -> Self {
        if closed.was_clean { Self::ByPage(closed) } else { Self::Unanswered }
    }

    /// Not after an end that the person or, with code 1000, the server intended.
    pub(crate) fn allows_reconnect(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Lost(_) | Self::Through { .. } | Self::WorkerFailed => true,
            Self::ByServer(closed) => closed.code != 1000,
            Self::ByPage(_) | Self::Unanswered | Self::Cancelled => false,
        }
    }

    /// Two or three words, for the state line.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Refused(_) | Self::Through { was_open: false, .. } => "Could not connect",
            Self::ByServer(_) => "Closed by server",
            Self::ByPage(_) | Self::Unanswered => "Disconnected",
            Self::Lost(_) | Self::Through { .. } | Self::WorkerFailed => "Connection lost",
            Self::Cancelled => "Cancelled",
        }
    }

    pub fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Refused(closed) | Self::ByServer(closed) | Self::ByPage(closed) | Self::Lost(closed) => Some(closed),
            Self::Unanswered | Self::Cancelled | Self::Through { .. } | Self::WorkerFailed => None,
        }
    }

    pub fn tone(&self) -> Tone {
        match self {
            Self::ByPage(_) | Self::Cancelled => Tone::Neutral,
            Self::ByServer(closed) => Meaning::of(closed.code).tone,
            Self::Unanswered => Tone::Warning,
            Self::Refused(_) | Self::Lost(_) | Self::Through { .. } | Self::WorkerFailed => Tone::Error,
        }
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(closed) => {
                write!(f, "Could not connect: no server there, or it refused the handshake ({closed})")
            }
            Self::ByServer(closed) => write!(f, "Connection closed by server ({closed})"),
            Self::ByPage(closed) => write!(f, "Disconnected by this page ({closed})"),
            Self::Unanswered => f.write_str("Disconnected by this page; the server did not answer the close frame"),
            Self::Lost(closed) => {
                write!(f, "Connection lost: the server or the network failed without a close frame ({closed})")
            }
            Self::Through { evidence, was_open } => {
                let what = if *was_open { "Connection lost" } else { "Could not connect" };
                write!(f, "{what}: {}", Visible(evidence))
            }
            Self::Cancelled => f.write_str("Cancelled before the connection opened"),
            Self::WorkerFailed => f.write_str("Connection lost: the page's socket worker failed"),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}, {}", self.code, Meaning::of(self.code).name)?;
        if !self.reason.is_empty() {
            write!(f, ", reason {}", Quoted(&self.reason))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed(code: u16, reason: &str) -> Closed {
        Closed { code, reason: reason.to_owned(), was_clean: code != 1006 }
    }

    #[test]
    fn every_ending_has_words_of_its_own() {
        for (ending, words) in [
            (
                Ending::Refused(closed(1006, "")),
                "Could not connect: no server there, or it refused the handshake (code 1006, no close frame)",
            ),
            (
                Ending::ByServer(closed(1001, "shutting down")),
                r#"Connection closed by server (code 1001, going away, reason "shutting down")"#,
            ),
            (Ending::ByPage(closed(1000, "")), "Disconnected by this page (code 1000, normal closure)"),
            (Ending::Unanswered, "Disconnected by this page; the server did not answer the close frame"),
            (
                Ending::Lost(closed(1006, "")),
                "Connection lost: the server or the network failed without a close frame (code 1006, no close frame)",
            ),
            (Ending::Cancelled, "Cancelled before the connection opened"),
            (Ending::WorkerFailed, "Connection lost: the page's socket worker failed"),
        ] {
            assert_eq!(ending.to_string(), words);
        }
    }

    #[test]
    fn a_reason_with_control_characters_stays_on_one_line() {
        assert_eq!(closed(4000, "a\n\u{1b}[2J").to_string(), r#"code 4000, application-defined, reason "a␊␛[2J""#);
    }

    #[test]
    fn a_connection_that_never_opened_and_one_that_was_lost_are_explained_differently() {
        let options = |tls, subprotocols| HandshakeOptions { tls, subprotocols };
        let explained = |ending: &Ending, options| ending.explanation(options).unwrap();
        let refused = Ending::Refused(closed(1006, ""));
        assert_eq!(
            explained(&refused, HandshakeOptions::default()),
            "1006: The connection did not open. Nothing listens at this address, the network is down, or the server or a \
             proxy refused the handshake. Browsers hide the reason from pages; the console of the developer tools (F12) may show it."
        );
        assert!(explained(&refused, options(true, false)).contains(" The certificate may not be trusted. Browsers"));
        assert!(explained(&refused, options(false, true)).contains("may have chosen none of the subprotocols,"));
        let lost = explained(&Ending::Lost(closed(1006, "")), options(true, true));
        assert!(lost.starts_with("1006: The connection was open and ended without a close frame."), "{lost}");
        assert!(lost.contains("violated the protocol") && !lost.contains("certificate"), "{lost}");
        assert_eq!(
            explained(&Ending::ByServer(closed(1012, "")), HandshakeOptions::default()),
            "1012: The server is restarting. Try again soon."
        );
        assert_eq!(Ending::Unanswered.explanation(HandshakeOptions::default()), None);
    }

    #[test]
    fn a_reason_is_shown_in_its_own_letters() {
        for reason in ["सत्र समाप्त ❤\u{fe0f}", "สิ้นสุดเซสชัน"] {
            assert_eq!(
                closed(4001, reason).to_string(),
                format!("code 4001, application-defined, reason \"{reason}\"")
            );
        }
        assert!(closed(4001, "\u{202e}gpj.exe").to_string().ends_with("reason \"⟨U+202E⟩gpj.exe\""));
    }

    #[test]
    fn an_orderly_close_by_the_server_is_neutral_and_an_error_is_not() {
        assert_eq!(Ending::ByServer(closed(1001, "")).tone(), Tone::Neutral);
        assert_eq!(Ending::ByServer(closed(1011, "")).tone(), Tone::Warning);
        assert_eq!(Ending::Lost(closed(1006, "")).tone(), Tone::Error);
    }
}
