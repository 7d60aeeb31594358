//! Close codes and reasons ([RFC 6455, section 7.4](https://www.rfc-editor.org/rfc/rfc6455#section-7.4)): what a page
//! may send, and what each code means. It never decides when to close.

use thiserror::Error;

/// A close code that a page may send: 1000 or 3000 to 4999
/// ([`WebSocket.close()`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket/close#code)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloseCode(u16);

/// The number is no [`CloseCode`]; ask for another one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("close code {0} cannot be sent by a page, which may use 1000 and 3000 to 4999")]
pub struct CloseCodeError(u16);

impl CloseCode {
    /// 1000, the purpose of the connection is fulfilled.
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

/// The reason in a close frame: at most [`Reason::MAX_BYTES`] bytes of UTF-8, what a control frame has room for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason(String);

/// The text is no [`Reason`]; ask for a shorter one.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("a close reason of {0} bytes does not fit, there is room for 123")]
pub struct ReasonError(usize);

impl Reason {
    /// 125 bytes of a control frame less the two of the code.
    pub const MAX_BYTES: usize = 123;

    /// The reason as text.
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

/// What the page says when it closes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFrame {
    /// Why, as a number.
    pub code: CloseCode,
    /// Why, in words; may be empty.
    pub reason: Reason,
}

impl CloseFrame {
    /// Code 1000 without a reason, as the tutorial's client leaves.
    pub fn normal() -> Self {
        Self { code: CloseCode::NORMAL, reason: Reason::default() }
    }
}

/// What a code of a close event means, in the words of the
/// [IANA registry](https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number).
pub(crate) fn meaning(code: u16) -> &'static str {
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

#[cfg(test)]
mod tests {
    use super::*;

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
