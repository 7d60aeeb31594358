//! Counts what crosses the wire in one direction. Never looks into a payload.

use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::header::{Header, RSV1};

/// What went one way over a connection so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes on the wire, headers included.
    pub bytes: u64,
    /// FrameLayer of all kinds that have begun.
    pub frames: u64,
    /// Text and binary messages whose last frame has begun.
    pub messages: u64,
    /// How many of the messages have begun compressed.
    pub compressed: u64,
}

impl Counters {
    /// Counts messages, each of one plain frame, and that many bytes.
    pub(super) fn add(&mut self, messages: u64, bytes: usize) {
        self.bytes += bytes as u64;
        self.frames += messages;
        self.messages += messages;
    }

    pub(super) fn count(&mut self, header: &Header) {
        let OpCode::Data(data) = header.opcode else {
            self.frames += 1;
            return;
        };
        self.frames += 1;
        self.messages += u64::from(header.fin);
        self.compressed += u64::from(header.rsv == RSV1 && data != Data::Continue);
    }
}

/// Counts frames on their way out, as the socket takes them.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) counters: Counters,
    /// How much of the frame in hand the socket has still to take, in bytes.
    rest: u64,
}

impl Sent {
    /// Notes that of `offered`, which ends with a frame, the first `taken` bytes went out.
    pub(crate) fn took(&mut self, offered: &[u8], taken: usize) {
        self.counters.bytes += taken as u64;
        let mut at = self.rest;
        while at < taken as u64 {
            let Some((header, size)) = Header::parse(&offered[at as usize..]) else { break };
            self.counters.count(&header);
            at += size as u64 + header.length;
        }
        self.rest = at.saturating_sub(taken as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_counted_once_however_the_socket_takes_them() {
        let frames = b"\x01\x02ab\x89\x01p\x80\x01c\xc2\x03xyz\x82\x00";
        for step in 1..=frames.len() {
            let mut sent = Sent::default();
            let mut offered = &frames[..];
            while !offered.is_empty() {
                let taken = step.min(offered.len());
                sent.took(offered, taken);
                offered = &offered[taken..];
            }
            assert_eq!(sent.counters, Counters { bytes: frames.len() as u64, frames: 5, messages: 3, compressed: 1 });
        }
    }
}
