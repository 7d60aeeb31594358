//! A server's frames as bytes ([RFC 6455, 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)). Nothing is checked: a
//! fault may ask for a frame that nobody accepts.

pub(crate) const FIN: u8 = 0x80;
pub(crate) const RSV1: u8 = 0x40;
pub(crate) const RSV2: u8 = 0x20;
pub(crate) const RSV3: u8 = 0x10;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

/// A frame without a mask, its length in the shortest form.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ ..126 => frame.push(length as u8),
        length @ 126..0x1_0000 => {
            frame.push(126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(payload);
    frame
}

/// A close frame; a reason needs a code.
pub(crate) fn close(code: Option<u16>, reason: &[u8]) -> Vec<u8> {
    match code {
        Some(code) => frame(FIN | CLOSE, &[&code.to_be_bytes(), reason].concat()),
        None => frame(FIN | CLOSE, b""),
    }
}
