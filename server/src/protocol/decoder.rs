//! Reads a client's frames: header, mask, order, limits, UTF-8, inflating. It fails a connection as soon as a header or a
//! byte of text shows that it is wrong.
//!
//! There are two ways to use a decoder, one for each engine: [`read`](Decoder::read) passes the frames on, checked and
//! inflated, for tungstenite to take apart; [`echo`](Decoder::echo) answers them itself.

mod echo;
mod payload;
mod read;

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, OpCode};

use super::{
    counters::Counters,
    deflate::{Agreed, Inflater},
    header::{Header, Key, mask, rotated},
    message::{Compression, Encoding, Limits, Message},
    violation::ProtocolViolation,
};
pub use echo::Reply;
pub(super) use echo::{Answers, Deflating};
pub use read::ReadEnd;

/// The largest payload of a control frame, in bytes (RFC 6455, 5.5).
const MAX_CONTROL: u64 = 125;
/// The largest payload of any frame, in bytes: the top bit of a length is 0 (RFC 6455, 5.2).
const MAX_LENGTH: u64 = u64::MAX >> 1;
/// How much of a compressed payload is unmasked at a time, in bytes.
const CHUNK: usize = 1024;

/// The inbound side of one connection.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    /// Present if permessage-deflate was negotiated.
    inflater: Option<Box<Inflater>>,
    position: Position,
    /// The message that is arriving.
    message: Option<Message>,
    received: Counters,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum Position {
    Header,
    Payload(Payload),
    /// Nothing counts after a close frame (RFC 6455, 1.4).
    Closed,
    Failed(ProtocolViolation),
}

/// What is still to come of a frame.
#[derive(Debug, Clone, Copy)]
struct Payload {
    /// Bytes.
    rest: u64,
    key: Key,
    ends: Ends,
    route: PayloadRoute,
}

/// What is done with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PayloadRoute {
    /// A control frame's: passed on as it is.
    Forward,
    /// Plain data: checked if it is text, and passed on or assembled.
    Check,
    /// Compressed data: the same with what it inflates to.
    Inflate,
    /// Plain data of a message in one frame: it goes straight into the answer, whose header is already written.
    Answer,
}

/// What ends with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Frame,
    Message,
    Connection,
}

impl Decoder {
    /// A decoder for a new connection; `agreed` is what its handshake negotiated.
    pub fn new(limits: Limits, agreed: Option<&Agreed>) -> Self {
        Self {
            limits,
            inflater: agreed.map(|agreed| Box::new(Inflater::new(agreed))),
            position: Position::Header,
            message: None,
            received: Counters::default(),
        }
    }

    /// Whether the next byte starts a message, or a control frame between two.
    pub fn is_between_messages(&self) -> bool {
        matches!(self.position, Position::Header) && self.message.is_none()
    }

    /// What came so far.
    pub fn received(&self) -> Counters {
        self.received
    }

    /// Whether nothing more is read: the client has closed, or the connection failed.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.position, Position::Closed | Position::Failed(_))
    }

    /// Why the connection failed, if it did.
    pub(super) fn violation(&self) -> Option<ProtocolViolation> {
        if let Position::Failed(violation) = self.position { Some(violation) } else { None }
    }

    /// Whether there is something to do without more input: output that did not fit, a violation, or the end.
    pub(super) fn has_more(&self) -> bool {
        !matches!(self.position, Position::Header | Position::Payload(Payload { rest: 1.., .. }))
    }

    /// Whether the frame may come here and now: the message that it belongs to, and its payload.
    fn judge(&self, header: &Header) -> Result<(Option<Message>, Payload), ProtocolViolation> {
        let key = header.key.ok_or(ProtocolViolation::Unmasked)?;
        if !header.is_shortest {
            return Err(ProtocolViolation::PaddedLength(header.length));
        }
        if header.length > MAX_LENGTH {
            return Err(ProtocolViolation::LengthTopBit);
        }
        let (message, route, ends) = match header.opcode {
            OpCode::Control(Control::Reserved(code)) => return Err(ProtocolViolation::ReservedOpcode(code)),
            OpCode::Control(_) if header.rsv != 0 => return Err(ProtocolViolation::ReservedBits),
            OpCode::Control(_) if !header.fin => return Err(ProtocolViolation::FragmentedControl),
            OpCode::Control(_) if header.length > MAX_CONTROL => {
                return Err(ProtocolViolation::LongControl(header.length));
            }
            OpCode::Control(Control::Close) => (self.message, PayloadRoute::Forward, Ends::Connection),
            OpCode::Control(_) => (self.message, PayloadRoute::Forward, Ends::Frame),
            OpCode::Data(data) => {
                let compression = if self.inflater.is_some() { Compression::Agreed } else { Compression::NotAgreed };
                let message = Message::with_frame(self.message, header, data, compression, &self.limits)?;
                let route = match message.encoding {
                    Encoding::Plain => PayloadRoute::Check,
                    Encoding::Deflate => PayloadRoute::Inflate,
                };
                (Some(message), route, if header.fin { Ends::Message } else { Ends::Frame })
            }
        };
        Ok((message, Payload { rest: header.length, key, ends, route }))
    }

    fn begin(&mut self, header: &Header, message: Option<Message>, payload: Payload) {
        self.received.count(header);
        self.message = message;
        self.position = Position::Payload(payload);
    }

    fn end(&mut self, ends: Ends) {
        self.position = if ends == Ends::Connection { Position::Closed } else { Position::Header };
        if ends == Ends::Message {
            self.message = None;
        }
    }
}

impl Payload {
    /// The part of `bytes` that belongs to it.
    fn of<'bytes>(&self, bytes: &'bytes [u8]) -> &'bytes [u8] {
        match usize::try_from(self.rest) {
            Ok(rest) if rest < bytes.len() => &bytes[..rest],
            _ => bytes,
        }
    }

    /// Inflates until `room` is full, or `input` has no more of it; tells how much came out.
    ///
    /// If it fills `room`, there may be more to come without more input.
    fn inflate(
        &mut self,
        inflater: &mut Inflater,
        input: &mut &[u8],
        room: &mut [u8],
    ) -> Result<usize, ProtocolViolation> {
        let mut made = 0;
        loop {
            let mut chunk = [0; CHUNK];
            let masked = self.of(&input[..input.len().min(CHUNK)]);
            let chunk = &mut chunk[..masked.len()];
            mask(chunk, masked, self.key);
            let (taken, put) = inflater.inflate(chunk, &mut room[made..])?;
            *input = &input[taken..];
            self.advance(taken);
            made += put;
            if made == room.len() || self.of(input).is_empty() {
                return Ok(made);
            }
        }
    }

    fn advance(&mut self, count: usize) {
        self.rest -= count as u64;
        self.key = rotated(self.key, count);
    }
}
