//! The messages between page and worker: the page posts commands, the worker posts events.
//!
//! A post is an `ArrayBuffer` with one or more values in [postcard](https://docs.rs/postcard)'s encoding, one behind the
//! other. Texts and bytes are borrowed from the buffer they are read from, and written straight behind their head.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};

/// Identifies a socket among all that a page has opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SocketKey(pub u32);

/// Posted by the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command<'a> {
    /// Connect.
    Open {
        /// The new socket's name.
        socket: SocketKey,
        /// An absolute `ws:` or `wss:` URL.
        url: &'a str,
        /// To offer, in order of preference.
        #[serde(borrow)]
        subprotocols: Vec<&'a str>,
    },
    /// Send a message. If the socket is no longer open, the answer is [`SocketReport::Unsent`].
    Send {
        /// One that has been opened.
        socket: SocketKey,
        /// Of any size.
        #[serde(borrow)]
        data: Data<'a>,
    },
    /// Send a close frame behind what still waits.
    Close {
        /// One that has been opened.
        socket: SocketKey,
        /// 1000, or 3000 to 4999.
        code: u16,
        /// At most 123 bytes.
        reason: &'a str,
    },
    /// Post the next batch: the page is done with the one before ([`SocketReport::BatchEnd`]).
    Resume(SocketKey),
    /// Close the socket. Answered with [`SocketReport::Released`].
    Drop(SocketKey),
    /// Post [`Event::Woken`] after this many milliseconds, in place of the time set before.
    Wake(u32),
}

/// Posted by the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event<'a> {
    /// The time that [`Command::Wake`] named is over.
    Woken,
    /// Something happened to a socket.
    Socket(SocketKey, #[serde(borrow)] SocketReport<'a>),
}

