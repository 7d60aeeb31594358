//! What the frames of a connection mean together: which message a frame belongs to, which ping a pong answers.

use std::collections::VecDeque;

use wire::event::{Direction, Frame};

/// RSV1, which marks a compressed message.
pub const RSV1: u8 = 4;
/// Pings of one direction that wait for their pong; the oldest goes first.
const MAX_PINGS: usize = 64;

/// The part of a data frame in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The message of that direction, counted from 1.
    pub message: u64,
    /// The frame of the message, counted from 1.
    pub frame: u64,
    /// Of the message's first frame.
    pub opcode: u8,
    pub is_compressed: bool,
    /// Bytes on the wire of the message up to here.
    pub wire: u64,
}

/// The message that a direction is in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Current {
    /// The beginning was not seen.
    #[default]
    Unknown,
    None,
    Message(Part),
}

/// One direction of a connection.
#[derive(Debug, Default)]
pub struct Side {
    pub current: Current,
    pub is_closed: bool,
    messages: u64,
    /// Row and time of the pings that this side has sent, with the beginnings of their payloads.
    pings: VecDeque<(u64, u64, Vec<u8>)>,
}

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct Flow {
    /// Whether compression was agreed, if the response was seen.
    pub is_deflate_agreed: Option<bool>,
    incoming: Side,
    outgoing: Side,
}

/// A ping that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answered {
    /// The ping's row.
    pub row: u64,
    /// Microseconds from ping to pong.
    pub after: u64,
}

impl Flow {
    /// A connection of which everything is seen.
    pub fn from_the_start() -> Self {
        let side = || Side { current: Current::None, ..Side::default() };
        Self { is_deflate_agreed: None, incoming: side(), outgoing: side() }
    }

    pub fn side(&self, direction: Direction) -> &Side {
        match direction {
            Direction::In => &self.incoming,
            Direction::Out => &self.outgoing,
        }
    }

    fn side_mut(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::In => &mut self.incoming,
            Direction::Out => &mut self.outgoing,
        }
    }

    /// Counts a frame, which has that row. Returns its part in a message if it is a data frame.
    pub fn add(&mut self, frame: &Frame, row: u64, at: u64) -> (Option<Part>, Option<Answered>) {
        let side = self.side_mut(frame.direction);
        match frame.opcode {
            ..8 => return (Some(side.add_data(frame)), None),
            8 => side.is_closed = true,
            9 => {
                if side.pings.len() == MAX_PINGS {
                    side.pings.pop_front();
                }
                side.pings.push_back((row, at, frame.first.clone()));
            }
            10 => return (None, self.other(frame.direction).answer(&frame.first, at)),
            _ => {}
        }
        (None, None)
    }

    fn other(&mut self, direction: Direction) -> &mut Side {
        match direction {
            Direction::In => &mut self.outgoing,
            Direction::Out => &mut self.incoming,
        }
    }
}

impl Side {
    fn add_data(&mut self, frame: &Frame) -> Part {
        let mut part = match self.current {
            Current::Message(part) if frame.opcode == 0 => part,
            _ => {
                self.messages += 1;
                let is_compressed = frame.rsv & RSV1 != 0;
                Part { message: self.messages, frame: 0, opcode: frame.opcode, is_compressed, wire: 0 }
            }
        };
        part.frame += 1;
        part.wire += frame.wire;
        self.current = if frame.fin { Current::None } else { Current::Message(part) };
        part
    }

    /// The newest ping with that payload is answered, and so are those before it (RFC 6455, 5.5.3).
    fn answer(&mut self, payload: &[u8], at: u64) -> Option<Answered> {
        let place = self.pings.iter().rposition(|(_, _, sent)| sent == payload)?;
        let (row, sent, _) = self.pings.drain(..=place).next_back()?;
        Some(Answered { row, after: at.saturating_sub(sent) })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use wire::event::LengthBits;

    use super::*;

    /// A frame without a payload, masked as its direction must be.
    pub(crate) fn frame(direction: Direction, opcode: u8) -> Frame {
        Frame {
            direction,
            fin: true,
            rsv: 0,
            opcode,
            mask: (direction == Direction::In).then_some([0, 0, 0, 0]),
            length: 0,
            length_bits: LengthBits::Seven,
            header: vec![0x80 | opcode, 0],
            wire: 2,
            first: Vec::new(),
            plain: None,
            plain_first: Vec::new(),
        }
    }

    pub(crate) fn text(direction: Direction, text: &str) -> Frame {
        let length = text.len() as u64;
        Frame { length, wire: 2 + length, first: text.as_bytes().to_vec(), ..frame(direction, 1) }
    }

    #[test]
    fn fragments_are_parts_of_one_message_with_control_frames_between_them() {
        let mut flow = Flow::from_the_start();
        let mut parts = Vec::new();
        for frame in [
            Frame { fin: false, rsv: RSV1, ..text(Direction::In, "ab") },
            frame(Direction::In, 9),
            Frame { fin: false, opcode: 0, ..text(Direction::In, "cd") },
            Frame { opcode: 0, ..text(Direction::In, "e") },
            text(Direction::In, "next"),
            text(Direction::Out, "other"),
        ] {
            parts.push(flow.add(&frame, 0, 0).0.map(|part| (part.message, part.frame, part.is_compressed, part.wire)));
        }
        let expected = [(1, 1, true, 4), (1, 2, true, 8), (1, 3, true, 11), (2, 1, false, 6), (1, 1, false, 7)];
        assert_eq!(parts.into_iter().flatten().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_pong_answers_the_newest_ping_with_its_payload() {
        let mut flow = Flow::from_the_start();
        let ping = |payload: &str| Frame { opcode: 9, ..text(Direction::Out, payload) };
        let pong = |payload: &str| Frame { opcode: 10, ..text(Direction::In, payload) };
        flow.add(&ping("a"), 1, 100);
        flow.add(&ping("b"), 2, 200);
        flow.add(&ping("c"), 3, 300);
        assert_eq!(flow.add(&pong("b"), 4, 250).1, Some(Answered { row: 2, after: 50 }));
        assert_eq!(flow.add(&pong("a"), 5, 260).1, None, "a pong answers all pings before it");
        assert_eq!(flow.add(&pong("c"), 6, 310).1, Some(Answered { row: 3, after: 10 }));
        // The client's own pings are others.
        assert_eq!(flow.add(&Frame { opcode: 10, ..text(Direction::Out, "c") }, 7, 400).1, None);
    }

    #[test]
    fn pings_that_are_never_answered_are_forgotten() {
        let mut flow = Flow::from_the_start();
        for row in 0..10_000 {
            flow.add(&frame(Direction::Out, 9), row, row);
        }
        assert_eq!(flow.outgoing.pings.len(), MAX_PINGS);
    }
}
