//! Cuts a message into frames ([RFC 6455, 5.4](https://www.rfc-editor.org/rfc/rfc6455#section-5.4)). Never copies the
//! payload.

use std::num::NonZeroUsize;

use bytes::Bytes;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

/// The frames of a message with at most `size` bytes of payload each; at least one frame.
pub(crate) fn fragments(message: Message, size: NonZeroUsize) -> impl Iterator<Item = Frame> {
    let mut data = if message.is_text() { Data::Text } else { Data::Binary };
    let mut rest = Some(message.into_data());
    std::iter::from_fn(move || {
        let mut payload: Bytes = rest.take()?;
        if payload.len() > size.get() {
            rest = Some(payload.split_off(size.get()));
        }
        let opcode = OpCode::Data(std::mem::replace(&mut data, Data::Continue));
        Some(Frame::message(payload, opcode, rest.is_none()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each frame's opcode, FIN bit and payload.
    fn cut(message: Message, size: usize) -> Vec<(u8, bool, Vec<u8>)> {
        fragments(message, NonZeroUsize::new(size).unwrap())
            .map(|frame| (frame.header().opcode.into(), frame.header().is_final, frame.payload().to_vec()))
            .collect()
    }

    #[test]
    fn a_message_is_cut_into_a_first_frame_and_continuations() {
        let frames = [(1, false, b"abc".to_vec()), (0, false, b"def".to_vec()), (0, true, b"g".to_vec())];
        assert_eq!(cut(Message::text("abcdefg"), 3), frames);
    }

    #[test]
    fn a_multiple_of_the_size_has_no_empty_last_frame() {
        assert_eq!(cut(Message::binary("abcd"), 2), [(2, false, b"ab".to_vec()), (0, true, b"cd".to_vec())]);
    }

    #[test]
    fn a_small_or_empty_message_is_one_frame() {
        assert_eq!(cut(Message::text("ab"), 2), [(1, true, b"ab".to_vec())]);
        assert_eq!(cut(Message::text(""), 2), [(1, true, Vec::new())]);
    }
}
