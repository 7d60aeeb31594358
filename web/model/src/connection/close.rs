//! Close codes and reasons ([RFC 6455, section 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4)): what a page
//! may send, and what each code means.

use thiserror::Error;

use crate::data::visible::Quoted;
use crate::log::Tone;

/// A close code that a page may send: 1000 or 3000 to 4999
/// ([`WebSocket.close()`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close#code)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseCode(u16);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("close code {0} cannot be sent by a page, which may use 1000 and 3000 to 4999")]
pub struct CloseCodeError(u16);

impl CloseCode {
    pub const NORMAL: Self = Self(1000);
}

impl TryFrom<u16> for CloseCode {
    type Error = CloseCodeError;

    fn try_from(code: u16) -> Result<Self, CloseCodeError> {
        match code {
            1000 | 3000..=4999 => Ok(Self(code)),
            _ => Err(CloseCodeError(code)),
        }
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

/// The reason in a close frame, at most [`Reason::MAX_BYTES`] of UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason(String);

#[derive(Debug, Error, PartialEq, Eq)]
#[error("a close reason of {0} bytes does not fit, there is room for 123")]
pub struct ReasonError(usize);

impl Reason {
    /// A control frame has 125 bytes, of which the code takes 2.
    pub const MAX_BYTES: usize = 123;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reason {
    type Error = ReasonError;

    fn try_from(text: String) -> Result<Self, ReasonError> {
        if text.len() > Self::MAX_BYTES {
            return Err(ReasonError(text.len()));
        }
        Ok(Self(text))
    }
}

/// The close frame that the page sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    pub code: CloseCode,
    /// May be empty.
    pub reason: Reason,
}

impl CloseFrame {
    /// Code 1000 without a reason, as the tutorial's client leaves.
    pub fn normal() -> Self {
        Self { code: CloseCode::NORMAL, reason: Reason::default() }
    }

    /// An empty code means 1000.
    pub fn parse(code: &str, reason: &str) -> Result<Self, CloseFrameError> {
        let code = match code.trim() {
            "" => CloseCode::NORMAL,
            typed => {
                let code = typed.parse::<u64>().ok().and_then(|code| u16::try_from(code).ok());
                code.ok_or_else(|| CloseFrameError::NotACode(typed.to_owned()))?.try_into()?
            }
        };
        Ok(Self { code, reason: Reason::try_from(reason.to_owned())? })
    }
}

#[derive(Debug, Error, PartialEq, Eq)]
pub enum CloseFrameError {
    /// No number, or far too large.
    #[error("{} is no close code: a page may send 1000 and 3000 to 4999", Quoted(.0))]
    NotACode(String),
    #[error(transparent)]
    Code(#[from] CloseCodeError),
    #[error(transparent)]
    Reason(#[from] ReasonError),
}

/// The short name of a code, as in the [IANA
/// registry](https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number).
pub fn meaning(code: u16) -> &'static str {
    match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1005 => "no code given",
        1006 => "no close frame",
        1007 => "invalid payload data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        1015 => "TLS handshake failed",
        3000 => "unauthorized",
        3003 => "forbidden",
        3008 => "timeout",
        3001..=3002 | 3004..=3007 | 3009..=3999 => "registered by a library",
        4000..=4999 => "the application's own",
        _ => "unknown",
    }
}

/// What a code probably means and what may help.
pub fn explanation(code: u16) -> &'static str {
    match code {
        1000 => "The connection has done what it was for. This is how a connection should end.",
        1001 => "That side is leaving: a server that shuts down, or a page that was left. Nothing went wrong.",
        1002 => {
            "That side received a frame that breaks the WebSocket protocol. Look for a proxy that changes frames, or a \
             client or server with a fault."
        }
        1003 => "That side got a kind of message that it does not take, such as binary where it takes only text.",
        1005 => "The close frame had no code in it, which is allowed: nobody says why, and nothing went wrong.",
        // See `Ending::explanation`.
        1006 => "No close frame came.",
        1007 => "That side got a text message that is not UTF-8, or content that does not go with its kind.",
        1008 => {
            "That side does not allow what was asked or sent, and does not say more: often a missing or wrong login."
        }
        1009 => "That side got a message that is larger than it takes. Send smaller ones, or raise its limit.",
        1010 => "The client had wanted an extension that the server did not agree to.",
        1011 => "The server met an error of its own, or missed the answer to a ping. Its log should tell more.",
        1012 => "The server restarts. Try again soon.",
        1013 => "The server is too busy. Try again later.",
        1014 => "A gateway or proxy got a wrong answer from the server behind it.",
        1015 => "The TLS handshake failed, as with a certificate that is not trusted.",
        3000 => "The endpoint wants a login, and got none or a wrong one.",
        3003 => "The login is known and may not do this.",
        3008 => "That side has waited too long for something.",
        3001..=3999 => "Registered by a library or framework; its documents tell what it means.",
        4000..=4999 => "Chosen by the application; its documents tell what it means.",
        _ => "No standard gives this code a meaning, and no browser should let it through.",
    }
}

pub fn tone(code: u16) -> Tone {
    match code {
        1000 | 1001 | 1005 => Tone::Neutral,
        1006 | 1015 => Tone::Error,
        _ => Tone::Warning,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_code_has_a_meaning_and_an_explanation() {
        for code in [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015] {
            assert_ne!((meaning(code), explanation(code)), (meaning(0), explanation(0)), "{code}");
        }
        assert_eq!(meaning(4711), "the application's own");
    }

    #[test]
    fn an_orderly_end_is_neutral_and_a_lost_connection_is_an_error() {
        assert_eq!([1000, 1001, 1005].map(tone), [Tone::Neutral; 3]);
        assert_eq!([1002, 1011, 4000].map(tone), [Tone::Warning; 3]);
        assert_eq!(tone(1006), Tone::Error);
    }

    #[test]
    fn a_close_frame_is_read_from_what_is_typed() {
        let typed = |code: &str, reason: &str| CloseFrame::parse(code, reason);
        let frame = typed(" 4001 ", "enough").unwrap();
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "enough"));
        assert_eq!(typed("", ""), Ok(CloseFrame::normal()));
        let error = |code: &str, reason: &str| typed(code, reason).unwrap_err().to_string();
        assert_eq!(error("soon", ""), r#""soon" is no close code: a page may send 1000 and 3000 to 4999"#);
        assert_eq!(error("70000", ""), r#""70000" is no close code: a page may send 1000 and 3000 to 4999"#);
        assert_eq!(error("1006", ""), "close code 1006 cannot be sent by a page, which may use 1000 and 3000 to 4999");
        assert_eq!(error("1000", &"é".repeat(62)), "a close reason of 124 bytes does not fit, there is room for 123");
    }

    proptest! {
        #[test]
        fn exactly_the_codes_that_a_browser_takes_are_taken(code: u16) {
            let may_be_sent = code == 1000 || (3000..5000).contains(&code);
            prop_assert_eq!(CloseCode::try_from(code).is_ok(), may_be_sent);
        }
    }

    #[test]
    fn a_page_may_close_with_1000_and_3000_to_4999_only() {
        for code in [1000, 3000, 4999] {
            assert_eq!(CloseCode::try_from(code).map(u16::from), Ok(code));
        }
        for code in [0, 999, 1001, 1005, 1006, 2999, 5000] {
            assert_eq!(CloseCode::try_from(code), Err(CloseCodeError(code)));
        }
        assert_eq!(
            CloseCodeError(1005).to_string(),
            "close code 1005 cannot be sent by a page, which may use 1000 and 3000 to 4999"
        );
    }

    #[test]
    fn a_reason_is_measured_in_bytes_not_in_characters() {
        assert!(Reason::try_from("x".repeat(123)).is_ok());
        assert_eq!(Reason::try_from("é".repeat(62)), Err(ReasonError(124)));
        assert_eq!(ReasonError(124).to_string(), "a close reason of 124 bytes does not fit, there is room for 123");
    }
}
