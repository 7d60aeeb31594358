//! The WebSocket protocol ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) of an echo server, without sockets, threads
//! and clocks: a client's bytes go in, the answers come out.
//!
//! [`Protocol`] is one connection, from the end of its handshake to the end of its closing handshake. The event loop has it
//! answer the client; below tungstenite, in `session`, it passes whole messages on ([`Reply`] says which).

mod assembly;
mod buffer;
pub(crate) mod close;
mod counters;
mod decoder;
pub mod deflate;
mod header;
mod held;
mod message;
mod output;
mod role;
mod status;
#[cfg(test)]
mod tests;
mod thread_buffers;
mod transfer;
mod utf8;
mod violation;

use std::{io, mem};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::OpCode},
};

use self::{
    assembly::Assembly,
    counters::Sent,
    decoder::Decoder,
    deflate::{Agreed, Deflater},
    output::{Output, PING},
    thread_buffers::ThreadBuffers,
    transfer::write,
};
pub use self::{
    counters::{Closed, Controls, Counters, Frames, Volume},
    held::{Held, Unfinished},
    message::Limits,
    role::{Reply, Role},
    status::Status,
    violation::ProtocolViolation,
};
pub(crate) use header::{Header, Key};

/// The largest payload of a control frame, in bytes ([RFC 6455, 5.5](https://www.rfc-editor.org/rfc/rfc6455#section-5.5)).
const MAX_CONTROL_PAYLOAD: u64 = 125;

/// One connection: what the client has sent, what it has not been sent yet, and whether either side has closed.
#[derive(Debug)]
pub struct Protocol {
    decoder: Decoder,
    /// Present if permessage-deflate was negotiated.
    deflater: Option<Box<Deflater>>,
    /// Present while something is incomplete. An idle connection is smaller without it.
    leftovers: Option<Box<Leftovers>>,
    sent: Sent,
}

/// What a connection keeps between two calls.
#[derive(Debug, Default)]
struct Leftovers {
    /// A part of a header or of a control frame; frames that came before the answers to others were written; what came
    /// with the handshake.
    input: BytesMut,
    /// A part of a message.
    assembly: Assembly,
    /// Answers that the socket has not taken.
    output: Output,
}

impl Protocol {
    /// The protocol after the opening handshake, which negotiated `agreed`; `read_ahead` came together with it.
    pub fn new(reply: Reply, read_ahead: BytesMut, limits: Limits, agreed: Option<Agreed>) -> Self {
        let leftovers = Leftovers { input: read_ahead, ..Leftovers::default() };
        Self {
            decoder: Decoder::new(reply, limits, agreed.as_ref()),
            leftovers: (!leftovers.is_empty()).then(|| Box::new(leftovers)),
            deflater: agreed.map(|agreed| Box::new(Deflater::new(&agreed))),
            sent: Sent::default(),
        }
    }

    /// What the client sent so far.
    pub fn received(&self) -> Counters {
        self.decoder.received
    }

    /// What the peer was sent so far.
    #[inline]
    pub fn sent(&self) -> Counters {
        let saved = self.deflater.as_ref().map_or(0, |deflater| deflater.saved());
        Counters { saved, ..self.sent.counters }
    }

    /// Counts what was sent to the peer past this, where frames are [passed on](Reply::PassOn): of `offered`, which ends
    /// with a frame, the first `taken` bytes.
    pub(crate) fn count_sent(&mut self, offered: &[u8], taken: usize) {
        self.sent.took(offered, taken);
    }

    /// The control frames that came and that went since the last call, if there were any.
    pub fn take_controls(&mut self) -> Option<[Controls; 2]> {
        let controls = [&mut self.decoder.controls, &mut self.sent.controls];
        if controls.iter().all(|controls| controls.is_empty()) { None } else { Some(controls.map(mem::take)) }
    }

    /// Why the connection failed, if it did.
    pub fn violation(&self) -> Option<ProtocolViolation> {
        self.decoder.violation()
    }

    /// Whether answers wait for the stream.
    pub fn is_blocked(&self) -> bool {
        self.leftovers.as_ref().is_some_and(|leftovers| !leftovers.output.is_empty())
    }

    /// Whether there is something to do that did not come from the stream just now.
    pub fn has_leftover_input(&self) -> bool {
        self.leftovers.as_ref().is_some_and(|leftovers| !leftovers.input.is_empty())
    }

