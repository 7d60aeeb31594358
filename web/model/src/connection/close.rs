//! Close codes and reasons ([RFC 6455, section 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4)): what a page
//! may send, and what each code means.

use std::ops::RangeInclusive;

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
#[error("a close reason of {0} bytes is longer than the limit, 123 bytes")]
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
    #[error("{} is not a close code: a page may send 1000 and 3000 to 4999", Quoted(.0))]
    NotACode(String),
    #[error(transparent)]
    Code(#[from] CloseCodeError),
    #[error(transparent)]
    Reason(#[from] ReasonError),
}

/// The meaning of a close code, or of a range of codes.
#[derive(Debug, PartialEq, Eq)]
pub struct Meaning {
    codes: RangeInclusive<u16>,
    /// As in the [IANA registry](https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number).
    pub name: &'static str,
    /// The probable cause and what may help.
    pub explanation: &'static str,
    /// Neutral for an orderly end.
    pub tone: Tone,
}

impl Meaning {
    const fn new(code: u16, name: &'static str, tone: Tone, explanation: &'static str) -> Self {
        Self::of_range(code..=code, name, tone, explanation)
    }

    const fn of_range(codes: RangeInclusive<u16>, name: &'static str, tone: Tone, explanation: &'static str) -> Self {
        Self { codes, name, explanation, tone }
    }

    pub fn of(code: u16) -> &'static Self {
        MEANINGS.iter().find(|meaning| meaning.codes.contains(&code)).unwrap_or(&UNKNOWN)
    }
}

const UNKNOWN: Meaning = Meaning::of_range(
    0..=u16::MAX,
    "unknown",
    Tone::Warning,
    "No standard gives this code a meaning, and no browser should let it through.",
);

/// The first match counts, so a single code is listed before the range that contains it.
static MEANINGS: [Meaning; 20] = [
    Meaning::new(
        1000,
        "normal closure",
        Tone::Neutral,
        "The purpose of the connection has been fulfilled. This is how a connection should end.",
    ),
    Meaning::new(
        1001,
        "going away",
        Tone::Neutral,
        "The other side is leaving: a server is shutting down, or a page was closed. Nothing went wrong.",
    ),
    Meaning::new(
        1002,
        "protocol error",
        Tone::Warning,
        "The other side received a frame that violates the WebSocket protocol. Look for a proxy that changes frames, or \
         a client or server with a bug.",
    ),
    Meaning::new(
        1003,
        "unsupported data",
        Tone::Warning,
        "The other side received a kind of message that it does not accept, such as binary where it accepts only text.",
    ),
    Meaning::new(
        1005,
        "no code given",
        Tone::Neutral,
        "The close frame had no code, which is allowed. No reason was given, and nothing went wrong.",
    ),
    // `Ending::explanation` knows more.
    Meaning::new(1006, "no close frame", Tone::Error, "No close frame was received."),
    Meaning::new(
        1007,
        "invalid payload data",
        Tone::Warning,
        "The other side received a text message that is not UTF-8, or content that does not match its type.",
    ),
    Meaning::new(
        1008,
        "policy violation",
        Tone::Warning,
        "The other side does not allow this request or message and gives no details. Often the login is missing or wrong.",
    ),
    Meaning::new(
        1009,
        "message too big",
        Tone::Warning,
        "The other side received a message above its size limit. Send smaller messages, or raise the limit.",
    ),
    Meaning::new(
        1010,
        "extension missing",
        Tone::Warning,
        "The client required an extension that the server did not agree to.",
    ),
    Meaning::new(
        1011,
        "internal error",
        Tone::Warning,
        "The server had an internal error, or received no answer to a ping. Its log should have details.",
    ),
    Meaning::new(1012, "service restart", Tone::Warning, "The server is restarting. Try again soon."),
    Meaning::new(1013, "try again later", Tone::Warning, "The server is overloaded. Try again later."),
    Meaning::new(
        1014,
        "bad gateway",
        Tone::Warning,
        "A gateway or proxy received an invalid response from the server behind it.",
    ),
    Meaning::new(
        1015,
        "TLS handshake failed",
        Tone::Error,
        "The TLS handshake failed, for example because the certificate is not trusted.",
    ),
    Meaning::new(3000, "unauthorized", Tone::Warning, "The endpoint requires a login. It was missing or wrong."),
    Meaning::new(3003, "forbidden", Tone::Warning, "The login is valid but lacks permission."),
    Meaning::new(3008, "timeout", Tone::Warning, "The other side waited too long for something."),
    Meaning::of_range(
        3000..=3999,
        "registered by a library",
        Tone::Warning,
        "Registered by a library or framework; see its documentation.",
    ),
    Meaning::of_range(
        4000..=4999,
        "application-defined",
        Tone::Warning,
        "Defined by the application; see its documentation.",
    ),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_standard_code_has_a_meaning_of_its_own() {
        for code in (1000..=1015).filter(|&code| code != 1004).chain([3000, 3003, 3008]) {
            assert_eq!(Meaning::of(code).codes, code..=code);
        }
        assert_eq!(Meaning::of(3001).name, "registered by a library");
        assert_eq!(Meaning::of(4711).name, "application-defined");
        for code in [0, 999, 1004, 1016, 2999, 5000] {
            assert_eq!(Meaning::of(code), &UNKNOWN);
        }
    }

    #[test]
    fn an_orderly_end_is_neutral_and_a_lost_connection_is_an_error() {
        let tone = |code| Meaning::of(code).tone;
        assert_eq!([1000, 1001, 1005].map(tone), [Tone::Neutral; 3]);
        assert_eq!([1002, 1011, 4000, 0].map(tone), [Tone::Warning; 4]);
        assert_eq!([1006, 1015].map(tone), [Tone::Error; 2]);
    }

    #[test]
    fn a_close_frame_is_read_from_what_is_typed() {
        let typed = |code: &str, reason: &str| CloseFrame::parse(code, reason);
        let frame = typed(" 4001 ", "enough").unwrap();
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "enough"));
        assert_eq!(typed("", ""), Ok(CloseFrame::normal()));
        let error = |code: &str, reason: &str| typed(code, reason).unwrap_err().to_string();
        assert_eq!(error("soon", ""), r#""soon" is not a close code: a page may send 1000 and 3000 to 4999"#);
        assert_eq!(error("70000", ""), r#""70000" is not a close code: a page may send 1000 and 3000 to 4999"#);
        assert_eq!(error("1006", ""), "close code 1006 cannot be sent by a page, which may use 1000 and 3000 to 4999");
        assert_eq!(error("1000", &"é".repeat(62)), "a close reason of 124 bytes is longer than the limit, 123 bytes");
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
        assert_eq!(ReasonError(124).to_string(), "a close reason of 124 bytes is longer than the limit, 123 bytes");
    }
}
