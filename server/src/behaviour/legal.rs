//! What each case of `/legal/{case}` writes; a close frame with code 1000 follows, unless the case has one of its own.

use std::time::Duration;

use bytes::Bytes;
use wire::LegalCase;

use super::{
    Action, Ending,
    fault::HELLO,
    frames::{BINARY, CONTINUATION, FIN, PING, PONG, RSV1, TEXT, close, frame},
};

/// Text with code points of two bytes.
const TWO_BYTES: &str = "κόσμε";

pub(super) fn actions(case: LegalCase) -> Vec<Action> {
    let write = |bytes: Vec<u8>| Action::Write(Bytes::from(bytes));
    let mut actions = match case {
        LegalCase::OneByteAtATime => frame(FIN | TEXT, b"Hello")
            .into_iter()
            .flat_map(|byte| [write(vec![byte]), Action::Pause(Duration::from_millis(5))])
            .collect(),
        // It goes out with the answer to the handshake.
        LegalCase::CloseAtOnce => Vec::new(),
        _ => vec![write(bytes(case))],
    };
    if !has_close(case) {
        actions.push(write(close(Some(1000), b"")));
    }
    actions.push(Action::End(Ending::Closed));
    actions
}

fn has_close(case: LegalCase) -> bool {
    matches!(
        case,
        LegalCase::CloseAtOnce
            | LegalCase::CloseEmpty
            | LegalCase::CloseLongest
            | LegalCase::CloseWithin
            | LegalCase::CloseUnregistered
    )
}

/// The examples of compression are those of [RFC 7692, 7.2.3](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3).
fn bytes(case: LegalCase) -> Vec<u8> {
    match case {
        LegalCase::EmptyText => frame(FIN | TEXT, b""),
        LegalCase::EmptyBinary => frame(FIN | BINARY, b""),
        LegalCase::EmptyFragments => {
            [frame(TEXT, b""), frame(CONTINUATION, b"Hello"), frame(FIN | CONTINUATION, b"")].concat()
        }
        LegalCase::Lengths => {
            [125, 126, 127, 65_535, 65_536].map(|size| frame(FIN | BINARY, &vec![b'x'; size])).concat()
        }
        LegalCase::AllBytes => frame(FIN | BINARY, &(0..=255).collect::<Vec<u8>>()),
        LegalCase::SplitCodePoints => fragments(TWO_BYTES.as_bytes(), &frame(FIN | PING, b"")),
        LegalCase::ManyFragments => fragments(&[b'x'; 1000], b""),
        LegalCase::UnsolicitedPong => frame(FIN | PONG, b"unsolicited"),
        LegalCase::EmptyPing => frame(FIN | PING, b""),
        LegalCase::LongestPing => frame(FIN | PING, &[b'x'; 125]),
        LegalCase::Uncompressed => frame(FIN | TEXT, b"Hello"),
        LegalCase::EmptyBlock => frame(FIN | RSV1 | TEXT, &[0x00]),
        LegalCase::StoredBlock => frame(FIN | RSV1 | TEXT, b"\x00\x05\x00\xfa\xffHello\x00"),
        LegalCase::Bfinal => frame(FIN | RSV1 | TEXT, &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
        LegalCase::DeflateFragments => {
            let (first, second) = HELLO.split_at(3);
            [frame(RSV1 | TEXT, first), frame(FIN | CONTINUATION, second)].concat()
        }
        LegalCase::Window9 => {
            [frame(FIN | RSV1 | TEXT, HELLO), frame(FIN | RSV1 | TEXT, &[0xf2, 0x00, 0x11, 0x00, 0x00])].concat()
        }
        LegalCase::CloseEmpty => close(None, b""),
        LegalCase::CloseLongest => close(Some(1000), &[b'x'; 123]),
        LegalCase::CloseWithin => [frame(TEXT, b"Hel"), close(Some(1000), b"")].concat(),
        LegalCase::CloseUnregistered => close(Some(4999), b""),
        LegalCase::OneByteAtATime | LegalCase::CloseAtOnce => Vec::new(),
    }
}

/// A text in frames of one byte each, with something between them.
fn fragments(text: &[u8], between: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (place, byte) in text.iter().enumerate() {
        let opcode = if place == 0 { TEXT } else { CONTINUATION };
        let fin = if place + 1 == text.len() { FIN } else { 0 };
        bytes.extend(frame(fin | opcode, &[*byte]));
        if fin == 0 {
            bytes.extend(between);
        }
    }
    bytes
}
