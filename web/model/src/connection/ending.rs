//! How a connection ended, told in words. It never changes state: the model decides which ending it was.

use std::fmt;

use crate::connection::close;
use crate::data::visible::Quoted;
use crate::log::Tone;

/// What the browser says about a closed connection
/// ([`CloseEvent`](https://developer.mozilla.org/en-US/docs/Web/API/CloseEvent)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The code of the close frame received, 1005 for a frame without one, 1006 where there was no frame.
    pub code: u16,
    /// The reason of the close frame received, often empty.
    pub reason: String,
    /// Whether close frames went both ways.
    pub was_clean: bool,
}

/// How a connection ended. A browser tells a page on purpose no more than this about one that never opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It never opened: nothing listens there, or the handshake was refused.
    Refused(Closed),
    /// The server closed it.
    ByServer(Closed),
    /// The page closed it and the server agreed.
    ByUs(Closed),
    /// The page closed it and no close frame came back.
    Unanswered,
    /// It went away without a close frame.
    Lost(Closed),
    /// The person gave up before it opened.
    Cancelled,
}

impl Ending {
    /// How a connection ended that had been open, and that the page had not begun to close.
    pub(crate) fn of_open(closed: Closed) -> Self {
        if closed.was_clean { Self::ByServer(closed) } else { Self::Lost(closed) }
    }

    /// How a connection ended that the page had begun to close.
    pub(crate) fn of_closing(closed: Closed) -> Self {
        if closed.was_clean { Self::ByUs(closed) } else { Self::Unanswered }
    }

    /// Whether another try could help: not where the person wanted the end, or the server has done what it was to do.
    pub(crate) fn is_worth_another_try(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Lost(_) => true,
            Self::ByServer(closed) => closed.code != 1000,
            Self::ByUs(_) | Self::Unanswered | Self::Cancelled => false,
        }
    }

    /// Two or three words, for where the state is shown.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Refused(_) => "Could not connect",
            Self::ByServer(_) => "Closed by server",
            Self::ByUs(_) | Self::Unanswered => "Disconnected",
            Self::Lost(_) => "Connection lost",
            Self::Cancelled => "Cancelled",
        }
    }

    /// What the browser said, where it said something.
    pub fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Refused(closed) | Self::ByServer(closed) | Self::ByUs(closed) | Self::Lost(closed) => Some(closed),
            Self::Unanswered | Self::Cancelled => None,
        }
    }

    /// Whether this is good news.
    pub fn tone(&self) -> Tone {
        match self {
            Self::ByUs(_) | Self::Cancelled => Tone::Neutral,
            Self::ByServer(closed) => close::tone(closed.code),
            Self::Unanswered => Tone::Warning,
            Self::Refused(_) | Self::Lost(_) => Tone::Error,
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
            Self::ByUs(closed) => write!(f, "Disconnected ({closed})"),
            Self::Unanswered => f.write_str("Disconnected, the server did not answer the close frame"),
            Self::Lost(closed) => {
                write!(f, "Connection lost: the server or the network went away without a word ({closed})")
            }
            Self::Cancelled => f.write_str("Gave up before the connection opened"),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "code {}, {}", self.code, close::meaning(self.code))?;
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
            (Ending::ByUs(closed(1000, "")), "Disconnected (code 1000, normal closure)"),
            (Ending::Unanswered, "Disconnected, the server did not answer the close frame"),
            (
                Ending::Lost(closed(1006, "")),
                "Connection lost: the server or the network went away without a word (code 1006, no close frame)",
            ),
            (Ending::Cancelled, "Gave up before the connection opened"),
        ] {
            assert_eq!(ending.to_string(), words);
        }
    }

    #[test]
    fn a_reason_with_control_characters_stays_on_one_line() {
        assert_eq!(closed(4000, "a\n\u{1b}[2J").to_string(), r#"code 4000, the application's own, reason "a␊␛[2J""#);
    }

    #[test]
    fn a_reason_is_shown_in_its_own_letters() {
        for reason in ["सत्र समाप्त ❤\u{fe0f}", "สิ้นสุดเซสชัน"] {
            assert_eq!(
                closed(4001, reason).to_string(),
                format!("code 4001, the application's own, reason \"{reason}\"")
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
