//! What each fault of `/fault/{fault}` writes.

use std::{io::Write, sync::LazyLock};

use bytes::Bytes;
use flate2::{Compression, write::DeflateEncoder};
use wire::Fault;

use super::{
    Action, Ending,
    frames::{BINARY, CLOSE, CONTINUATION, FIN, PING, RSV1, RSV2, RSV3, TEXT, close, frame},
};

/// "Hello", compressed ([RFC 7692, 7.2.3.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.3.1)).
pub(super) const HELLO: &[u8] = &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

/// How much of a bomb is compressed once, and how often that is in it: 64 MiB altogether.
const CHARGE: usize = 1 << 20;
const CHARGES: usize = 64;

/// A deflate stream of 64 KiB that inflates to 64 MiB of zeros: one piece, over and over, each of which ends at a byte.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&vec![0; CHARGE]).and_then(|()| encoder.flush());
    let mut bomb = encoder.get_ref().repeat(CHARGES);
    // The end of a message does without the marker of a flush (RFC 7692, 7.2.1).
    bomb.truncate(bomb.len() - 4);
    bomb
});

/// What is done for a fault; where the connection does not end by that, the client is echoed to as before.
pub(super) fn actions(fault: Fault) -> Vec<Action> {
    let write = |bytes: Vec<u8>| Action::Write(Bytes::from(bytes));
    match ending(fault) {
        Some(ending) => vec![write(bytes(fault)), Action::End(ending)],
        None => vec![write(bytes(fault))],
    }
}

fn ending(fault: Fault) -> Option<Ending> {
    match fault {
        Fault::CutHeader | Fault::CutPayload => Some(Ending::Fin),
        Fault::DataAfterClose
        | Fault::PingAfterClose
        | Fault::TwoCloses
        | Fault::FragmentedClose
        | Fault::LongClose
        | Fault::CloseOneByte
        | Fault::CloseCode
        | Fault::CloseUtf8 => Some(Ending::Closed),
        Fault::CloseSilence | Fault::Stall => Some(Ending::Silent),
        Fault::HalfClose => Some(Ending::HalfClosed),
        _ => None,
    }
}

