//! The fast path: a message that comes as one plain frame becomes its answer while it is looked at, without tungstenite.
//! Pings and pongs between messages are done on the way. Never judges for itself: whatever is not plain, or not in order,
//! stays where it lies and goes the general way.

use bytes::BytesMut;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{Decoder, Payload, Position, Way, compressed::Deflation};
use crate::protocol::{
    header::{self, Charset, Header, mask},
    message::Message,
    output::Output,
    violation::ProtocolViolation,
};

/// How much of a message has to be there before room is made for more than that, in bytes; even then only for as much
/// again, for an announcement shall cost nothing.
const PREALLOC_THRESHOLD: usize = 16 << 10;

/// The first byte of a frame that is a whole message, and of the answer to it.
pub(super) const TEXT: u8 = 0x81;
pub(super) const BINARY: u8 = 0x82;
/// The first byte of the answer to a ping, and of a ping.
const PONG: u8 = 0x8a;
pub(in crate::protocol) const PING: u8 = 0x89;

/// What is answered to each message, without asking: the message itself, or the same with something before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// What comes before the client's own words in the answer to a text.
    pub prefix: &'static str,
}

impl Reply {
    pub(super) fn prefix(self, data: Data) -> &'static [u8] {
        if data == Data::Text { self.prefix.as_bytes() } else { &[] }
    }
}

/// What was turned.
pub(super) enum Step {
    /// A message, which is not counted yet.
    Whole,
    /// A message that is, or a part of one.
    Counted,
}

/// Why no more is turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::protocol) enum Turn {
    /// There is no more, or only part of a header.
    Dry,
    /// There is enough output for one write, or it is the next connection's turn.
    Full,
    /// What comes next is not for the fast path.
    Other,
}

impl Decoder {
    /// Takes messages from `input` and puts the answers into `output`; `seen` is told of each message.
    pub(in crate::protocol) fn turn(
        &mut self,
        input: &mut &[u8],
        reply: Option<Reply>,
        deflation: &mut Option<Deflation<'_>>,
        output: &mut Output,
        seen: &mut impl FnMut(Data, &[u8]),
    ) -> Turn {
        let Some(reply) = reply else { return if input.is_empty() { Turn::Dry } else { Turn::Other } };
        let before = input.len();
        let mut whole = 0;
        let turn = loop {
            if output.is_full() {
                break Turn::Full;
            }
            let step = match (self.position, &mut *deflation) {
                (Position::Header, None) => self.echo_frame(input, reply, output, seen),
                (Position::Header, Some(deflation)) => self.echo_compressed(input, reply, deflation, output, seen),
                (Position::Payload(payload), _) if payload.way == Way::Turn => {
                    self.echo_continuation(payload, input, output, seen)
                }
                _ => Err(Turn::Other),
            };
            match step {
                Ok(Step::Whole) => whole += 1,
                Ok(Step::Counted) => {}
                Err(turn) => break turn,
            }
        };
        self.received.add(whole, before - input.len());
        turn
    }

    /// How much is still to come of the message that is being turned, in bytes.
    pub(in crate::protocol) fn turning(&self) -> usize {
        match self.position {
            Position::Payload(Payload { way: Way::Turn, rest, .. }) => usize::try_from(rest).unwrap_or(usize::MAX),
            _ => 0,
        }
    }

    /// Turns a frame, or the part of it that is there.
    #[inline(always)]
    fn echo_frame(
        &mut self,
        input: &mut &[u8],
        reply: Reply,
        output: &mut Output,
        seen: &mut impl FnMut(Data, &[u8]),
    ) -> Result<Step, Turn> {
        let (first, data) = match input.first() {
            Some(&first @ TEXT) => (first, Data::Text),
            Some(&first @ BINARY) => (first, Data::Binary),
            Some(_) => return self.answer_ping(input, output),
            None => return Err(Turn::Dry),
        };
        let (Header { key, length, .. }, size) = Header::parse(input).ok_or(Turn::Dry)?;
        let Some(key) = key else { return Err(Turn::Other) };
        if length > self.limits.message || self.message.is_some() {
            return Err(Turn::Other);
        }
        let prefix = reply.prefix(data);
        let masked = &input[size..];
        let Some((masked, rest)) = usize::try_from(length).ok().and_then(|length| masked.split_at_checked(length))
        else {
            return self.echo_start(input, prefix, output);
        };
        output.begin(first, prefix.len() as u64 + length, prefix);
        let text = output.extend(masked.len());
        let charset = mask(text, masked, key);
        if data == Data::Text && charset != Charset::Ascii && simdutf8::basic::from_utf8(text).is_err() {
            output.cancel();
            return Err(Turn::Other);
        }
        seen(data, text);
        output.end();
        *input = rest;
        Ok(Step::Whole)
    }

