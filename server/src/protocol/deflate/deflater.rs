//! The server's direction: a message becomes one frame with RSV1 set
//! ([RFC 7692, 7.2.1](https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1)). Never touches control frames.

use flate2::{Compress, CompressError, Compression, FlushCompress};
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

use super::{Agreed, Context, WindowBits};

/// What a sync flush ends with, and the receiver adds again.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Compresses the messages of one connection, one after the other.
#[derive(Debug)]
pub(crate) struct Deflater {
    /// Made with the first message that is compressed: 259 KiB with a window of 12 bits, 371 KiB with 15.
    stream: Option<Compress>,
    window: WindowBits,
    context: Context,
    threshold: usize,
    /// Whether messages go uncompressed, because memory is short.
    saves_memory: bool,
    /// Bytes that compression kept off the wire so far.
    saved: u64,
}

/// What a compressor takes in bytes, beside four times its window.
const BASE_SIZE: usize = 243 << 10;

impl Deflater {
    pub(crate) fn new(agreed: &Agreed) -> Self {
        Self {
            stream: None,
            window: agreed.server_window.unwrap_or(WindowBits::MAX),
            context: agreed.server_context,
            threshold: agreed.threshold,
            saves_memory: false,
            saved: 0,
        }
    }

    /// Bytes of memory that are taken.
    pub(crate) fn size(&self) -> usize {
        if self.stream.is_some() { BASE_SIZE + (4 << u8::from(self.window)) } else { 0 }
    }

    pub(crate) fn saved(&self) -> u64 {
        self.saved
    }

    /// Whether messages go uncompressed, without a compressor, because memory is short: that is legal for each message,
    /// whatever was agreed ([RFC 7692, 6](https://www.rfc-editor.org/rfc/rfc7692#section-6)).
    pub(crate) fn save_memory(&mut self, is_short: bool) {
        self.saves_memory = is_short;
        if is_short {
            self.stream = None;
        }
    }

    /// What it costs to begin a message again, where that has to be, as bytes that could be made instead.
    pub(crate) fn cost(&self) -> usize {
        if self.context == Context::NoTakeover { super::ANEW } else { 0 }
    }

    /// The message as it shall be sent: compressed if that can pay, else as it was.
    pub(crate) fn compress(&mut self, message: Message) -> Message {
        let (payload, opcode) = match &message {
            Message::Text(text) => (text.as_bytes(), Data::Text),
            Message::Binary(bytes) => (&bytes[..], Data::Binary),
            _ => return message,
        };
        let mut out = Vec::new();
        if self.deflate(payload, &mut out).is_none() {
            return message;
        }
        let mut frame = Frame::message(out, OpCode::Data(opcode), true);
        frame.header_mut().rsv1 = true;
        Message::Frame(frame)
    }

    /// The same for a payload; `out` is what it is compressed into, and there is nothing where it shall be sent as it was.
    pub(crate) fn deflate<'out>(&mut self, payload: &[u8], out: &'out mut Vec<u8>) -> Option<&'out [u8]> {
        // Nothing, flushed, is nothing: an empty message has no compressed form of its own.
        if payload.len() < self.threshold.max(1) || self.saves_memory {
            return None;
        }
        // A compressor does not fail. If it did, an uncompressed message would still be right.
        if self.flush(payload, out).is_ok() && out.len() < payload.len() {
            self.saved += (payload.len() - out.len()) as u64;
            return Some(out);
        }
        // The client's window will not have seen the message, so nothing may refer to it: compression starts from nothing.
        if let Some(stream) = &mut self.stream {
            stream.reset();
        }
        None
    }

    fn flush(&mut self, mut payload: &[u8], out: &mut Vec<u8>) -> Result<(), CompressError> {
        let new = || Compress::new_with_window_bits(Compression::fast(), false, self.window.into());
        let stream = self.stream.get_or_insert_with(new);
        out.clear();
        out.reserve(payload.len() / 2 + 64);
        // A flush is complete once it leaves room.
        while !payload.is_empty() || out.len() == out.capacity() {
            out.reserve(out.len());
            let before = stream.total_in();
            stream.compress_vec(payload, out, FlushCompress::Sync)?;
            payload = &payload[(stream.total_in() - before) as usize..];
        }
        if self.context == Context::NoTakeover {
            self.stream = None;
        }
        out.truncate(out.len() - TAIL.len());
        Ok(())
    }
}
