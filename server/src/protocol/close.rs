//! Close frames ([RFC 6455, 5.5.1](https://www.rfc-editor.org/rfc/rfc6455#section-5.5.1)).

use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};

use super::{
    output::{CLOSE, Output},
    violation::ProtocolViolation,
};

/// Checks the payload of a client's close frame: nothing, or a code that may be sent and a reason in UTF-8.
pub(super) fn check(payload: &[u8]) -> Result<(), ProtocolViolation> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(()) } else { Err(ProtocolViolation::HalfCloseCode) };
    };
    simdutf8::basic::from_utf8(reason).map_err(|_| ProtocolViolation::InvalidUtf8)?;
    let code = u16::from_be_bytes(*code);
    // tungstenite does not know 1014, which IANA has registered since.
    if !CloseCode::from(code).is_allowed() && code != 1014 {
        return Err(ProtocolViolation::CloseCode(code));
    }
    Ok(())
}

/// Adds a close frame to the output.
pub(super) fn write(frame: &CloseFrame, output: &mut Output) {
    output.control(CLOSE, &[&u16::from(frame.code).to_be_bytes(), frame.reason.as_bytes()].concat());
}
