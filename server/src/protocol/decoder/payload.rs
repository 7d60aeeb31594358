//! Answers a message of which the header has been judged: its payload comes part by part, in one frame or in many.

use tokio_tungstenite::tungstenite::protocol::frame::coding::Data;

use super::{
    Decoder, Ends, Payload, PayloadRoute, Position,
    echo::{Answers, BINARY, TEXT},
};
use crate::protocol::{
    Status,
    header::{Charset, RSV1, mask},
    violation::ProtocolViolation,
};

/// How much of a message must have arrived before room is made for more than that, in bytes; even then only for twice as
/// much again, so that an announced length costs nothing.
const PREALLOC_THRESHOLD: usize = 16 << 10;
/// What a byte on the wire costs of the budget for inflating.
const COST_PER_WIRE_BYTE: usize = 8;

impl Decoder {
    /// Takes what there is of a data frame's payload.
    pub(super) fn echo_payload<F: FnMut(Data, &[u8])>(
        &mut self,
        mut payload: Payload,
        input: &mut &[u8],
        answers: &mut Answers<'_, F>,
    ) -> Result<(), Status> {
        let taken = match payload.route {
            PayloadRoute::Inflate => self.inflate_payload(&mut payload, input, answers),
            _ => self.unmask_payload(&mut payload, input, answers),
        };
        self.position = Position::Payload(payload);
        let taken = taken.map_err(|violation| self.violate(violation, answers.output))?;
        match taken {
            Status::Done => {}
            status => return Err(status),
        }
        if payload.ends == Ends::Message {
            self.end_message(payload.route, answers).map_err(|violation| self.violate(violation, answers.output))?;
        }
        self.end(payload.ends);
        Ok(())
    }

    /// Unmasks what there is of a payload into the answer or the assembled message; done if it is all there.
    fn unmask_payload<F>(
        &mut self,
        payload: &mut Payload,
        input: &mut &[u8],
        Answers { output, assembly, .. }: &mut Answers<'_, F>,
    ) -> Result<Status, ProtocolViolation> {
        let masked = payload.of(input);
        *input = &input[masked.len()..];
        let is_answer = payload.route == PayloadRoute::Answer;
        let plain = if is_answer { output.extend(masked.len()) } else { assembly.extend(masked.len()) };
        let charset = mask(plain, masked, payload.key);
        payload.advance(masked.len());
        if let Some(message) = &mut self.message {
            message.check(plain, charset)?;
        }
        if payload.rest == 0 {
            return Ok(Status::Done);
        }
        if is_answer && output.unfinished().len() >= PREALLOC_THRESHOLD {
            let most = 2 * output.unfinished().len();
            output.make_room(usize::try_from(payload.rest).map_or(most, |rest| rest.min(most)));
        }
        Ok(Status::NeedInput)
    }

    /// Inflates what there is of a payload into the assembled message; done if nothing more comes out of it.
    fn inflate_payload<F>(
        &mut self,
        payload: &mut Payload,
        input: &mut &[u8],
        Answers { assembly, deflating, .. }: &mut Answers<'_, F>,
    ) -> Result<Status, ProtocolViolation> {
        let (Some(deflating), Some(inflater), Some(message)) = (deflating, &mut self.inflater, &mut self.message)
        else {
            return Ok(Status::Done);
        };
        loop {
            if deflating.budget == 0 {
                return Ok(Status::Yield);
            }
            let before = payload.rest;
            let room = assembly.room(self.limits.message);
            let size = room.len();
            let made = payload.inflate(inflater, input, room)?;
            message.add_inflated(made, &self.limits)?;
            message.check(&room[..made], Charset::Other)?;
            assembly.fill(made);
            // What was taken lay in the input.
            deflating.spend(made + COST_PER_WIRE_BYTE * (before - payload.rest) as usize);
            if made < size {
                break;
            }
        }
        if payload.rest > 0 {
            return Ok(Status::NeedInput);
        }
        if payload.ends == Ends::Message {
            inflater.finish()?;
        }
        Ok(Status::Done)
    }

    /// Ends the answer to a message, or makes it of the assembled message.
    fn end_message<F: FnMut(Data, &[u8])>(
        &mut self,
        route: PayloadRoute,
        Answers { output, assembly, deflating, on_message, .. }: &mut Answers<'_, F>,
    ) -> Result<(), ProtocolViolation> {
        let Some(message) = self.message else { return Ok(()) };
        message.check_end()?;
        if route == PayloadRoute::Answer {
            on_message(message.data, output.unfinished());
            output.end();
            return Ok(());
        }
        on_message(message.data, assembly.message());
        let answer = assembly.answer();
        let first = if message.data == Data::Text { TEXT } else { BINARY };
        let compressed = deflating.as_mut().and_then(|deflating| {
            deflating.spend(answer.len());
            deflating.deflater.deflate(answer, deflating.compressed)
        });
        let (first, answer) = compressed.map_or((first, answer), |compressed| (first | RSV1 << 4, compressed));
        output.begin(first, answer.len() as u64, &[]);
        output.extend(answer.len()).copy_from_slice(answer);
        output.end();
        assembly.clear();
        Ok(())
    }
}