/// The bytes of each fault: a table, so it is as long as there are faults.
fn bytes(fault: Fault) -> Vec<u8> {
    match fault {
        // The example of RFC 6455, 5.7.
        Fault::Masked => vec![0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58],
        Fault::Rsv1 => frame(FIN | RSV1 | TEXT, b"Hello"),
        Fault::Rsv2 => frame(FIN | RSV2 | TEXT, b"Hello"),
        Fault::Rsv3 => frame(FIN | RSV3 | TEXT, b"Hello"),
        Fault::Rsv1Ping => frame(FIN | RSV1 | PING, b"Hello"),
        Fault::Rsv1Continuation => {
            let (first, second) = HELLO.split_at(3);
            [frame(RSV1 | TEXT, first), frame(FIN | RSV1 | CONTINUATION, second)].concat()
        }
        Fault::Opcode3 => frame(FIN | 3, b"Hello"),
        Fault::Opcode11 => frame(FIN | 11, b"Hello"),
        Fault::Utf8 => frame(FIN | TEXT, b"Hello \xff"),
        // The first byte of a snowman, and then no second one.
        Fault::Utf8Split => [frame(TEXT, b"Hello \xe2"), frame(FIN | CONTINUATION, b"\x28 there")].concat(),
        Fault::Utf8Cut => frame(FIN | TEXT, b"Hello \xe2\x98"),
        Fault::Utf8Surrogate => frame(FIN | TEXT, b"Hello \xed\xa0\x80"),
        Fault::Utf8Overlong => frame(FIN | TEXT, b"Hello \xc0\xaf"),
        Fault::Utf8TooLarge => frame(FIN | TEXT, b"Hello \xf4\x90\x80\x80"),
        Fault::FragmentedPing => [frame(PING, b"Hel"), frame(FIN | CONTINUATION, b"lo")].concat(),
        Fault::FragmentedClose => [frame(CLOSE, &[0x03]), frame(FIN | CONTINUATION, &[0xe8])].concat(),
        Fault::LongPing => frame(FIN | PING, &[b'x'; 126]),
        Fault::LongClose => close(Some(1000), &[b'x'; 124]),
        Fault::StrayContinuation => frame(FIN | CONTINUATION, b"Hello"),
        Fault::Interleaved => [frame(TEXT, b"Hel"), frame(FIN | TEXT, b"Hello")].concat(),
        Fault::Length16 => b"\x81\x7e\x00\x05Hello".to_vec(),
        Fault::Length64 => b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05Hello".to_vec(),
        Fault::LengthTopBit => b"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00Hello".to_vec(),
        Fault::LengthHuge => b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xffHello".to_vec(),
        Fault::CutHeader => vec![FIN | BINARY, 126, 1],
        Fault::CutPayload | Fault::Stall => b"\x81\x05Hel".to_vec(),
        Fault::DataAfterClose => [close(Some(1000), b""), frame(FIN | TEXT, b"Hello")].concat(),
        Fault::PingAfterClose => [close(Some(1000), b""), frame(FIN | PING, b"Hello")].concat(),
        Fault::TwoCloses => [close(Some(1000), b""), close(Some(1001), b"")].concat(),
        Fault::CloseOneByte => frame(FIN | CLOSE, &[0x03]),
        Fault::CloseCode => close(Some(1005), b""),
        Fault::CloseUtf8 => close(Some(1000), b"\xff"),
        Fault::CloseSilence => close(Some(1000), b""),
        // The first block has the type that is reserved (RFC 1951, 3.2.3).
        Fault::DeflateGarbage => frame(FIN | RSV1 | TEXT, &[0xff; 4]),
        // A block with fixed codes: three bytes from 32,768 bytes back, and the block's end.
        Fault::DeflateTooFar => frame(FIN | RSV1 | BINARY, &[0x02, 0xde, 0xff, 0x0f, 0x00]),
        // A stored block of 100 bytes, of which two come.
        Fault::DeflateCut => frame(FIN | RSV1 | TEXT, b"\x00\x64\x00\x9b\xffHe"),
        Fault::DeflateBomb => frame(FIN | RSV1 | BINARY, &BOMB),
        Fault::HalfClose => Vec::new(),
        Fault::Http => b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Decompress, FlushDecompress};

    use super::*;

    /// What a message inflates to, as a client would do it.
    fn inflate(payload: &[u8]) -> Result<Vec<u8>, flate2::DecompressError> {
        let mut inflated = Vec::with_capacity(CHARGE * (CHARGES + 1));
        let input = [payload, &[0, 0, 0xff, 0xff]].concat();
        Decompress::new(false).decompress_vec(&input, &mut inflated, FlushDecompress::Sync)?;
        Ok(inflated)
    }

    #[test]
    fn the_bomb_is_small_and_inflates_to_64_mib() {
        assert!(BOMB.len() < 80 << 10, "{}", BOMB.len());
        let inflated = inflate(&BOMB).unwrap();
        assert!(inflated.len() == 64 << 20 && inflated.iter().all(|byte| *byte == 0), "{}", inflated.len());
    }

    #[test]
    fn what_is_no_deflate_stream_does_not_inflate() {
        assert_eq!(inflate(HELLO).unwrap(), b"Hello");
        assert!(inflate(&[0xff; 4]).is_err());
        let error = inflate(&[0x02, 0xde, 0xff, 0x0f, 0x00]).unwrap_err();
        assert!(error.to_string().contains("invalid distance too far back"), "{error}");
    }

    #[test]
    fn every_fault_writes_something_or_ends() {
        for &fault in Fault::ALL {
            assert!(!bytes(fault).is_empty() || ending(fault).is_some(), "{fault:?}");
        }
    }
}
