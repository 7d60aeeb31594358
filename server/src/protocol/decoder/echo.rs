//! Answers a client's frames: each message with itself, pings with pongs, a close frame with a close frame, and what the
//! client did wrong with the close frame that says so.
//!
//! There are three ways for a message, chosen at its header:
//! 1. It lies in the input as one plain frame, as nearly all do: [`echo_frame`](Decoder::echo_frame) copies it into its
//!    answer and unmasks it on the way.
//! 2. It is one plain frame of which a part has arrived: its answer is begun, and every part goes there
//!    ([`PayloadRoute::Answer`]). Nothing of it is sent before the end, because a text may turn out to be none.
//! 3. It is fragmented, or permessage-deflate was negotiated: it is assembled in a buffer of its own, because the length
//!    of its answer is not known before the end.
//!
//! A step returns `Err` with the [`Status`] that ends the loop.

use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame,
    frame::coding::{Control, Data, OpCode},
};

use super::{Decoder, Payload, PayloadRoute, Position};
use crate::protocol::{
    Status,
    assembly::Assembly,
    close,
    deflate::Deflater,
    header::{Charset, Header, mask},
    output::{CLOSE, Output, PONG},
    violation::ProtocolViolation,
};

/// How much a connection may inflate and compress before it yields, as bytes that come out; the last piece may go beyond.
const INFLATE_BUDGET: usize = 256 << 10;
/// What a message costs of it, however short it is.
const COST_PER_MESSAGE: usize = 1 << 10;

/// The first byte of a frame that is a whole message, and of the answer to it.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;

/// The answer to each message: the message itself, or the same with something before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// What comes before the client's own words in the answer to a text.
    pub prefix: &'static str,
}

impl Reply {
    fn prefix(self, data: Data) -> &'static [u8] {
        if data == Data::Text { self.prefix.as_bytes() } else { &[] }
    }
}

/// Where the answers go, and what they need.
pub(in crate::protocol) struct Answers<'call, F> {
    pub(in crate::protocol) reply: Reply,
    pub(in crate::protocol) output: &'call mut Output,
    /// The message that is being assembled.
    pub(in crate::protocol) assembly: &'call mut Assembly,
    /// Present if permessage-deflate was negotiated.
    pub(in crate::protocol) deflating: Option<Deflating<'call>>,
    /// Called with each message.
    pub(in crate::protocol) on_message: &'call mut F,
}

/// What compressed messages need for one call.
pub(in crate::protocol) struct Deflating<'call> {
    pub(super) deflater: &'call mut Deflater,
    /// A buffer for what is compressed.
    pub(super) compressed: &'call mut Vec<u8>,
    /// What is left of [`INFLATE_BUDGET`].
    pub(super) budget: usize,
}

impl<'call> Deflating<'call> {
    pub(in crate::protocol) fn new(deflater: &'call mut Deflater, compressed: &'call mut Vec<u8>) -> Self {
        Self { deflater, compressed, budget: INFLATE_BUDGET }
    }

    pub(super) fn spend(&mut self, cost: usize) {
        self.budget = self.budget.saturating_sub(cost);
    }
}

impl Decoder {
    /// Takes frames from `input` and answers them, for as long as there are whole ones and the output has room.
    pub(in crate::protocol) fn echo<F: FnMut(Data, &[u8])>(
        &mut self,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
    ) -> Status {
        let before = input.len();
        let mut whole = 0;
        let status = loop {
            if answers.output.is_full() {
                break Status::OutputFull;
            }
            let step = match self.position {
                Position::Header if answers.deflating.is_none() => self.echo_frame(input, answers, &mut whole),
                Position::Header => self.begin_frame(input, answers),
                Position::Payload(payload) => self.echo_payload(payload, input, answers),
                Position::Closed | Position::Failed(_) => Err(Status::Done),
            };
            if let Err(status) = step {
                break status;
            }
        };
        // Counted together, which is cheaper than one by one.
        self.received.add(whole, before - input.len());
        status
    }

    /// Takes frames from `input` without an answer, until the client's close frame: this side has sent its own.
    pub(in crate::protocol) fn skip(&mut self, input: &mut &[u8]) -> Status {
        let before = input.len();
        let status = loop {
            match self.position {
                Position::Header => {
                    let Some((header, size)) = Header::parse(input) else { break Status::NeedInput };
                    match self.judge(&header) {
                        Ok((message, payload)) => self.begin(&header, message, payload),
                        Err(violation) => self.position = Position::Failed(violation),
                    }
                    *input = &input[size..];
                }
                Position::Payload(Payload { rest: 0, ends, .. }) => self.end(ends),
                Position::Payload(_) if input.is_empty() => break Status::NeedInput,
                Position::Payload(mut payload) => {
                    let count = payload.of(input).len();
                    payload.advance(count);
                    *input = &input[count..];
                    self.position = Position::Payload(payload);
                }
                Position::Closed | Position::Failed(_) => break Status::Done,
            }
        };
        self.received.bytes += (before - input.len()) as u64;
        status
    }

