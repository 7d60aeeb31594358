//! The frame layer as a whole: rejects one by one, RFC 7692's examples byte by byte, and comparisons with others.

mod deflate;
mod differential;
mod echo;
mod stream;
mod violations;

use bytes::BytesMut;
use testkit::{MemoryStream, frame::frame};

use super::{Limits, Protocol, ProtocolViolation, Reply, Role, Status};
use crate::protocol::deflate::{Agreed, DeflateConfig, negotiate};

const LIMITS: Limits = Limits { message: 1 << 20, fragments: 4096 };
const ECHO: Reply = Reply::Echo { prefix: "" };

/// What a server with this offer's answer agrees to.
fn agreed(offer: &str) -> Agreed {
    negotiate([offer.as_bytes()], Some(&DeflateConfig::default())).unwrap().unwrap()
}

const PASS_ON: Reply = Reply::PassOn(Role::Server);

fn plain_protocol() -> Protocol {
    Protocol::new(PASS_ON, BytesMut::new(), LIMITS, None)
}

fn deflate_protocol() -> Protocol {
    Protocol::new(PASS_ON, BytesMut::new(), LIMITS, Some(agreed("permessage-deflate")))
}

/// All that is passed on of pieces of input, and the violation that ended it, if any.
fn pass_on<'piece>(
    protocol: &mut Protocol,
    pieces: impl IntoIterator<Item = &'piece [u8]>,
) -> (Vec<u8>, Option<ProtocolViolation>) {
    let mut output = Vec::new();
    for piece in pieces {
        let mut stream = MemoryStream::new(piece);
        while protocol.transfer(&mut stream, &mut |_, _| {}).unwrap() != Status::Done {}
        output.extend(stream.received);
    }
    (output, protocol.violation())
}

/// A server's frame: without a mask.
fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let masked = testkit::frame::frame(first, payload);
    let mut header = masked[..masked.len() - payload.len() - 4].to_vec();
    header[1] &= 0x7f;
    [&header, payload].concat()
}
