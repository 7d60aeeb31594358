//! What is told about one connection: its request and response, and the frames of both directions in the order in which
//! they crossed the wire.

use std::collections::VecDeque;

use hyper::header::HeaderMap;
use wire::event::{Direction, FIRST_BYTES, Frame, Happened, Request, Response};

use super::{Sinks, frames::FrameReader};
use crate::protocol::ProtocolViolation;

/// RSV1 of a frame, which marks a compressed message.
const RSV1: u8 = 4;
/// The most frames that wait for the size of their message before compression. More are told without.
const MOST_WAITING: usize = 1024;

/// Tells what a connection carries. Its end is told when it is dropped.
#[derive(Debug)]
pub(crate) struct Tap {
    connection: u64,
    sinks: Sinks,
    incoming: FrameReader,
    outgoing: FrameReader,
    /// Frames that were read, from the last one of a compressed message that is not inflated yet.
    waiting: VecDeque<Waiting>,
    /// The messages that were read and are not decoded yet.
    undecoded: VecDeque<Undecoded>,
    /// Messages before compression, of which the last frame has not gone out.
    compressed: VecDeque<Plain>,
    received: Message,
    sent: Message,
}

/// A frame that was read at that time.
#[derive(Debug)]
struct Waiting {
    at: u64,
    frame: Frame,
    ends_compressed: bool,
}

/// A message whose last frame was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Undecoded {
    /// Its last frame waits for its size before compression.
    Waits,
    /// Its last frame is told already.
    Told,
}

/// A message without compression: its size, and its beginning.
#[derive(Debug)]
pub(crate) struct Plain {
    size: u64,
    first: Vec<u8>,
}

impl Plain {
    pub(crate) fn of(message: &[u8]) -> Self {
        Self { size: message.len() as u64, first: message[..message.len().min(FIRST_BYTES)].to_vec() }
    }

    /// Adds it to the last frame of the message.
    fn describe(self, frame: &mut Frame) {
        (frame.plain, frame.plain_first) = (Some(self.size), self.first);
    }
}

/// The message that the frames of one direction belong to.
#[derive(Debug, Default)]
struct Message {
    is_compressed: bool,
}

impl Message {
    /// Whether that frame, the next one, is the last of a compressed message.
    fn ends_compressed(&mut self, frame: &Frame) -> bool {
        if (1..8).contains(&frame.opcode) {
            self.is_compressed = frame.rsv & RSV1 != 0;
        }
        ends_message(frame) && self.is_compressed
    }
}

fn ends_message(frame: &Frame) -> bool {
    frame.fin && frame.opcode < 8
}

impl Tap {
    pub(super) fn new(connection: u64, sinks: Sinks) -> Self {
        Self {
            connection,
            sinks,
            incoming: FrameReader::new(Direction::In),
            outgoing: FrameReader::new(Direction::Out),
            waiting: VecDeque::new(),
            undecoded: VecDeque::new(),
            compressed: VecDeque::new(),
            received: Message::default(),
            sent: Message::default(),
        }
    }

    /// The connection's number.
    pub(crate) fn connection(&self) -> u64 {
        self.connection
    }

    pub(crate) fn request(&self, request: Request) {
        self.tell(Happened::Request(request.into()));
    }

    /// Tells a right response; `body` is the sentence of a refusal.
    pub(crate) fn response<B>(&self, response: &hyper::Response<B>, body: Option<String>) {
        let headers = headers(response.headers());
        let status = Some(response.status().as_u16());
        self.tell(Happened::Response(Response { status, line: None, headers, body }.into()));
    }

    /// Tells a response that need not be right, from the first bytes that were written.
    pub(crate) fn written_response(&self, bytes: &[u8]) {
        self.tell(Happened::Response(read_response(bytes).into()));
    }

    /// Tells the response of another server, which this one is a client of.
    pub(crate) fn response_of_server(&self, status: u16, headers: Vec<(String, String)>) {
        self.tell(Happened::Response(Response { status: Some(status), line: None, headers, body: None }.into()));
    }

