//! The least that an echo can cost: one `recv` and one `send` for everything that came, unmasked in place. It validates nothing,
//! and forwards a frame before it is complete.

use std::{
    io::{self, Read as _, Write as _},
    mem,
};

use anyhow::{Context, Result};
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;
/// A frame's longest header, with its key.
const LONGEST_HEADER: usize = 14;
/// Most bytes of a request.
const LONGEST_REQUEST: usize = 16 << 10;
const LISTENER: Token = Token(usize::MAX);

fn main() -> Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind(peers::address()?.into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut events = Events::with_capacity(1024);
    let mut connections = Connections::default();
    // Room in front of the read bytes, so that a header that was read in two parts can be written in one.
    let mut buffer = vec![0; LONGEST_HEADER + BUFFER];
    loop {
        if let Err(error) = poll.poll(&mut events, None)
            && error.kind() != io::ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        for event in &events {
            match event.token() {
                LISTENER => connections.accept(&listener, &poll)?,
                Token(place) => connections.turn(place, &mut buffer),
            }
        }
    }
}

/// All connections, each at the place that its token names.
#[derive(Default)]
struct Connections {
    places: Vec<Option<Connection>>,
    free: Vec<usize>,
}

impl Connections {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("cannot accept"),
            };
            stream.set_nodelay(true)?;
            let place = self.free.pop().unwrap_or_else(|| {
                self.places.push(None);
                self.places.len() - 1
            });
            poll.registry().register(&mut stream, Token(place), Interest::READABLE | Interest::WRITABLE)?;
            self.places[place] = Some(Connection::new(stream));
        }
    }

    /// Does what a connection is ready for; one that fails or ends is dropped.
    fn turn(&mut self, place: usize, buffer: &mut [u8]) {
        let Some(connection) = &mut self.places[place] else { return };
        if !matches!(connection.turn(buffer), Ok(State::Open)) {
            self.places[place] = None;
            self.free.push(place);
        }
    }
}

enum State {
    Open,
    Ended,
}

struct Connection {
    stream: TcpStream,
    /// The request, as far as it came; none once it is answered.
    request: Option<Vec<u8>>,
    frame: Frame,
    /// Output that the socket did not take; nothing is read while there is any.
    output: Vec<u8>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, request: Some(Vec::new()), frame: Frame::default(), output: Vec::new() }
    }

    fn turn(&mut self, buffer: &mut [u8]) -> io::Result<State> {
        loop {
            if !self.output.is_empty() {
                let output = mem::take(&mut self.output);
                self.write(&output)?;
            }
            if !self.output.is_empty() {
                return Ok(State::Open);
            }
            let count = match self.stream.read(&mut buffer[LONGEST_HEADER..]) {
                Ok(0) => return Ok(State::Ended),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(State::Open),
                Err(error) => return Err(error),
            };
            match &mut self.request {
                Some(request) => {
                    request.extend(&buffer[LONGEST_HEADER..][..count]);
                    self.shake_hands(buffer)?;
                }
                None => {
                    let length = self.frame.turn(buffer, LONGEST_HEADER + count);
                    self.write(&buffer[..length])?;
                }
            }
            if self.frame.has_closed {
                return Ok(State::Ended);
            }
            // What fills the buffer may have more behind it; after less, the next bytes are a new event.
            if count < BUFFER {
                return Ok(State::Open);
            }
        }
    }

    /// Writes once, and keeps what the socket did not take.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.output = rest.to_vec();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Answers the request once it is whole, and turns what came behind it.
    fn shake_hands(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let request = self.request.take().unwrap_or_default();
        let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            let is_too_long = request.len() > LONGEST_REQUEST;
            self.request = Some(request);
            return if is_too_long { Err(io::ErrorKind::InvalidData.into()) } else { Ok(()) };
        };
        let (head, rest) = request.split_at(end + 4);
        let head = String::from_utf8_lossy(head);
        let key = head.lines().filter_map(|line| line.split_once(':'));
        let key = key.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
        let (_, key) = key.ok_or(io::ErrorKind::InvalidData)?;
        let accept = derive_accept_key(key.trim().as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        let end = LONGEST_HEADER + rest.len();
        buffer[LONGEST_HEADER..end].copy_from_slice(rest);
        let length = self.frame.turn(buffer, end);
        self.write(&[answer.as_bytes(), &buffer[..length]].concat())
    }
}

