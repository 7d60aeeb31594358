//! One open WebSocket that never blocks: it sends prepared messages, a number of them ahead of their answers, and takes
//! the answers. Only its handshake waits.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use flate2::Decompress;
use mio::net::TcpStream;
use testkit::handshake::Compression;

use crate::{
    answers::{Answers, Check, Expected},
    client::Client,
    decoder::Event,
    handshake::Handshake,
    stream::Stream,
    target::Target,
};

/// An open WebSocket, and where its messages and answers are.
#[derive(Debug)]
pub struct Connection {
    stream: Stream<TcpStream>,
    client: Client,
    answers: Answers,
    /// The first message's number, so that connections do not all send the same at once.
    offset: u64,
    /// Messages to be sent in total, limited by what may be in flight.
    wanted: u64,
    /// Messages released for sending.
    queued: u64,
    /// Messages that are sent.
    sent: u64,
    /// Answers that came.
    received: u64,
    /// Bytes of the frame of the next message that are sent already.
    written: usize,
    /// For each message in flight, from when its latency counts.
    since: VecDeque<Duration>,
    /// Whether the socket takes no more for now.
    is_full: bool,
}

impl Connection {
    /// Connects and shakes hands; the messages start with number `offset`.
    pub fn open(target: &Target, offset: u64, compression: Compression, expected: &Expected) -> Result<Self> {
        let (stream, early) = Handshake::begin(target, compression)?.complete()?;
        let inflates = compression == Compression::Deflate && expected.check == Check::Bytes;
        let mut connection = Self {
            stream: stream.map(|socket| socket.set_nonblocking(true).map(|()| TcpStream::from_std(socket)))?,
            client: Client::default(),
            answers: Answers::from(offset, inflates.then(|| Decompress::new(false))),
            offset,
            wanted: 0,
            queued: 0,
            sent: 0,
            received: 0,
            written: 0,
            since: VecDeque::new(),
            is_full: false,
        };
        connection.take(expected, &early, |_| {})?;
        Ok(connection)
    }

    /// Registered by whoever polls it.
    pub fn socket(&mut self) -> &mut TcpStream {
        self.stream.socket()
    }

    /// Messages released for sending.
    pub fn queued(&self) -> u64 {
        self.queued
    }

    /// Lets more messages be sent, as soon as enough are answered.
    pub fn want(&mut self, more: u64) {
        self.wanted = self.wanted.saturating_add(more);
    }

    /// Lets no more messages be sent than are in flight already.
    pub fn want_no_more(&mut self) {
        self.wanted = self.queued;
    }

    /// Releases messages for sending, with `most` in flight; `since` returns from when a message's latency counts. Returns how many
    /// were released.
    pub fn queue(&mut self, most: u64, since: impl Fn(u64) -> Duration) -> u64 {
        let before = self.queued;
        while self.queued < self.wanted.min(self.received + most) {
            self.since.push_back(since(self.queued));
            self.queued += 1;
        }
        self.queued - before
    }

    /// The socket accepts writes again.
    pub fn writable(&mut self) {
        self.is_full = false;
    }

    /// Writes what is queued, as far as the socket takes it.
    pub fn write(&mut self, expected: &Expected) -> Result<()> {
        while !self.is_full {
            // A control frame may stand between messages only.
            let is_control = self.written == 0 && !self.client.output.is_empty();
            let next = self.offset + self.sent;
            let bytes = match self.queued - self.sent {
                _ if is_control => &self.client.output[..],
                0 => {
                    return match self.stream.flush() {
                        Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error).context("cannot write"),
                        _ => Ok(()),
                    };
                }
                count => &expected.messages.frames(next, count - 1)[self.written..],
            };
            match self.stream.write(bytes) {
                Ok(count) if is_control => drop(self.client.output.drain(..count)),
                Ok(count) => self.wrote(expected, count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_full = true,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot write"),
            }
        }
        Ok(())
    }

    fn wrote(&mut self, expected: &Expected, count: usize) {
        self.written += count;
        while let length = expected.messages.frame_length(self.offset + self.sent)
            && self.written >= length
            && self.sent < self.queued
        {
            self.written -= length;
            self.sent += 1;
        }
    }

    /// Reads everything available; `answered` is called per reply with the time from which its latency counts.
    pub fn read(&mut self, expected: &Expected, buffer: &mut [u8], mut answered: impl FnMut(Duration)) -> Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the server hung up"),
                Ok(count) => {
                    self.take(expected, &buffer[..count], &mut answered)?;
                    // There was no more; the next bytes are a new event.
                    if count < buffer.len() && self.stream.is_drained() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error).context("cannot read"),
            }
        }
    }

    fn take(&mut self, expected: &Expected, mut input: &[u8], mut answered: impl FnMut(Duration)) -> Result<()> {
        while let Some(event) = self.client.next_while_open(&mut input)? {
            let Event::Data(piece) = event else { continue };
            self.answers.take(expected, piece)?;
            if piece.end {
                self.received += 1;
                answered(self.since.pop_front().context("an answer came to nothing that was sent")?);
            }
        }
        Ok(())
    }

    /// Sends a close frame and hangs up, whether or not the server answers.
    pub fn close(mut self, expected: &Expected) -> Result<()> {
        self.client.queue_close();
        self.write(expected)
    }
}
