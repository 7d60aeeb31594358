//! The frame layer as a whole: rejects one by one, RFC 7692's examples byte by byte, and comparisons with others.

mod deflate;
mod differential;
mod echo;
mod stream;
mod violations;

use bytes::{Buf, BytesMut};
use testkit::frame::frame;

use super::{Decoder, Limits, ProtocolViolation, ReadEnd};
use crate::protocol::deflate::{Agreed, DeflateConfig, negotiate};

const LIMITS: Limits = Limits { message: 1 << 20, fragments: 4096 };

/// What a server with this offer's answer agrees to.
fn agreed(offer: &str) -> Agreed {
    negotiate([offer.as_bytes()], Some(&DeflateConfig::default())).unwrap().unwrap()
}

fn plain_decoder() -> Decoder {
    Decoder::new(LIMITS, None)
}

fn deflate_decoder() -> Decoder {
    Decoder::new(LIMITS, Some(&agreed("permessage-deflate")))
}

/// All that comes out for pieces of input, and the violation that ended it, if any.
fn read_all<'piece>(
    decoder: &mut Decoder,
    pieces: impl IntoIterator<Item = &'piece [u8]>,
) -> (Vec<u8>, Option<ProtocolViolation>) {
    let (mut output, mut input) = (Vec::new(), BytesMut::new());
    let mut out = [0; 4096];
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            let mut rest = &input[..];
            let filled = match decoder.read(&mut rest, &mut out) {
                Ok(filled) => filled,
                Err(ReadEnd::Violation(violation)) => return (output, Some(violation)),
                Err(ReadEnd::Closed(frame)) => panic!("{frame}"),
            };
            let taken = input.len() - rest.len();
            input.advance(taken);
            output.extend_from_slice(&out[..filled]);
            if filled == 0 {
                break;
            }
        }
    }
    (output, None)
}
