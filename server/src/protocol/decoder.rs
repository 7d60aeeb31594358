//! Reads the peer's frames: header, mask, order, limits, UTF-8, inflating. It fails a connection as soon as a header or a
//! byte of text shows that it is wrong.
//!
//! Both engines read with it, and the [`Reply`] says what becomes of the frames: they are answered, they are passed on to
//! tungstenite, or, when this side has closed, they are discarded.
//!
//! There are two ways for a message, chosen at its header:
//! 1. It lies in the input as one plain frame, as nearly all do: [`echo_frame`](Decoder::echo_frame) unmasks it into its
//!    answer.
//! 2. It comes in parts, or compression was negotiated: each part is unmasked or inflated into the [`Assembly`]
//!    ([`Decoder::take_payload`]). Nothing of it is sent before its end, because a text may turn out to be none.

mod control;
mod payload;

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{
    assembly::Assembly,
    counters::{Controls, Counters, Whole},
    deflate::{Agreed, Deflater, Inflater},
    header::{Charset, Header, Key, mask, rotated},
    held::Unfinished,
    message::{Compression, Limits, Message},
    output::{BINARY, Output, TEXT},
    role::{Reply, Role},
    status::Status,
    violation::ProtocolViolation,
};

/// What the frames of one call may cost before the connection yields; the costs are relative to each other.
pub(super) const BUDGET: usize = 256 << 10;
/// What a frame costs that is not a whole plain message, whatever its payload.
const COST_PER_FRAME: usize = 64;

/// The largest payload of any frame, in bytes: the top bit of a length is 0 (RFC 6455, 5.2).
const MAX_LENGTH: u64 = u64::MAX >> 1;

/// The inbound side of one connection.
#[derive(Debug)]
pub(super) struct Decoder {
    limits: Limits,
    pub(super) reply: Reply,
    /// Present if permessage-deflate was negotiated.
    inflater: Option<Box<Inflater>>,
    position: Position,
    /// The message that is arriving.
    message: Option<Message>,
    pub(super) received: Counters,
    pub(super) controls: Controls,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy)]
enum Position {
    Header,
    /// The payload of a text or binary message.
    Payload(Payload),
    /// Nothing counts after a close frame (RFC 6455, 1.4).
    Closed,
    Failed(ProtocolViolation),
}

/// What is still to come of a data frame.
#[derive(Debug, Clone, Copy)]
struct Payload {
    /// Bytes.
    rest: u64,
    key: Key,
    /// Whether the message ends with it.
    is_last: bool,
}

/// What one call works with.
pub(super) struct Answers<'call, F> {
    pub(super) output: &'call mut Output,
    /// The message that arrives in parts.
    pub(super) assembly: &'call mut Assembly,
    /// Present if answers are compressed, with a buffer for one of them.
    pub(super) deflating: Option<(&'call mut Deflater, &'call mut Vec<u8>)>,
    /// What is left of [`BUDGET`].
    pub(super) budget: usize,
    /// Called with each message, and with the payload of a close frame.
    pub(super) on_message: &'call mut F,
}

impl<F> Answers<'_, F> {
    pub(super) fn spend(&mut self, cost: usize) {
        self.budget = self.budget.saturating_sub(cost);
    }
}

/// Why a step is the last of its call.
enum Stop {
    Status(Status),
    Violation(ProtocolViolation),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Status(status)
    }
}

impl From<ProtocolViolation> for Stop {
    fn from(violation: ProtocolViolation) -> Self {
        Self::Violation(violation)
    }
}

impl Decoder {
    /// A decoder for a new connection; `agreed` is what its handshake negotiated.
    pub(super) fn new(reply: Reply, limits: Limits, agreed: Option<&Agreed>) -> Self {
        Self {
            limits,
            reply,
            inflater: agreed.map(|agreed| Box::new(Inflater::new(agreed))),
            position: Position::Header,
            message: None,
            received: Counters::default(),
            controls: Controls::default(),
        }
    }

    /// Whether the next byte starts a message, or a control frame between two.
    pub(super) fn is_between_messages(&self) -> bool {
        matches!(self.position, Position::Header) && self.message.is_none()
    }

    /// What is incomplete: a message, or a frame of which a part is left as input.
    pub(super) fn unfinished(&self, has_leftover_input: bool) -> Option<Unfinished> {
        let (messages, frames) = (self.received.messages(), self.received.frames);
        match self.position {
            Position::Closed | Position::Failed(_) => None,
            // Counted when its last frame began.
            Position::Payload(Payload { is_last: true, .. }) => Some(Unfinished::Message(messages - 1)),
            _ if self.message.is_some() => Some(Unfinished::Message(messages)),
            _ => has_leftover_input.then_some(Unfinished::Frame(frames)),
        }
    }

    /// Bytes of memory that the inflater takes.
    pub(super) fn inflater_size(&self) -> usize {
        self.inflater.as_ref().map_or(0, |inflater| inflater.size())
    }

