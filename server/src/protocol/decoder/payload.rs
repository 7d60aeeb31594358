//! A message that comes in parts: in one frame or in many, plain or compressed.

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::{Answers, Decoder, Payload, Position, Stop};
use crate::protocol::{
    deflate::Inflater,
    header::{Charset, RSV1, mask},
    message::{Encoding, Limits, Message},
    output::{BINARY, TEXT},
    role::Reply,
    status::Status,
};

/// What it costs to begin a message where compression was negotiated, however short it is.
const COST_PER_MESSAGE: usize = 1 << 10;
/// What a byte costs that comes out of the inflater, or goes into the compressor.
const COST_PER_PLAIN_BYTE: usize = 4;
/// What a compressed byte costs, whatever comes out of it.
const COST_PER_COMPRESSED_BYTE: usize = 8;
/// How much of a compressed payload is unmasked at a time, in bytes.
const CHUNK: usize = 1024;

impl Decoder {
    pub(super) fn begin_message<F>(&mut self, data: Data, answers: &mut Answers<'_, F>) {
        answers.assembly.begin(self.reply.prefix(data));
        let streams = self.inflater.as_ref().map_or(0, |inflater| COST_PER_MESSAGE + inflater.cost());
        answers.spend(streams + answers.deflating.as_ref().map_or(0, |(deflater, _)| deflater.cost()));
    }

    /// Takes what there is of a data frame's payload, and ends the frame and the message if that was all.
    pub(super) fn take_payload<F: FnMut(OpCode, &[u8])>(
        &mut self,
        mut payload: Payload,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Stop> {
        let Self { inflater, message: Some(message), limits, reply, .. } = self else {
            return Err(Status::Done.into());
        };
        let taken = match inflater {
            _ if *reply == Reply::Discard => payload.skip(input),
            Some(inflater) if message.encoding == Encoding::Deflate => {
                payload.inflate(input, inflater, message, limits, answers)
            }
            _ => payload.unmask(input, message, answers),
        };
        self.position = Position::Payload(payload);
        taken?;
        if payload.rest > 0 {
            return Err(Status::NeedInput.into());
        }
        self.position = Position::Header;
        if payload.is_last
            && let Some(message) = self.message.take()
            && self.reply != Reply::Discard
        {
            if let Some(inflater) = self.inflater.as_mut().filter(|_| message.encoding == Encoding::Deflate) {
                inflater.finish()?;
                self.received.saved += message.saved();
            }
            message.check_end()?;
            (answers.on_message)(OpCode::Data(message.data), answers.assembly.message());
            answers.end_message(message.data);
        }
        Ok(())
    }
}

impl Payload {
    fn skip(&mut self, input: &mut &[u8]) -> Result<(), Stop> {
        let count = self.of(input).len();
        *input = &input[count..];
        self.advance(count);
        Ok(())
    }

    fn unmask<F>(
        &mut self,
        input: &mut &[u8],
        message: &mut Message,
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Stop> {
        let masked = self.of(input);
        let plain = answers.assembly.buffer.extend(masked.len());
        let charset = mask(plain, masked, self.key);
        *input = &input[masked.len()..];
        self.advance(masked.len());
        Ok(message.check(plain, charset)?)
    }

    /// Inflates until nothing more comes out of what there is, or the budget is spent.
    fn inflate<F>(
        &mut self,
        input: &mut &[u8],
        inflater: &mut Inflater,
        message: &mut Message,
        limits: &Limits,
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Stop> {
        loop {
            if answers.budget == 0 {
                return Err(Status::Yield.into());
            }
            let mut chunk = [0; CHUNK];
            let masked = self.of(&input[..input.len().min(CHUNK)]);
            let chunk = &mut chunk[..masked.len()];
            mask(chunk, masked, self.key);
            let room = answers.assembly.room(limits);
            let (taken, made) = inflater.inflate(chunk, room)?;
            *input = &input[taken..];
            self.advance(taken);
            message.add_inflated(made, limits)?;
            message.check(&room[..made], Charset::Other)?;
            // If it filled the room, there may be more without more input.
            let is_dry = made < room.len() && self.of(input).is_empty();
            answers.assembly.buffer.fill(made);
            answers.spend(COST_PER_PLAIN_BYTE * made + COST_PER_COMPRESSED_BYTE * taken);
            if is_dry {
                return Ok(());
            }
        }
    }
}

impl<F> Answers<'_, F> {
    /// Makes the answer of the assembled message, compressed if that was negotiated and pays.
    fn end_message(&mut self, data: Data) {
        let first = if data == Data::Text { TEXT } else { BINARY };
        let answer = self.assembly.answer();
        let cost = COST_PER_PLAIN_BYTE * answer.len();
        let Some((deflater, compressed)) = &mut self.deflating else {
            return self.output.answer_assembled(first, self.assembly);
        };
        match deflater.deflate(answer, compressed) {
            Some(compressed) => {
                self.output.frame(first | RSV1 << 4, compressed.len()).copy_from_slice(compressed);
                self.assembly.clear();
            }
            None => self.output.answer_assembled(first, self.assembly),
        }
        self.spend(cost);
    }
}
