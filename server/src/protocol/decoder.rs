//! Stands between the socket and tungstenite, without either: a client's bytes in, the same bytes out, except that what
//! breaks the protocol or a limit stops as soon as a header or a byte of text shows it, and that compressed messages come
//! out inflated.
//! Never speaks for tungstenite, and never holds a message; the [fast path](turn) alone answers.
//!
//! Two faults are left to tungstenite, which finds them in the same instant: a text that lies whole in view and is no
//! UTF-8, and a text that ends within a character.

mod compressed;
mod echo;

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{
    counters::Counters,
    header::{self, Header, Key, mask, rotated},
    message::{Compression, Form, Limits, Message},
    violation::ProtocolViolation,
};
use crate::protocol::deflate::{Agreed, Inflater};
pub(super) use compressed::{Deflation, ScratchBuffers};
pub use echo::Reply;
pub(super) use echo::{PING, Turn};

/// The largest payload of a control frame, in bytes (RFC 6455, 5.5).
const MAX_CONTROL: u64 = 125;
/// The largest payload of a frame that the decoder makes, in bytes, and the room for its header.
const FRAGMENT: usize = u16::MAX as usize;
const FRAGMENT_HEADER: usize = 8;
/// How much of a compressed payload is unmasked at once, in bytes.
const CHUNK: usize = 1024;

/// The inbound side of one connection.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    /// There where permessage-deflate was agreed.
    inflater: Option<Box<Inflater>>,
    position: Position,
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
    Violated(ProtocolViolation),
}

/// What is still to come of a frame.
#[derive(Debug, Clone, Copy)]
struct Payload {
    /// Bytes.
    rest: u64,
    key: Key,
    way: Way,
    ends: Ends,
}

/// What is done with a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Pass,
    /// It goes on as it is, and is read as text as it goes.
    Check,
    Inflate,
    /// It becomes part of an answer at once.
    Turn,
}

/// What ends with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Frame,
    Message,
    Connection,
}

/// Why bytes do not go on as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// There are none, or only a part of a header.
    Incomplete,
    Compressed,
    Closed,
    Violated(ProtocolViolation),
}

impl From<ProtocolViolation> for Stop {
    fn from(violation: ProtocolViolation) -> Self {
        Self::Violated(violation)
    }
}

impl Decoder {
    /// A decoder for a new connection, and what its handshake agreed on.
    pub fn new(limits: Limits, agreed: Option<&Agreed>) -> Self {
        Self {
            limits,
            inflater: agreed.map(|agreed| Box::new(Inflater::new(agreed))),
            position: Position::Header,
            message: None,
            received: Counters::default(),
        }
    }

    /// How many of the first bytes go on as they are. The others are for [`read`](Self::read).
    pub fn pass(&mut self, bytes: &[u8]) -> usize {
        let (passed, _) = self.walk(bytes);
        self.received.bytes += passed as u64;
        passed
    }

