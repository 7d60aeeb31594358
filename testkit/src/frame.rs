//! Frames as a client writes them ([RFC 6455, section 5.2](https://www.rfc-editor.org/rfc/rfc6455#section-5.2)).

/// The first byte's highest bit: the message ends with this frame.
pub const FIN: u8 = 0x80;
/// RSV1: the message is compressed, [RFC 7692](https://www.rfc-editor.org/rfc/rfc7692#section-6).
pub const RSV1: u8 = 0x40;
/// Opcode of a text message.
pub const TEXT: u8 = 1;
/// Opcode of a binary message.
pub const BINARY: u8 = 2;
/// Opcode of a close frame.
pub const CLOSE: u8 = 8;
/// Opcode of a ping.
pub const PING: u8 = 9;
/// Opcode of a pong.
pub const PONG: u8 = 10;

/// The mask key of [`frame`], from [RFC 6455, section 5.7](https://www.rfc-editor.org/rfc/rfc6455#section-5.7).
pub const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame with the given first byte (flags and opcode), masked with [`KEY`]. Nothing is checked: a test may ask for a
/// frame that no server accepts.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(payload.len() + 14);
    write(&mut frame, first, payload, KEY);
    frame
}

/// Appends a frame that is masked with `key`.
pub fn write(out: &mut Vec<u8>, first: u8, payload: &[u8], key: [u8; 4]) {
    out.push(first);
    match payload.len() {
        length @ ..126 => out.push(0x80 | length as u8),
        length @ 126..0x1_0000 => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend(key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_the_one_in_the_rfc() {
        assert_eq!(frame(FIN | TEXT, b"Hello"), [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn a_length_takes_as_few_bytes_as_it_can() {
        let header = |length| frame(0x82, &vec![0; length])[1..10].to_vec();
        assert_eq!(header(125)[0], 0x80 | 125);
        assert_eq!(header(126)[..3], [0x80 | 126, 0, 126]);
        assert_eq!(header(65_535)[..3], [0x80 | 126, 0xff, 0xff]);
        assert_eq!(header(65_536), [0x80 | 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