    /// Answers a ping between two messages, and takes in a pong; keep-alives would wake a task for each of them.
    pub(super) fn answer_ping(&mut self, input: &mut &[u8], output: &mut Output) -> Result<Step, Turn> {
        let (header, size) = Header::parse(input).ok_or(Turn::Dry)?;
        let (OpCode::Control(control @ (Control::Ping | Control::Pong)), None) = (header.opcode, &self.message) else {
            return Err(Turn::Other);
        };
        let (_, payload) = self.judge(&header).map_err(|_| Turn::Other)?;
        let (masked, rest) = input[size..].split_at_checked(payload.rest as usize).ok_or(Turn::Dry)?;
        if control == Control::Ping {
            output.begin(PONG, payload.rest, &[]);
            mask(output.extend(masked.len()), masked, payload.key);
            output.end_control();
        }
        self.received.count(&header);
        *input = rest;
        Ok(Step::Counted)
    }

    /// Begins the answer to a frame of which only a part is there.
    #[cold]
    fn echo_start(&mut self, input: &mut &[u8], prefix: &[u8], output: &mut Output) -> Result<Step, Turn> {
        let (header, size) = Header::parse(input).ok_or(Turn::Dry)?;
        let (message, payload) = self.judge(&header).map_err(|_| Turn::Other)?;
        output.begin(input[0], prefix.len() as u64 + header.length, prefix);
        self.admit(&header, message, Payload { way: Way::Turn, ..payload });
        *input = &input[size..];
        Ok(Step::Counted)
    }

    /// Turns what there is of a frame that has begun.
    fn echo_continuation(
        &mut self,
        mut payload: Payload,
        input: &mut &[u8],
        output: &mut Output,
        seen: &mut impl FnMut(Data, &[u8]),
    ) -> Result<Step, Turn> {
        let masked = payload.of(input);
        let Some(Message { form, next: data, .. }) = &mut self.message else { return Err(Turn::Other) };
        if masked.is_empty() {
            return Err(Turn::Dry);
        }
        *input = &input[masked.len()..];
        let plain = output.extend(masked.len());
        let charset = mask(plain, masked, payload.key);
        let mut is_right = charset == Charset::Ascii && form.is_whole() || form.check(plain).is_ok();
        payload.advance(masked.len());
        self.position = Position::Payload(payload);
        if payload.rest > 0 {
            if let Ok(rest) = usize::try_from(payload.rest)
                && output.unfinished().len() >= PREALLOC_THRESHOLD
            {
                output.make_room(rest.min(2 * output.unfinished().len()));
            }
        } else {
            is_right &= form.is_whole();
        }
        if !is_right {
            output.cancel();
            self.position = Position::Violated(ProtocolViolation::InvalidUtf8);
            return Err(Turn::Other);
        }
        if payload.rest == 0 {
            seen(*data, output.unfinished());
            output.end();
            self.end(payload.ends);
        }
        Ok(Step::Counted)
    }

    /// Takes an unfinished answer back: what has come of its message, as it may go on to tungstenite, which the rest of
    /// the message then does, too.
    pub(in crate::protocol) fn return_unfinished(&mut self, output: &mut Output) -> BytesMut {
        let mut bytes = BytesMut::new();
        if let (Position::Payload(payload @ Payload { way: Way::Turn, .. }), Some(message)) =
            (&mut self.position, &self.message)
        {
            let come = output.unfinished();
            let opcode = OpCode::Data(message.next);
            let first = Header { fin: false, rsv: 0, opcode, key: Some([0; 4]), length: come.len() as u64 };
            let opcode = OpCode::Data(Data::Continue);
            let last = Header { fin: true, rsv: 0, opcode, key: Some(payload.key), length: payload.rest };
            put(&mut bytes, &first);
            bytes.extend_from_slice(come);
            put(&mut bytes, &last);
            payload.way = Way::of(message.form);
            output.cancel();
        }
        bytes
    }
}

pub(super) fn put(bytes: &mut BytesMut, header: &Header) {
    let mut room = [0; header::MAX_SIZE];
    let size = header.write(&mut room);
    bytes.extend_from_slice(&room[..size]);
}
