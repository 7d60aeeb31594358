//! A WebSocket client ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) without its socket: takes a server's bytes apart,
//! answers its pings, and queues frames to write. It does not check that the server follows the protocol.

use anyhow::{Result, bail};
use testkit::frame::{self, CLOSE, FIN, PONG};

use crate::decoder::{Decoder, Event};

/// Payload of a close frame with the code 1000.
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// The client's side of one connection after the handshake.
#[derive(Debug, Default)]
pub struct Client {
    decoder: Decoder,
    /// Frames to write. The caller removes written bytes from the front, which may end inside a frame.
    pub output: Vec<u8>,
}

impl Client {
    /// Takes the next event off the front of what the server sent; `None` when more must come. A ping is answered in
    /// `output`, and is no event.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        loop {
            match self.decoder.next(input)? {
                Some(Event::Ping(payload)) => self.queue(FIN | PONG, &payload),
                event => return Ok(event),
            }
        }
    }

    /// As [`Self::next`], where the server must not close.
    pub fn next_while_open<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Event<'a>>> {
        match self.next(input)? {
            Some(Event::Close(payload)) => bail!("the server closed: '{}'", payload.escape_ascii()),
            event => Ok(event),
        }
    }

    /// Queues a frame with a random mask key.
    pub fn queue(&mut self, first: u8, payload: &[u8]) {
        frame::write(&mut self.output, first, payload, fastrand::u32(..).to_ne_bytes());
    }

    /// Queues a close frame with the code 1000.
    pub fn queue_close(&mut self) {
        self.queue(FIN | CLOSE, &NORMAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_is_answered_and_is_no_event() {
        let mut client = Client::default();
        let mut input: &[u8] = b"\x89\x01p\x8a\x01q";
        assert_eq!(client.next(&mut input).unwrap(), Some(Event::Pong(b"q".to_vec())));
        assert_eq!(client.output[..2], [0x8a, 0x81]);
        assert_eq!(client.output[2] ^ client.output[6], b'p');
    }

    #[test]
    fn a_close_is_an_error_where_the_server_must_not_close() {
        let error = Client::default().next_while_open(&mut &b"\x88\x04\x03\xe9hi"[..]).unwrap_err();
        assert_eq!(error.to_string(), r"the server closed: '\x03\xe9hi'");
    }
}
