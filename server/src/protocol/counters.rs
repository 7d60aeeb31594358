//! Counts what crosses the wire in one direction.

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::{
    MAX_CONTROL_PAYLOAD,
    header::{Header, RSV1, mask},
    output::BINARY,
};

/// What went one way over a connection so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes on the wire, headers included.
    pub bytes: u64,
    /// Frames of all kinds that have begun.
    pub frames: u64,
    pub text: Volume,
    pub binary: Volume,
    /// How many of the messages have begun compressed.
    pub compressed: u64,
    /// Bytes that compression kept off the wire; a message that it made longer counts as none.
    pub saved: u64,
}

/// Messages of one opcode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Volume {
    /// Messages whose last frame has begun.
    pub messages: u64,
    /// Bytes of the frames that have begun, headers included.
    pub bytes: u64,
}

/// Messages that are one plain frame each. Most are texts, so those are counted as what is not binary.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Whole {
    all: Volume,
    binary: Volume,
}

impl Volume {
    #[inline(always)]
    pub(super) fn add(&mut self, messages: u64, bytes: u64) {
        self.messages += messages;
        self.bytes += bytes;
    }
}

impl Whole {
    /// Adds a frame of so many bytes that begins with `first`.
    #[inline(always)]
    pub(super) fn add(&mut self, first: u8, bytes: u64) {
        self.all.add(1, bytes);
        if first == BINARY {
            self.binary.add(1, bytes);
        }
    }

    /// Takes back a text.
    pub(super) fn take_back_text(&mut self, bytes: u64) {
        self.all.messages -= 1;
        self.all.bytes -= bytes;
    }
}

impl Counters {
    /// Text and binary messages whose last frame has begun.
    pub fn messages(&self) -> u64 {
        self.text.messages + self.binary.messages
    }

    #[inline(always)]
    pub(super) fn add(&mut self, Whole { all, binary }: Whole) {
        self.frames += all.messages;
        self.text.add(all.messages - binary.messages, all.bytes - binary.bytes);
        self.binary.add(binary.messages, binary.bytes);
    }

    /// Counts the beginning of a frame of so many bytes; `data` is what its message is.
    pub(super) fn count(&mut self, header: &Header, bytes: u64, data: Data) {
        self.frames += 1;
        let OpCode::Data(opcode) = header.opcode() else { return };
        let volume = if data == Data::Text { &mut self.text } else { &mut self.binary };
        volume.add(u64::from(header.fin()), bytes);
        self.compressed += u64::from(header.rsv() == RSV1 && opcode != Data::Continue);
    }
}

/// The control frames that went one way since they were last asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Controls {
    pub pings: Frames,
    pub pongs: Frames,
    /// The close frame.
    pub close: Option<Closed>,
}

/// Control frames of one opcode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Frames {
    pub count: u32,
    /// Headers included.
    pub bytes: u32,
}

/// A close frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// None in an empty frame; 0 where there is only half of one.
    pub code: Option<u16>,
    /// Header included.
    pub bytes: u8,
}

impl Controls {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Counts a frame with a header of `size` bytes and that payload.
    pub(super) fn count(&mut self, control: Control, size: usize, payload: &[u8]) {
        let bytes = (size + payload.len()) as u32;
        let frames = match control {
            Control::Ping => &mut self.pings,
            Control::Pong => &mut self.pongs,
            Control::Close => {
                let code = payload.first_chunk().map(|code| u16::from_be_bytes(*code));
                let code = code.or((!payload.is_empty()).then_some(0));
                self.close = Some(Closed { code, bytes: bytes as u8 });
                return;
            }
            Control::Reserved(_) => return,
        };
        frames.count = frames.count.saturating_add(1);
        frames.bytes = frames.bytes.saturating_add(bytes);
    }
}

/// Counts frames on their way out, as the socket takes them.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) counters: Counters,
    pub(crate) controls: Controls,
    /// How much of the frame in hand the socket has still to take, in bytes.
    rest: u64,
    /// What the last message is.
    data: Data,
}

impl Default for Sent {
    fn default() -> Self {
        Self { counters: Counters::default(), controls: Controls::default(), rest: 0, data: Data::Binary }
    }
}

impl Sent {
    /// Notes that all that was offered went out: `taken` bytes, all of them whole plain messages.
    #[inline(always)]
    pub(super) fn took_whole(&mut self, messages: Whole, taken: usize) {
        self.counters.bytes += taken as u64;
        self.counters.add(messages);
    }

    /// Notes that of `offered`, which ends with a frame, the first `taken` bytes went out.
    pub(crate) fn took(&mut self, offered: &[u8], taken: usize) {
        self.counters.bytes += taken as u64;
        let mut at = self.rest;
        while at < taken as u64 {
            let frame = &offered[at as usize..];
            let Some((header, size)) = Header::parse(frame) else { break };
            let bytes = size as u64 + header.length;
            match header.opcode() {
                OpCode::Data(data @ (Data::Text | Data::Binary)) => self.data = data,
                OpCode::Data(_) => {}
                OpCode::Control(control) => {
                    let payload = frame.get(size..bytes as usize).unwrap_or_default();
                    let mut plain = [0; MAX_CONTROL_PAYLOAD as usize];
                    let plain = &mut plain[..payload.len().min(MAX_CONTROL_PAYLOAD as usize)];
                    mask(plain, &payload[..plain.len()], header.key.unwrap_or_default());
                    self.controls.count(control, size, plain);
                }
            }
            self.counters.count(&header, bytes, self.data);
            at += bytes;
        }
        self.rest = at.saturating_sub(taken as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_once_however_the_socket_takes_them() {
        let frames = b"\x01\x02ab\x89\x01p\x80\x01c\xc2\x03xyz\x82\x00\x8a\x00\x88\x04\x03\xe8ok";
        for step in 1..=frames.len() {
            let mut sent = Sent::default();
            let mut offered = &frames[..];
            while !offered.is_empty() {
                let taken = step.min(offered.len());
                sent.took(offered, taken);
                offered = &offered[taken..];
            }
            let counters = Counters {
                bytes: frames.len() as u64,
                frames: 7,
                text: Volume { messages: 1, bytes: 7 },
                binary: Volume { messages: 2, bytes: 7 },
                compressed: 1,
                saved: 0,
            };
            let controls = Controls {
                pings: Frames { count: 1, bytes: 3 },
                pongs: Frames { count: 1, bytes: 2 },
                close: Some(Closed { code: Some(1000), bytes: 6 }),
            };
            assert_eq!((sent.counters, sent.controls), (counters, controls));
        }
    }
}
