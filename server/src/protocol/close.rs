//! Close frames ([RFC 6455, 5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)).

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::{
    output::{CLOSE, Output},
    violation::ProtocolViolation,
};

/// A code that IANA has registered and tungstenite does not know: bad gateway.
const BAD_GATEWAY: CloseCode = CloseCode::Bad(1014);

/// Reads the payload of a client's close frame: nothing, or a code that may be sent and a reason in UTF-8.
pub(crate) fn read(payload: &[u8]) -> Result<Option<(CloseCode, &str)>, ProtocolViolation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(ProtocolViolation::HalfCloseCode) };
    };
    let reason = simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolViolation::InvalidUtf8)?;
    let code = CloseCode::from(u16::from_be_bytes(*code));
    if !code.is_allowed() && code != BAD_GATEWAY {
        return Err(ProtocolViolation::CloseCode(code.into()));
    }
    Ok(Some((code, reason)))
}

/// Adds a close frame to the output.
pub(super) fn write(frame: &CloseFrame, output: &mut Output) {
    let payload = [&u16::from(frame.code).to_be_bytes(), frame.reason.as_bytes()].concat();
    output.frame(CLOSE, payload.len()).copy_from_slice(&payload);
}
