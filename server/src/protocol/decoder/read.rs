//! Passes frames on for tungstenite: the bytes of plain frames as they are, and what compressed frames inflate to as plain
//! frames whose mask changes nothing. One fault is left to tungstenite: a text that ends within a character.

use std::io;

use tokio_tungstenite::tungstenite::protocol::{
    CloseFrame,
    frame::coding::{Data, OpCode},
};

use super::{Decoder, Ends, MAX_CONTROL, Payload, PayloadRoute, Position};
use crate::protocol::{
    close,
    header::{self, Header, mask},
    violation::ProtocolViolation,
};

/// The largest payload of a frame that is made here, in bytes, and the room for its header.
const FRAGMENT: usize = u16::MAX as usize;
const FRAGMENT_HEADER: usize = 8;

/// Why nothing more is passed on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadEnd {
    /// What the client did wrong.
    #[error(transparent)]
    Violation(#[from] ProtocolViolation),
    /// The client has closed with a code that tungstenite would not answer with the same.
    #[error("closed by the client: {0}")]
    Closed(CloseFrame),
}

impl From<ReadEnd> for io::Error {
    fn from(end: ReadEnd) -> Self {
        Self::new(io::ErrorKind::InvalidData, end)
    }
}

impl ReadEnd {
    /// Why a read from [`FrameLayer`](crate::session::FrameLayer) failed, if that was it.
    pub fn from_error(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl Decoder {
    /// How many bytes of room [`read`](Self::read) needs now at the least.
    pub fn room(&self) -> usize {
        match self.position {
            Position::Header | Position::Payload(Payload { route: PayloadRoute::Inflate, .. }) => header::MAX_SIZE,
            _ => 1,
        }
    }

    /// Takes a header or a part of a payload from `input` and puts it into `out`; tells how many bytes it put there.
    ///
    /// None means that more input is needed: at most a part of a header or of a close frame is left.
    ///
    /// # Errors
    /// Why nothing more is passed on; from then on every call with what is left returns the same.
    pub fn read(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ReadEnd> {
        let before = input.len();
        let result = self.pass_on(input, out);
        self.received.bytes += (before - input.len()) as u64;
        if let Err(ReadEnd::Violation(violation)) = result {
            self.position = Position::Failed(violation);
        }
        result
    }

    fn pass_on(&mut self, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ReadEnd> {
        loop {
            match self.position {
                Position::Header => {
                    let Some((header, size)) = Header::parse(input) else { return Ok(0) };
                    let (message, payload) = self.judge(&header)?;
                    if payload.ends == Ends::Connection {
                        // Its length is at most 125, as judged.
                        let Some(masked) = input[size..].get(..payload.rest as usize) else { return Ok(0) };
                        check_close(masked, payload)?;
                    }
                    self.begin(&header, message, payload);
                    self.end_if_whole(payload);
                    let head = input.split_off(..size).unwrap_or_default();
                    if payload.route != PayloadRoute::Inflate {
                        out[..size].copy_from_slice(head);
                        return Ok(size);
                    }
                }
                Position::Payload(payload @ Payload { route: PayloadRoute::Inflate, .. }) => {
                    let made = self.inflate(payload, input, out)?;
                    if made > 0 || matches!(self.position, Position::Payload(_)) {
                        return Ok(made);
                    }
                }
                Position::Payload(payload) => return Ok(self.copy(payload, input, out)?),
                Position::Closed => {
                    *input = &[];
                    return Ok(0);
                }
                Position::Failed(violation) => return Err(violation.into()),
            }
        }
    }

    fn copy(&mut self, mut payload: Payload, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ProtocolViolation> {
        let bytes = payload.of(&input[..input.len().min(out.len())]);
        if let (PayloadRoute::Check, Some(message)) = (payload.route, &mut self.message) {
            message.check_masked(bytes, payload.key)?;
        }
        out[..bytes.len()].copy_from_slice(bytes);
        *input = &input[bytes.len()..];
        payload.advance(bytes.len());
        self.position = Position::Payload(payload);
        self.end_if_whole(payload);
        Ok(bytes.len())
    }

    /// What is inflated ends elsewhere, because more may come out of it than went in.
    fn end_if_whole(&mut self, payload: Payload) {
        if payload.rest == 0 && payload.route != PayloadRoute::Inflate {
            self.end(payload.ends);
        }
    }

    /// Inflates what there is of a payload, and puts one plain frame into `out` if anything came of it.
    fn inflate(&mut self, mut payload: Payload, input: &mut &[u8], out: &mut [u8]) -> Result<usize, ProtocolViolation> {
        let (Some(message), Some(inflater)) = (&mut self.message, &mut self.inflater) else { return Ok(0) };
        let size = out.len().min(FRAGMENT_HEADER + FRAGMENT);
        let room = &mut out[FRAGMENT_HEADER..size];
        let is_first = !message.has_inflated();
        let made = payload.inflate(inflater, input, room)?;
        message.add_inflated(made, &self.limits)?;
        // If the room is full, there may be more.
        let ended = payload.rest == 0 && made < room.len();
        let fin = ended && payload.ends == Ends::Message;
        if fin {
            inflater.finish()?;
        }
        let data = if is_first { message.data } else { Data::Continue };
        let (opcode, length) = (OpCode::Data(data), made as u64);
        let header = Header { fin, rsv: 0, opcode, key: Some([0; 4]), length, is_shortest: true };
        self.position = Position::Payload(payload);
        if ended {
            self.end(payload.ends);
        }
        if made == 0 && !fin {
            return Ok(0);
        }
        let header_size = header.write(out);
        out.copy_within(FRAGMENT_HEADER..FRAGMENT_HEADER + made, header_size);
        Ok(header_size + made)
    }
}

/// Checks a client's close frame, for tungstenite words its objections in its own way.
fn check_close(masked: &[u8], Payload { key, .. }: Payload) -> Result<(), ReadEnd> {
    let mut plain = [0; MAX_CONTROL as usize];
    let plain = &mut plain[..masked.len()];
    mask(plain, masked, key);
    match close::read(plain)? {
        Some((code @ close::BAD_GATEWAY, reason)) => Err(ReadEnd::Closed(CloseFrame { code, reason: reason.into() })),
        _ => Ok(()),
    }
}