    /// What this keeps in memory between two calls.
    pub fn held(&self) -> Held {
        let codecs = self.decoder.inflater_size() + self.deflater.as_ref().map_or(0, |deflater| deflater.size());
        let pending = self.leftovers.as_ref().map_or(0, |leftovers| leftovers.size());
        Held { pending, codecs }
    }

    /// What has begun to arrive and is incomplete.
    pub fn unfinished(&self) -> Option<Unfinished> {
        self.decoder.unfinished(self.has_leftover_input())
    }

    /// Makes answers go uncompressed, without a compressor, as long as memory is short.
    pub fn save_memory(&mut self, is_short: impl FnOnce() -> bool) {
        if let Some(deflater) = &mut self.deflater {
            deflater.save_memory(is_short());
        }
    }

    /// Writes answers that wait, and reads nothing.
    ///
    /// # Errors
    /// The stream's.
    pub fn flush<S: AsyncWrite + Unpin>(&mut self, stream: &mut S) -> io::Result<Status> {
        let Some(leftovers) = &mut self.leftovers else { return Ok(Status::NeedInput) };
        let sent = self.decoder.reply.counts_output().then_some(&mut self.sent);
        if write(stream, &mut leftovers.output, sent)?.is_pending() {
            return Ok(Status::OutputFull);
        }
        leftovers.output = Output::default();
        self.leftovers.take_if(|leftovers| leftovers.is_empty());
        Ok(Status::NeedInput)
    }

    /// Adds a ping to the output.
    pub fn ping(&mut self) {
        self.leftovers().output.frame(PING, 0);
    }

    /// Whether all that came are whole messages and control frames, and all of it has been dealt with.
    pub fn is_between_messages(&self) -> bool {
        self.leftovers.is_none() && self.decoder.is_between_messages()
    }

    /// The message as it is to be sent: compressed if that was negotiated and pays.
    ///
    /// Every message that is compressed must be sent, in the same order: the next may refer to it.
    pub fn compress(&mut self, message: Message) -> Message {
        match &mut self.deflater {
            Some(deflater) => deflater.compress(message),
            None => message,
        }
    }

    /// Sends a close frame, and waits for the client's: what it sends before that is not answered.
    pub fn close(&mut self, frame: &CloseFrame) {
        if self.decoder.reply == Reply::Discard || self.decoder.is_closed() {
            return;
        }
        self.decoder.reply = Reply::Discard;
        let leftovers = self.leftovers();
        leftovers.assembly = Assembly::default();
        close::write(frame, &mut leftovers.output);
    }

    /// Sends a close frame, and waits for nothing.
    pub fn fail(&mut self, frame: &CloseFrame) {
        if !self.decoder.is_closed() {
            self.close(frame);
            self.decoder.close();
        }
    }

    /// Reads from the stream, answers, and writes, until the stream is not ready, the budget is used up, or the connection
    /// is over. The stream returns [`std::task::Poll::Pending`] where it would block, and wakes nobody.
    ///
    /// # Errors
    /// The stream's.
    pub fn transfer<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut S,
        on_message: &mut impl FnMut(OpCode, &[u8]),
    ) -> io::Result<Status> {
        if let Some(leftovers) = &mut self.leftovers {
            let sent = self.decoder.reply.counts_output().then_some(&mut self.sent);
            if write(stream, &mut leftovers.output, sent)?.is_pending() {
                return Ok(Status::OutputFull);
            }
        }
        ThreadBuffers::with(|buffers| {
            if let Some(leftovers) = &mut self.leftovers {
                buffers.resume(&mut leftovers.output, &mut leftovers.assembly);
            }
            let status = self.exchange(stream, on_message, buffers);
            if !buffers.are_empty() {
                let leftovers = self.leftovers();
                (leftovers.output, leftovers.assembly) = buffers.keep();
            }
            buffers.settle();
            self.leftovers.take_if(|leftovers| leftovers.is_empty());
            status
        })
    }

    fn leftovers(&mut self) -> &mut Leftovers {
        self.leftovers.get_or_insert_default()
    }
}

impl Leftovers {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.assembly.buffer.is_empty() && self.output.is_empty()
    }

    /// Bytes of memory. What a vector has reserved and nobody has written is none yet.
    fn size(&self) -> usize {
        self.input.capacity() + self.assembly.buffer.size() + self.output.buffer.size()
    }
}
