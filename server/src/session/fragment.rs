//! Cuts a frame into fragments ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)). Never copies the
//! payload.

use std::num::NonZeroUsize;

use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// The same message in frames of at most `size` bytes of payload each; at least one. The bit that marks it as compressed
/// stays with the first ([RFC 7692, 6.1](https://www.rfc-editor.org/rfc/rfc7692#section-6.1)).
pub(crate) fn fragments(frame: Frame, size: NonZeroUsize) -> impl Iterator<Item = Frame> {
    let mut header = frame.header().clone();
    let mut rest = Some(frame.into_payload());
    std::iter::from_fn(move || {
        let mut payload = rest.take()?;
        if payload.len() > size.get() {
            rest = Some(payload.split_off(size.get()));
        }
        header.is_final = rest.is_none();
        let fragment = Frame::from_payload(header.clone(), payload);
        header.opcode = OpCode::Data(Data::Continue);
        header.rsv1 = false;
        Some(fragment)
    })
}

/// A text, a binary message or a frame as one frame.
pub(crate) fn into_frame(message: Message) -> Frame {
    let data = match message {
        Message::Frame(frame) => return frame,
        Message::Text(_) => Data::Text,
        _ => Data::Binary,
    };
    Frame::message(message.into_data(), OpCode::Data(data), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each fragment's first byte and payload.
    fn cut(payload: &'static str, size: usize) -> Vec<(u8, Vec<u8>)> {
        let mut frame = Frame::message(payload, OpCode::Data(Data::Text), true);
        frame.header_mut().rsv1 = true;
        fragments(frame, NonZeroUsize::new(size).unwrap())
            .map(|frame| {
                let mut bytes = Vec::new();
                frame.clone().format(&mut bytes).unwrap();
                (bytes[0], frame.payload().to_vec())
            })
            .collect()
    }

    #[test]
    fn a_message_is_cut_into_a_first_frame_and_continuations() {
        assert_eq!(cut("abcdefg", 3), [(0x41, b"abc".to_vec()), (0x00, b"def".to_vec()), (0x80, b"g".to_vec())]);
    }

    #[test]
    fn a_multiple_of_the_size_has_no_empty_last_frame() {
        assert_eq!(cut("abcd", 2), [(0x41, b"ab".to_vec()), (0x80, b"cd".to_vec())]);
    }

    #[test]
    fn a_small_or_empty_message_is_one_frame() {
        assert_eq!(cut("ab", 2), [(0xc1, b"ab".to_vec())]);
        assert_eq!(cut("", 2), [(0xc1, Vec::new())]);
    }
}
