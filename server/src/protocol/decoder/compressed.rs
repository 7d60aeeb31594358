//! The fast path where permessage-deflate was agreed: a message that comes as one whole frame is inflated, and compressed
//! again as its answer. Never waits for a large frame, and never inflates more than one look's share.

use bytes::BytesMut;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{
    Decoder, Position,
    echo::{BINARY, Reply, Step, TEXT, Turn, put},
};
use crate::{
    protocol::deflate::Deflater,
    protocol::{
        header::{Header, RSV1, mask},
        output::Output,
        violation::ProtocolViolation,
    },
};

/// The longest frame that is waited for until it is whole, in bytes: each part that comes is looked at together with what
/// was there before.
const MAX_BUFFERED_FRAME: usize = 16 << 10;
/// How large a message may get here, in bytes; a larger one goes on in the general way.
const MAX_INFLATED: usize = 256 << 10;
/// How much is done before it is the next connection's turn, as bytes that come out; the last message may go beyond.
const INFLATE_BUDGET: usize = 256 << 10;
/// What a message costs however short it is, as such bytes, and what each of its bytes on the wire does.
const COST_PER_MESSAGE: usize = 1 << 10;
const COST_PER_WIRE_BYTE: usize = 8;

/// The memory that it takes, which the connections of a thread use in turn.
#[derive(Debug, Default)]
pub(in crate::protocol) struct ScratchBuffers {
    plain: Vec<u8>,
    compressed: Vec<u8>,
}

/// What a connection's messages need here beside its decoder, for one look.
pub(in crate::protocol) struct Deflation<'frames> {
    deflater: &'frames mut Deflater,
    rooms: &'frames mut ScratchBuffers,
    /// The start of a message that is too large.
    passed: BytesMut,
    /// What may still be done, as bytes that come out.
    left: usize,
}

impl<'frames> Deflation<'frames> {
    pub(in crate::protocol) fn new(deflater: &'frames mut Deflater, rooms: &'frames mut ScratchBuffers) -> Self {
        Self { deflater, rooms, passed: BytesMut::new(), left: INFLATE_BUDGET }
    }

    /// Whether it is the next connection's turn.
    pub(in crate::protocol) fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// The start of a message that goes on in the general way, if there is one.
    pub(in crate::protocol) fn into_passed(self) -> Option<BytesMut> {
        (!self.passed.is_empty()).then_some(self.passed)
    }
}

impl Decoder {
    /// Turns a frame that is a message and all there.
    pub(super) fn echo_compressed(
        &mut self,
        input: &mut &[u8],
        reply: Reply,
        Deflation { deflater, rooms: ScratchBuffers { plain, compressed }, passed, left }: &mut Deflation<'_>,
        output: &mut Output,
        seen: &mut impl FnMut(Data, &[u8]),
    ) -> Result<Step, Turn> {
        if *left == 0 {
            return Err(Turn::Full);
        }
        let (header, size) = Header::parse(input).ok_or(Turn::Dry)?;
        let (first, data) = match header.opcode {
            OpCode::Data(Data::Text) if header.fin => (TEXT, Data::Text),
            OpCode::Data(Data::Binary) if header.fin => (BINARY, Data::Binary),
            OpCode::Control(_) => return self.answer_ping(input, output),
            OpCode::Data(_) => return Err(Turn::Other),
        };
        let (message, payload) = self.judge(&header).map_err(|_| Turn::Other)?;
        let there = (input.len() - size) as u64;
        if header.length > there {
            return Err(if size as u64 + header.length <= MAX_BUFFERED_FRAME as u64 { Turn::Dry } else { Turn::Other });
        }
        let anew = deflater.cost() + self.inflater.as_ref().map_or(0, |inflater| inflater.cost());
        // What is there fits the memory.
        *left = left.saturating_sub(COST_PER_MESSAGE + anew + COST_PER_WIRE_BYTE * header.length as usize);
        self.admit(&header, message, payload);
        *input = &input[size..];
        let prefix = reply.prefix(data);
        plain.resize(prefix.len() + MAX_INFLATED, 0);
        plain[..prefix.len()].copy_from_slice(prefix);
        let room = &mut plain[prefix.len()..];
        let made = match self.take_message(&header, input, room, passed) {
            Ok(Some(made)) => made,
            Ok(None) => return Err(Turn::Other),
            Err(violation) => {
                self.position = Position::Violated(violation);
                return Err(Turn::Other);
            }
        };
        self.end(payload.ends);
        seen(data, &room[..made]);
        let answer = &plain[..prefix.len() + made];
        *left = left.saturating_sub(answer.len());
        let (first, answer) = match deflater.deflate(answer, compressed) {
            Some(compressed) => (first | RSV1 << 4, compressed),
            None => (first, answer),
        };
        output.begin(first, answer.len() as u64, &[]);
        output.extend(answer.len()).copy_from_slice(answer);
        output.end();
        Ok(Step::Counted)
    }

    /// Puts a message into `room`, and tells its size; or nothing where it is too large and goes on in the general way.
    fn take_message(
        &mut self,
        header: &Header,
        input: &mut &[u8],
        room: &mut [u8],
        passed: &mut BytesMut,
    ) -> Result<Option<usize>, ProtocolViolation> {
        let made = match header.rsv {
            RSV1 => self.inflate_message(input, room, passed)?,
            _ => self.unmask_message(input, room),
        };
        match made {
            Some(made) if header.opcode == OpCode::Data(Data::Text) => {
                simdutf8::basic::from_utf8(&room[..made]).map_err(|_| ProtocolViolation::InvalidUtf8)?;
                Ok(Some(made))
            }
            made => Ok(made),
        }
    }

    /// A whole payload that is not compressed; tells how much that is.
    fn unmask_message(&mut self, input: &mut &[u8], room: &mut [u8]) -> Option<usize> {
        let Position::Payload(payload) = self.position else { return None };
        let (masked, rest) = input.split_at(payload.of(input).len());
        mask(&mut room[..masked.len()], masked, payload.key);
        *input = rest;
        Some(masked.len())
    }

    /// Inflates a whole payload, and tells how much that is; or nothing where it is more than there is room for. Then what
    /// has come of it is the beginning of what goes the general way.
    fn inflate_message(
        &mut self,
        input: &mut &[u8],
        room: &mut [u8],
        passed: &mut BytesMut,
    ) -> Result<Option<usize>, ProtocolViolation> {
        let Self { position: Position::Payload(payload), message: Some(message), inflater: Some(inflater), .. } = self
        else {
            return Ok(None);
        };
        let made = payload.inflate(inflater, input, room)?;
        message.grow(made, &self.limits)?;
        if made == room.len() {
            let opcode = OpCode::Data(message.next);
            put(passed, &Header { fin: false, rsv: 0, opcode, key: Some([0; 4]), length: made as u64 });
            passed.extend_from_slice(room);
            message.next = Data::Continue;
            return Ok(None);
        }
        inflater.finish()?;
        Ok(Some(made))
    }
}
