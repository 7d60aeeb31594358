//! One open WebSocket that never blocks: it sends prepared messages, a number of them ahead of their answers, and takes
//! the answers. Never reads a clock, and never waits but for its handshake.

use std::{
    collections::VecDeque,
    io::{self, Read as _, Write as _},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use flate2::Decompress;
use mio::net::TcpStream;

use crate::{
    answers::{Answers, Expected, Look},
    frames::{self, Decoder, Event},
    messages::Compressing,
    target::Target,
};

/// How long a server may take to answer a handshake.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest head of an answer to a handshake.
const HEAD: usize = 16 << 10;

/// An open WebSocket, and where its messages and answers are.
#[derive(Debug)]
pub struct Connection {
    /// Registered by who polls.
    pub stream: TcpStream,
    decoder: Decoder,
    answers: Answers,
    /// The first message's number, so that connections do not all send the same at once.
    offset: u64,
    /// Messages that may be sent by and by, were there no limit to what is in flight.
    wanted: u64,
    /// Messages that were given out to be sent.
    queued: u64,
    /// Messages that are sent.
    sent: u64,
    /// Answers that came.
    received: u64,
    /// Bytes of the frame of the next message that are sent already.
    written: usize,
    /// For each message in flight, from when its latency counts.
    since: VecDeque<Duration>,
    /// Control frames that are to be sent.
    control: Vec<u8>,
    /// Whether the socket takes no more for now.
    is_full: bool,
}

impl Connection {
    /// Connects and shakes hands; the messages start with number `offset`.
    pub fn open(target: &Target, offset: u64, compressing: Compressing, expected: &Expected) -> Result<Self> {
        let (stream, early) = Handshake::begin(target, compressing)?.complete()?;
        stream.set_nonblocking(true)?;
        let inflates = compressing == Compressing::Deflate && expected.look == Look::Bytes;
        let mut connection = Self {
            stream: TcpStream::from_std(stream),
            decoder: Decoder::default(),
            answers: Answers::from(offset, inflates.then(|| Decompress::new(false))),
            offset,
            wanted: 0,
            queued: 0,
            sent: 0,
            received: 0,
            written: 0,
            since: VecDeque::new(),
            control: Vec::new(),
            is_full: false,
        };
        connection.take(expected, &early, |_| {})?;
        Ok(connection)
    }

    /// Messages that were given out to be sent.
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

    /// Gives out messages, `most` at once in flight; `since` tells for a message's number here from when it counts.
    /// The result is how many were given out.
    pub fn queue(&mut self, most: u64, since: impl Fn(u64) -> Duration) -> u64 {
        let before = self.queued;
        while self.queued < self.wanted.min(self.received + most) {
            self.since.push_back(since(self.queued));
            self.queued += 1;
        }
        self.queued - before
    }

    /// Says that the server reads again.
    pub fn writable(&mut self) {
        self.is_full = false;
    }

    /// Writes what is queued, as far as the socket takes it.
    pub fn write(&mut self, expected: &Expected) -> Result<()> {
        while !self.is_full {
            // A control frame may stand between messages only.
            let is_control = self.written == 0 && !self.control.is_empty();
            let next = self.offset + self.sent;
            let bytes = match self.queued - self.sent {
                _ if is_control => &self.control[..],
                0 => return Ok(()),
                count => &expected.messages.frames(next, count - 1)[self.written..],
            };
            match self.stream.write(bytes) {
                Ok(count) if is_control => drop(self.control.drain(..count)),
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

    /// Reads all that came; `answered` is called for each answer with the time from when its message counts.
    pub fn read(&mut self, expected: &Expected, buffer: &mut [u8], mut answered: impl FnMut(Duration)) -> Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => bail!("the server hung up"),
                Ok(count) => {
                    self.take(expected, &buffer[..count], &mut answered)?;
                    // There was no more; the next bytes are a new event.
                    if count < buffer.len() {
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
        while let Some(event) = self.decoder.next(&mut input)? {
            match event {
                Event::Data { bytes, opcode, compressed, end } => {
                    self.answers.take(expected, bytes, opcode, compressed, end)?;
                    if end {
                        self.received += 1;
                        answered(self.since.pop_front().context("an answer came to nothing that was sent")?);
                    }
                }
                Event::Ping(payload) => frames::write(
                    &mut self.control,
                    frames::FIN | frames::PONG,
                    &payload,
                    fastrand::u32(..).to_ne_bytes(),
                ),
                Event::Pong => {}
                Event::Close(payload) => bail!("the server closed: '{}'", payload.escape_ascii()),
            }
        }
        Ok(())
    }

    /// Says goodbye and goes, whether or not the server answers.
    pub fn close(mut self, expected: &Expected) -> Result<()> {
        frames::write(&mut self.control, frames::FIN | frames::CLOSE, &frames::NORMAL, fastrand::u32(..).to_ne_bytes());
        self.write(expected)
    }
}

/// A handshake whose request is sent, and whose answer is not read.
#[derive(Debug)]
pub struct Handshake {
    stream: std::net::TcpStream,
    compressing: Compressing,
}

impl Handshake {
    /// Connects, and asks for a WebSocket.
    pub fn begin(target: &Target, compressing: Compressing) -> Result<Self> {
        let mut stream = target.connect().with_context(|| format!("cannot connect to {target}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(request(target, compressing).as_bytes())?;
        Ok(Self { stream, compressing })
    }

    /// Waits for the answer; with the open WebSocket comes what the server sent right behind it.
    pub fn complete(self) -> Result<(std::net::TcpStream, Vec<u8>)> {
        let Self { mut stream, compressing } = self;
        let mut head = Vec::new();
        let end = loop {
            if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            ensure!(head.len() < HEAD, "the answer to the handshake has a head of more than {HEAD} bytes");
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).context("no answer to the handshake")?;
            ensure!(count > 0, "the server hung up during the handshake");
            head.extend(&buffer[..count]);
        };
        let early = head.split_off(end);
        let head = String::from_utf8_lossy(&head);
        ensure!(head.starts_with("HTTP/1.1 101 "), "the server refused the handshake: {head:?}");
        ensure!(head.contains(ACCEPT), "the server does not accept the handshake's key: {head:?}");
        let agrees = head.contains("permessage-deflate");
        ensure!(agrees || compressing == Compressing::Off, "the server does not agree to permessage-deflate: {head:?}");
        Ok((stream, early))
    }
}

/// The request of a handshake; its key is the RFC's own example.
fn request(target: &Target, compressing: Compressing) -> String {
    let extensions = match compressing {
        Compressing::Off => "",
        Compressing::Deflate => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    };
    format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extensions}\r\n",
        target.path, target.authority
    )
}

/// What follows from the key of [`request`]; see [RFC 6455, section 1.3](https://www.rfc-editor.org/rfc/rfc6455#section-1.3).
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