/// What happened to a socket. Times are those of the browser's events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SocketReport<'a> {
    /// The handshake is done.
    Open {
        /// Milliseconds since 1970.
        at: f64,
        /// Milliseconds from the call of the constructor to the event: name look-up, TCP, TLS and HTTP together.
        handshake: f64,
        /// The subprotocol chosen, empty for none.
        protocol: &'a str,
        /// The extensions agreed upon, empty for none.
        extensions: &'a str,
    },
    /// The browser throws at this URL, with this message.
    Refused(&'a str),
    /// A message was received.
    Message {
        /// Milliseconds since 1970.
        at: f64,
        /// Of any size.
        #[serde(borrow)]
        data: Data<'a>,
    },
    /// The next message was longer than what is kept of one ([`MAX_KEPT`](crate::inbox::MAX_KEPT)): so many bytes of it
    /// are left out.
    Cut(u64),
    /// These were received while too much waited for the page ([`inbox`](crate::inbox)), and are lost.
    Missed {
        /// How many.
        messages: u64,
        /// Their payloads together.
        bytes: u64,
    },
    /// The batch ends. The worker sends the next one after [`Command::Resume`].
    BatchEnd,
    /// Bytes of payload that were written to the network since the socket was opened.
    Sent(u64),
    /// The socket was not open any more when this was to be sent. May follow [`Self::Close`].
    Unsent(#[serde(borrow)] Data<'a>),
    /// The socket is closed.
    Close {
        /// Milliseconds since 1970.
        at: f64,
        /// The close frame's, 1005 for a frame without one, 1006 where there was no frame.
        code: u16,
        /// The close frame's, often empty.
        reason: &'a str,
        /// Whether close frames went both ways.
        was_clean: bool,
    },
    /// [`Command::Drop`] is done. The last event, for every socket.
    Released,
}

/// The payload of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Data<'a> {
    /// Of a text message.
    Text(&'a str),
    /// Of a binary message.
    Binary(#[serde(with = "serde_bytes")] &'a [u8]),
}

impl Data<'_> {
    /// Bytes on the wire, uncompressed: of UTF-8 for text.
    pub fn size(self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

/// Writes a value behind what `buffer` holds.
pub fn encode(value: &impl Serialize, buffer: &mut Vec<u8>) {
    // Appending to a `Vec` cannot fail, and these types have nothing that postcard does not know.
    let _ = postcard::serialize_with_flavor(value, Append(buffer));
}

/// The post has something else at this place than a value of this build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError;

/// The values in a post, in order, up to the first that cannot be decoded.
pub fn decode<'a, T: Deserialize<'a>>(post: &'a [u8]) -> impl Iterator<Item = Result<T, DecodeError>> {
    let mut rest = post;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let value = postcard::take_from_bytes(rest);
        rest = value.as_ref().map_or(&[], |(_, after)| after);
        Some(value.map(|(value, _)| value).map_err(|_| DecodeError))
    })
}

/// postcard's own flavour for an `Extend` copies a payload byte by byte.
struct Append<'a>(&'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn encoded(value: &impl Serialize) -> Vec<u8> {
        let mut buffer = Vec::new();
        encode(value, &mut buffer);
        buffer
    }

    fn data<'a>(is_text: bool, text: &'a str, bytes: &'a [u8]) -> Data<'a> {
        if is_text { Data::Text(text) } else { Data::Binary(bytes) }
    }

    proptest! {
        #[test]
        fn commands_are_read_as_they_were_written(
            key: u32,
            texts in vec(".*", 0..4),
            text in ".*",
            bytes in vec(any::<u8>(), 0..300),
            is_text: bool,
            code: u16,
        ) {
            let socket = SocketKey(key);
            let commands = [
                Command::Open { socket, url: &text, subprotocols: texts.iter().map(String::as_str).collect() },
                Command::Send { socket, data: data(is_text, &text, &bytes) },
                Command::Close { socket, code, reason: &text },
                Command::Resume(socket),
                Command::Drop(socket),
                Command::Wake(key),
            ];
            let mut post = Vec::new();
            commands.iter().for_each(|command| encode(command, &mut post));
            prop_assert_eq!(decode(&post).collect::<Result<Vec<Command>, _>>().unwrap(), commands);
        }

        #[test]
        fn events_are_read_as_they_were_written(
            key: u32,
            text in ".*",
            bytes in vec(any::<u8>(), 0..300),
            is_text: bool,
            was_clean: bool,
            code: u16,
            at in any::<f64>().prop_filter("equal to itself", |at| !at.is_nan()),
            count: u64,
        ) {
            let data = data(is_text, &text, &bytes);
            let of_socket = [
                SocketReport::Open { at, handshake: at, protocol: &text, extensions: "permessage-deflate" },
                SocketReport::Refused(&text),
                SocketReport::Message { at, data },
                SocketReport::Cut(count),
                SocketReport::Missed { messages: count, bytes: u64::from(key) },
                SocketReport::BatchEnd,
                SocketReport::Sent(count),
                SocketReport::Unsent(data),
                SocketReport::Close { at, code, reason: &text, was_clean },
                SocketReport::Released,
            ];
            let mut events: Vec<_> = of_socket.into_iter().map(|event| Event::Socket(SocketKey(key), event)).collect();
            events.push(Event::Woken);
            let mut post = Vec::new();
            events.iter().for_each(|event| encode(event, &mut post));
            prop_assert_eq!(decode(&post).collect::<Result<Vec<Event>, _>>().unwrap(), events);
        }

        #[test]
        fn what_is_cut_off_is_unreadable(text in ".*", cut in any::<prop::sample::Index>()) {
            let mut post = encoded(&Command::Resume(SocketKey(2)));
            let whole = post.len();
            encode(&Command::Send { socket: SocketKey(1), data: Data::Text(&text) }, &mut post);
            let cut = whole + 1 + cut.index(post.len() - whole - 1);
            let read: Vec<_> = decode(&post[..cut]).collect();
            prop_assert_eq!(read, [Ok(Command::Resume(SocketKey(2))), Err(DecodeError)]);
        }
    }

    #[test]
    fn a_short_message_takes_13_bytes_more_than_its_payload() {
        let message = SocketReport::Message { at: 1.0, data: Data::Text("hello") };
        assert_eq!(encoded(&Event::Socket(SocketKey(1), message)).len(), 5 + 13);
    }
}