    /// Whether nothing more is read: the client has closed, or the connection failed.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self.position, Position::Closed | Position::Failed(_))
    }

    /// Why the connection failed, if it did.
    pub(super) fn violation(&self) -> Option<ProtocolViolation> {
        if let Position::Failed(violation) = self.position { Some(violation) } else { None }
    }

    /// Whether there is something to do without more input: a message to end or to inflate, or the end to report.
    pub(super) fn has_more(&self) -> bool {
        !matches!(self.position, Position::Header | Position::Payload(Payload { rest: 1.., .. }))
    }

    /// How much is still to come of a frame that has begun, in bytes.
    pub(super) fn expected(&self) -> usize {
        match self.position {
            Position::Payload(Payload { rest, .. }) => usize::try_from(rest).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// Nothing more is read, because this side ends the connection.
    pub(super) fn close(&mut self) {
        self.position = Position::Closed;
    }

    /// Takes frames from `input`, for as long as there are whole ones and the output has room.
    pub(super) fn echo<F: FnMut(OpCode, &[u8])>(&mut self, input: &mut &[u8], answers: &mut Answers<'_, F>) -> Status {
        let before = input.len();
        let mut whole = Whole::default();
        let may_be_whole =
            answers.deflating.is_none() && matches!(self.reply, Reply::Echo { .. } | Reply::PassOn(Role::Server));
        let stop = loop {
            if answers.output.is_full() {
                break Status::OutputFull.into();
            }
            let step = match self.position {
                Position::Header if may_be_whole => self.echo_frame(input, answers, &mut whole),
                Position::Header => self.begin_frame(input, answers),
                Position::Payload(payload) => self.take_payload(payload, input, answers),
                Position::Closed | Position::Failed(_) => Err(Status::Done.into()),
            };
            if let Err(stop) = step {
                break stop;
            }
        };
        // Counted together, which is cheaper than one by one.
        self.received.bytes += (before - input.len()) as u64;
        self.received.add(whole);
        match stop {
            Stop::Status(status) => status,
            Stop::Violation(violation) => {
                self.position = Position::Failed(violation);
                answers.assembly.clear();
                if let Reply::Echo { .. } = self.reply {
                    super::close::write(&violation.into(), answers.output);
                }
                Status::Done
            }
        }
    }

    /// Answers a message that lies in the input as one plain frame; anything else is begun.
    #[inline(always)]
    fn echo_frame<F: FnMut(OpCode, &[u8])>(
        &mut self,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
        whole: &mut Whole,
    ) -> Result<(), Stop> {
        let (first, data) = match input.first() {
            Some(&first @ TEXT) => (first, Data::Text),
            Some(&first @ BINARY) => (first, Data::Binary),
            Some(_) => return self.begin_frame(input, answers),
            None => return Err(Status::NeedInput.into()),
        };
        let (Header { key, length, is_shortest, .. }, size) = Header::parse(input).ok_or(Status::NeedInput)?;
        let payload = usize::try_from(length).ok().and_then(|length| input[size..].split_at_checked(length));
        let (Some(key), Some((masked, rest))) = (key, payload) else { return self.begin_frame(input, answers) };
        if length > self.limits.message || self.message.is_some() || !is_shortest {
            return self.begin_frame(input, answers);
        }
        let position = answers.output.position();
        let plain = answers.output.answer(first, self.reply.prefix(data), masked.len());
        let charset = mask(plain, masked, key);
        if data == Data::Text && charset != Charset::Ascii && simdutf8::basic::from_utf8(plain).is_err() {
            answers.output.truncate(position);
            return Err(ProtocolViolation::InvalidUtf8.into());
        }
        (answers.on_message)(OpCode::Data(data), plain);
        *input = rest;
        whole.add(first, size as u64 + length);
        Ok(())
    }

    /// Judges a frame by its header. A control frame is taken whole; of a data frame the payload is left for
    /// [`take_payload`](Self::take_payload).
    fn begin_frame<F: FnMut(OpCode, &[u8])>(
        &mut self,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Stop> {
        let (header, size) = Header::parse(input).ok_or(Status::NeedInput)?;
        if answers.budget == 0 {
            return Err(Status::Yield.into());
        }
        answers.spend(COST_PER_FRAME);
        let key = self.reply.role().key(header.key)?;
        if !header.is_shortest {
            return Err(ProtocolViolation::PaddedLength(header.length).into());
        }
        if header.length > MAX_LENGTH {
            return Err(ProtocolViolation::LengthTopBit.into());
        }
        let data = match header.opcode() {
            OpCode::Control(control) => {
                self.take_control(control, &header, size, input, answers)?;
                Data::Continue
            }
            OpCode::Data(data) => {
                let compression = if self.inflater.is_some() { Compression::Agreed } else { Compression::NotAgreed };
                let message = Message::with_frame(self.message, &header, data, compression, &self.limits)?;
                if message.is_first_frame() && self.reply != Reply::Discard {
                    self.begin_message(message.data, answers);
                }
                self.message = Some(message);
                self.position = Position::Payload(Payload { rest: header.length, key, is_last: header.fin() });
                *input = &input[size..];
                message.data
            }
        };
        self.received.count(&header, size as u64 + header.length, data);
        Ok(())
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

    fn advance(&mut self, count: usize) {
        self.rest -= count as u64;
        self.key = rotated(self.key, count);
    }
}