/// The frame that comes now.
#[derive(Default)]
struct Frame {
    /// Its header, as far as it came.
    header: [u8; LONGEST_HEADER],
    header_length: usize,
    /// Bytes of payload that are to come.
    remaining: u64,
    /// The key, turned so that its first byte is for the next byte of payload.
    key: [u8; 4],
    /// Whether a close frame has come, and its whole payload with it.
    has_closed: bool,
}

const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

impl Frame {
    /// Turns what lies in the buffer from the room for a header up to `end` into what is to be sent, at its beginning.
    fn turn(&mut self, buffer: &mut [u8], end: usize) -> usize {
        let (mut from, mut to) = (LONGEST_HEADER, 0);
        while from < end || (self.is_in_payload() && self.remaining == 0) {
            if self.is_in_payload() {
                let count = usize::try_from(self.remaining).map_or(end - from, |remaining| remaining.min(end - from));
                buffer.copy_within(from..from + count, to);
                unmask(&mut buffer[to..to + count], self.key);
                self.key.rotate_left(count % 4);
                self.remaining -= count as u64;
                (from, to) = (from + count, to + count);
                if self.remaining == 0 {
                    self.has_closed |= self.header[0] & 0x0f == CLOSE;
                    self.header_length = 0;
                }
            } else {
                self.header[self.header_length] = buffer[from];
                self.header_length += 1;
                from += 1;
                if self.is_in_payload() {
                    to += self.answer_header(&mut buffer[to..]);
                }
            }
        }
        to
    }

    /// Bytes of the header; two until the second one is read.
    fn whole_header(&self) -> usize {
        match (self.header_length, self.header[1] & 0x7f) {
            (..2, _) | (_, ..126) => 6,
            (_, 126) => 8,
            _ => LONGEST_HEADER,
        }
    }

    fn is_in_payload(&self) -> bool {
        self.header_length == self.whole_header()
    }

    /// Writes the header without mask and key; the result is its length.
    fn answer_header(&mut self, out: &mut [u8]) -> usize {
        let length = self.whole_header() - 4;
        let (lengths, key) = self.header[..length + 4].split_at(length);
        self.key.copy_from_slice(key);
        self.remaining = match lengths {
            [_, length] => (length & 0x7f).into(),
            [_, _, extended @ ..] => extended.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)),
            _ => 0,
        };
        out[..length].copy_from_slice(lengths);
        out[1] &= 0x7f;
        if out[0] & 0x0f == PING {
            out[0] = out[0] & 0xf0 | PONG;
        }
        length
    }
}

fn unmask(payload: &mut [u8], key: [u8; 4]) {
    let wide = u32::from_ne_bytes(key);
    let (words, rest) = payload.as_chunks_mut::<4>();
    for word in words {
        *word = (u32::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_turn_the_same_in_whatever_pieces_they_come() {
        let key = [1, 2, 3, 4];
        let mut input = Vec::new();
        let mut expected = Vec::new();
        for (first, size) in [(0x81, 5), (0x82, 0), (0x89, 3), (0x82, 300), (0x01, 1), (0x80, 70_000), (0x88, 2)] {
            let mut payload: Vec<u8> = (0..size).map(|index| index as u8).collect();
            let length = match size {
                ..126 => vec![size as u8],
                126..0x1_0000 => [&[126][..], &(size as u16).to_be_bytes()].concat(),
                _ => [&[127][..], &(size as u64).to_be_bytes()].concat(),
            };
            expected.push(if first == 0x89 { 0x8a } else { first });
            expected.extend(&length);
            expected.extend(&payload);
            unmask(&mut payload, key);
            input.push(first);
            input.push(length[0] | 0x80);
            input.extend(&length[1..]);
            input.extend(key);
            input.extend(payload);
        }
        for size in [1, 2, 7, 1000, input.len()] {
            let mut frame = Frame::default();
            let mut output: Vec<u8> = Vec::new();
            for piece in input.chunks(size) {
                let mut buffer = [&[0; LONGEST_HEADER], piece].concat();
                let length = frame.turn(&mut buffer, LONGEST_HEADER + piece.len());
                output.extend(&buffer[..length]);
            }
            assert!(output == expected, "in pieces of {size}");
            assert!(frame.has_closed);
        }
    }
}