    /// Fails the connection: nothing more is read, and `frame` is the last that is sent.
    pub(in crate::protocol) fn fail(&mut self, frame: &CloseFrame, output: &mut Output) {
        self.position = Position::Closed;
        output.cancel();
        close::write(frame, output);
    }

    /// How much is still to come of an answer that has begun, in bytes.
    pub(in crate::protocol) fn expected(&self) -> usize {
        match self.position {
            Position::Payload(Payload { route: PayloadRoute::Answer, rest, .. }) => {
                usize::try_from(rest).unwrap_or(usize::MAX)
            }
            _ => 0,
        }
    }

    /// Answers a message that lies in the input as one plain frame; anything else is begun.
    #[inline(always)]
    fn echo_frame<F: FnMut(Data, &[u8])>(
        &mut self,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
        whole: &mut u64,
    ) -> Result<(), Status> {
        let (first, data) = match input.first() {
            Some(&first @ TEXT) => (first, Data::Text),
            Some(&first @ BINARY) => (first, Data::Binary),
            Some(_) => return self.begin_frame(input, answers),
            None => return Err(Status::NeedInput),
        };
        let (Header { key, length, is_shortest, .. }, size) = Header::parse(input).ok_or(Status::NeedInput)?;
        let payload = usize::try_from(length).ok().and_then(|length| input[size..].split_at_checked(length));
        let (Some(key), Some((masked, rest))) = (key, payload) else { return self.begin_frame(input, answers) };
        if length > self.limits.message || self.message.is_some() || !is_shortest {
            return self.begin_frame(input, answers);
        }
        let prefix = answers.reply.prefix(data);
        answers.output.begin(first, prefix.len() as u64 + length, prefix);
        let plain = answers.output.extend(masked.len());
        let charset = mask(plain, masked, key);
        if data == Data::Text && charset != Charset::Ascii && simdutf8::basic::from_utf8(plain).is_err() {
            return Err(self.violate(ProtocolViolation::InvalidUtf8, answers.output));
        }
        (answers.on_message)(data, plain);
        answers.output.end();
        *input = rest;
        *whole += 1;
        Ok(())
    }

    /// Judges a frame by its header. A control frame is taken whole; of a data frame the payload is left for
    /// `echo_payload`.
    fn begin_frame<F: FnMut(Data, &[u8])>(
        &mut self,
        input: &mut &[u8],
        Answers { reply, output, assembly, deflating, .. }: &mut Answers<'_, F>,
    ) -> Result<(), Status> {
        let (header, size) = Header::parse(input).ok_or(Status::NeedInput)?;
        if deflating.as_ref().is_some_and(|deflating| deflating.budget == 0) {
            return Err(Status::Yield);
        }
        let (message, mut payload) = self.judge(&header).map_err(|violation| self.violate(violation, output))?;
        let (OpCode::Data(_), Some(begun)) = (header.opcode, message) else {
            return self.take_control(&header, payload, size, input, output);
        };
        if begun.is_first_frame() {
            let prefix = reply.prefix(begun.data);
            if payload.route == PayloadRoute::Check && header.fin && deflating.is_none() {
                payload.route = PayloadRoute::Answer;
                output.begin(input[0], prefix.len() as u64 + header.length, prefix);
            } else {
                assembly.begin(prefix);
            }
            if let Some(deflating) = deflating {
                let new_streams =
                    deflating.deflater.cost() + self.inflater.as_ref().map_or(0, |inflater| inflater.cost());
                deflating.spend(COST_PER_MESSAGE + new_streams);
            }
        }
        self.begin(&header, message, payload);
        *input = &input[size..];
        Ok(())
    }

    /// Answers a ping or a close frame, and takes in a pong.
    fn take_control(
        &mut self,
        header: &Header,
        payload: Payload,
        size: usize,
        input: &mut &[u8],
        output: &mut Output,
    ) -> Result<(), Status> {
        // Its length is at most 125, as judged.
        let (masked, rest) = input[size..].split_at_checked(payload.rest as usize).ok_or(Status::NeedInput)?;
        self.received.count(header);
        *input = rest;
        match header.opcode {
            OpCode::Control(Control::Ping) => {
                output.begin(PONG, payload.rest, &[]);
                mask(output.extend(masked.len()), masked, payload.key);
                output.end_control();
                Ok(())
            }
            OpCode::Control(Control::Close) => {
                let mut plain = [0; super::MAX_CONTROL as usize];
                let plain = &mut plain[..masked.len()];
                mask(plain, masked, payload.key);
                close::read(plain).map_err(|violation| self.violate(violation, output))?;
                self.position = Position::Closed;
                output.control(CLOSE, plain);
                Err(Status::Done)
            }
            _ => Ok(()),
        }
    }

    /// Fails the connection for what the client did wrong.
    pub(super) fn violate(&mut self, violation: ProtocolViolation, output: &mut Output) -> Status {
        self.fail(&violation.into(), output);
        self.position = Position::Failed(violation);
        Status::Done
    }
}