    /// Tells bytes that were read. The last frame of a compressed message, and what follows it, waits until it is
    /// [decoded](Self::decoded).
    pub(crate) fn received(&mut self, bytes: &[u8]) {
        let at = self.sinks.clock.now();
        for frame in self.incoming.read(bytes) {
            let ends_compressed = self.received.ends_compressed(&frame);
            if ends_message(&frame) {
                self.undecoded.push_back(if ends_compressed { Undecoded::Waits } else { Undecoded::Told });
            }
            self.waiting.push_back(Waiting { at, frame, ends_compressed });
        }
        self.tell_received();
        if self.waiting.len() > MOST_WAITING {
            self.release();
        }
    }

    /// Notes that a text or binary message has been read to its end.
    pub(crate) fn decoded(&mut self, message: Plain) {
        if self.undecoded.pop_front() != Some(Undecoded::Waits) {
            return;
        }
        if let Some(Waiting { at, mut frame, .. }) = self.waiting.pop_front() {
            message.describe(&mut frame);
            self.sinks.tell(self.connection, at, Happened::Frame(frame.into()));
        }
        self.tell_received();
    }

    /// Tells all that was read: nothing more is decoded, or too much waits for that.
    pub(crate) fn release(&mut self) {
        self.undecoded.iter_mut().for_each(|message| *message = Undecoded::Told);
        for Waiting { at, frame, .. } in std::mem::take(&mut self.waiting) {
            self.sinks.tell(self.connection, at, Happened::Frame(frame.into()));
        }
    }

    /// Tells that the connection fails, behind the frame that is the reason.
    pub(crate) fn violation(&mut self, violation: ProtocolViolation) {
        self.release();
        if let Some(frame) = self.incoming.end() {
            self.tell(Happened::Frame(frame.into()));
        }
        let (code, section) = (violation.code().into(), violation.section().to_owned());
        self.tell(Happened::Violation { code, reason: violation.to_string(), section });
    }

    /// Notes that a message was compressed.
    pub(crate) fn compressed(&mut self, message: Plain) {
        self.compressed.push_back(message);
    }

    /// Tells bytes that were written.
    pub(crate) fn sent(&mut self, bytes: &[u8]) {
        for mut frame in self.outgoing.read(bytes) {
            if self.sent.ends_compressed(&frame)
                && let Some(message) = self.compressed.pop_front()
            {
                message.describe(&mut frame);
            }
            self.tell(Happened::Frame(frame.into()));
        }
    }

    /// Tells what was read, up to the last frame of a compressed message.
    fn tell_received(&mut self) {
        while let Some(Waiting { at, frame, .. }) = self.waiting.pop_front_if(|waiting| !waiting.ends_compressed) {
            self.sinks.tell(self.connection, at, Happened::Frame(frame.into()));
        }
    }

    fn tell(&self, happened: Happened) {
        self.sinks.tell(self.connection, self.sinks.clock.now(), happened);
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.release();
        for frame in [self.incoming.end(), self.outgoing.end()].into_iter().flatten() {
            self.tell(Happened::Frame(frame.into()));
        }
        self.tell(Happened::End);
    }
}

/// Names and values, in the order of the map.
pub(crate) fn headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
}

/// How much of a wrong response is told, in bytes.
const MOST_OF_RESPONSE: usize = 16 << 10;

/// A response as far as it can be read: lines up to the first empty one, whose parts a colon separates.
fn read_response(bytes: &[u8]) -> Response {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST_OF_RESPONSE)]);
    let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let line = lines.next().unwrap_or_default().to_owned();
    let status = line.strip_prefix("HTTP/").and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let headers = lines.take_while(|line| !line.is_empty()).map(|line| match line.split_once(':') {
        Some((name, value)) => (name.to_owned(), value.trim().to_owned()),
        None => (line.to_owned(), String::new()),
    });
    Response { status, headers: headers.collect(), line: Some(line), body: None }
}