    /// Takes from `input` and puts into `out`, which has the [`room`](Self::room) for it; tells how much it put there.
    ///
    /// Nothing means that more input is needed, and that there is no more left than a part of a header. A violation is for
    /// ever.
    pub fn read(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ProtocolViolation> {
        let before = input.len();
        let result = self.fill(input, out);
        self.received.bytes += (before - input.len()) as u64;
        if let Err(violation) = result {
            self.position = Position::Violated(violation);
        }
        result
    }

    /// Whether a read may tell something even without input: the end of a message that did not fit so far, or a violation.
    pub fn has_more(&self) -> bool {
        matches!(self.position, Position::Payload(Payload { rest: 0, way: Way::Inflate, .. }) | Position::Violated(_))
    }

    /// Whether the next byte begins a message, or a control frame between two.
    pub fn is_between_messages(&self) -> bool {
        matches!(self.position, Position::Header) && self.message.is_none()
    }

    /// How large a buffer must be for the next bytes at the least.
    pub fn room(&self) -> usize {
        match self.position {
            Position::Header | Position::Payload(Payload { way: Way::Inflate, .. }) => header::MAX_SIZE,
            _ => 1,
        }
    }

    /// What came so far.
    pub fn received(&self) -> Counters {
        self.received
    }

    fn fill(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ProtocolViolation> {
        loop {
            let (passed, stop) = self.walk(&input[..input.len().min(out.len())]);
            if passed > 0 {
                out[..passed].copy_from_slice(&input[..passed]);
                *input = &input[passed..];
                return Ok(passed);
            }
            match stop {
                Stop::Incomplete => return Ok(0),
                Stop::Compressed => {
                    let made = self.inflate(input, out)?;
                    if made > 0 || matches!(self.position, Position::Payload(_)) {
                        return Ok(made);
                    }
                }
                Stop::Closed => {
                    *input = &[];
                    return Ok(0);
                }
                Stop::Violated(violation) => return Err(violation),
            }
        }
    }

    /// Follows what goes on as it is, and tells how far, and why no farther.
    fn walk(&mut self, bytes: &[u8]) -> (usize, Stop) {
        let mut at = 0;
        loop {
            match self.step(&bytes[at..]) {
                Ok(size) => at += size,
                Err(stop) => return (at, stop),
            }
        }
    }

    /// A header, or what there is of a payload. Where it stops, nothing has changed.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, Stop> {
        match &mut self.position {
            Position::Header => {
                let (header, size) = Header::parse(bytes).ok_or(Stop::Incomplete)?;
                let (message, mut payload) = self.judge(&header)?;
                if payload.way == Way::Inflate {
                    return Err(Stop::Compressed);
                }
                let in_view = header.length <= (bytes.len() - size) as u64;
                if header.fin && header.opcode == OpCode::Data(Data::Text) && in_view {
                    payload.way = Way::Pass;
                }
                self.admit(&header, message, payload);
                Ok(size)
            }
            Position::Payload(Payload { way: Way::Inflate, .. }) => Err(Stop::Compressed),
            Position::Payload(Payload { rest: 0, ends, .. }) => {
                let ends = *ends;
                self.end(ends);
                Ok(0)
            }
            Position::Payload(_) if bytes.is_empty() => Err(Stop::Incomplete),
            Position::Payload(payload) => {
                let bytes = payload.of(bytes);
                if let (Way::Check, Some(Message { form: Form::Text(utf8), .. })) = (payload.way, &mut self.message) {
                    utf8.check_masked(bytes, payload.key).map_err(ProtocolViolation::from)?;
                }
                payload.advance(bytes.len());
                Ok(bytes.len())
            }
            Position::Closed => Err(Stop::Closed),
            Position::Violated(violation) => Err(Stop::Violated(*violation)),
        }
    }

    /// Whether the frame may come here and now; what it makes of the message in hand, and what is to be done with its
    /// payload.
    fn judge(&self, header: &Header) -> Result<(Option<Message>, Payload), ProtocolViolation> {
        let key = header.key.ok_or(ProtocolViolation::Unmasked)?;
        let (message, way, ends) = match header.opcode {
            OpCode::Control(Control::Reserved(code)) | OpCode::Data(Data::Reserved(code)) => {
                return Err(ProtocolViolation::ReservedOpcode(code));
            }
            OpCode::Control(_) if header.rsv != 0 => return Err(ProtocolViolation::ReservedBits),
            OpCode::Control(_) if !header.fin => return Err(ProtocolViolation::FragmentedControl),
            OpCode::Control(_) if header.length > MAX_CONTROL => {
                return Err(ProtocolViolation::LongControl(header.length));
            }
            OpCode::Control(Control::Close) => (self.message, Way::Pass, Ends::Connection),
            OpCode::Control(_) => (self.message, Way::Pass, Ends::Frame),
            OpCode::Data(data) => {
                let compression = if self.inflater.is_some() { Compression::Agreed } else { Compression::NotAgreed };
                let message = Message::with_frame(self.message, header, data, compression, &self.limits)?;
                (Some(message), Way::of(message.form), if header.fin { Ends::Message } else { Ends::Frame })
            }
        };
        Ok((message, Payload { rest: header.length, key, way, ends }))
    }

    fn admit(&mut self, header: &Header, message: Option<Message>, payload: Payload) {
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

    /// Takes what there is of one compressed frame, and puts one plain frame into `out` if anything came out of it.
    fn inflate(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ProtocolViolation> {
        if let (Position::Header, Some((header, size))) = (self.position, Header::parse(input)) {
            let (message, payload) = self.judge(&header)?;
            self.admit(&header, message, payload);
            *input = &input[size..];
        }
        let Self { position: Position::Payload(payload), message: Some(message), inflater: Some(inflater), .. } = self
        else {
            return Ok(0);
        };
        let size = out.len().min(FRAGMENT_HEADER + FRAGMENT);
        let room = &mut out[FRAGMENT_HEADER..size];
        let made = payload.inflate(inflater, input, room)?;
        message.grow(made, &self.limits)?;
        // Where the room is full, there may be more.
        let ended = payload.rest == 0 && made < room.len();
        let fin = ended && payload.ends == Ends::Message;
        if fin {
            inflater.finish()?;
        }
        let header = Header { fin, rsv: 0, opcode: OpCode::Data(message.next), key: Some([0; 4]), length: made as u64 };
        if ended {
            let ends = payload.ends;
            self.end(ends);
        }
        if made == 0 && !fin {
            return Ok(0);
        }
        if let Some(message) = &mut self.message {
            message.next = Data::Continue;
        }
        let header_size = header.write(out);
        out.copy_within(FRAGMENT_HEADER..FRAGMENT_HEADER + made, header_size);
        Ok(header_size + made)
    }
}

impl Way {
    /// What the payloads of such messages need, if nothing else is done with them.
    fn of(form: Form) -> Self {
        match form {
            Form::Binary => Self::Pass,
            Form::Text(_) => Self::Check,
            Form::Compressed { .. } => Self::Inflate,
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

    /// Inflates until `room` is full, or there is no more of it; tells how much came out.
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
