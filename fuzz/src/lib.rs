//! What the targets about frames share: a client, and how tungstenite's errors are answered. Never asserts what the server
//! does with it.

use std::{
    io::Cursor,
    pin::pin,
    task::{Context, Poll, Waker},
};

use libfuzzer_sys::{arbitrary, arbitrary::Arbitrary};
use testkit::{MemoryStream, frame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Error,
        error::ProtocolError,
        protocol::{
            Role, WebSocketConfig,
            frame::{FrameHeader, coding::CloseCode},
        },
    },
};

/// A client's masked frame, good or bad.
#[derive(Debug, Arbitrary)]
pub struct Frame<'bytes> {
    first: First,
    key: [u8; 4],
    words: Words<'bytes>,
    /// The payload is as much of the words, over and over: a small input makes a large frame, and a character may be cut.
    size: Size,
}

/// A header's first byte. Most of the bytes would end the connection.
#[derive(Debug, Arbitrary)]
enum First {
    Text,
    Binary,
    TextFragment,
    Continuation,
    End,
    Ping,
    Any(u8),
}

#[derive(Debug, Arbitrary)]
enum Words<'bytes> {
    Ascii,
    Multibyte,
    These(&'bytes [u8]),
}

/// A number of bytes, in most cases a small one.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct Size(u8);

impl Size {
    /// As it is up to 200, and twice as many KiB beyond.
    pub fn bytes(self) -> usize {
        match usize::from(self.0) {
            bytes @ ..=200 => bytes,
            more => (more - 200) << 11,
        }
    }
}

impl First {
    fn byte(&self) -> u8 {
        match *self {
            Self::Text => 0x81,
            Self::Binary => 0x82,
            Self::TextFragment => 0x01,
            Self::Continuation => 0x00,
            Self::End => 0x80,
            Self::Ping => 0x89,
            Self::Any(byte) => byte,
        }
    }
}

impl Words<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Ascii => b"echo",
            Self::Multibyte => "écho 木霊 🏜".as_bytes(),
            Self::These(bytes) => bytes,
        }
    }
}

impl Frame<'_> {
    /// Its bytes, with as much payload as `most` allows.
    pub fn write(&self, out: &mut Vec<u8>, most: usize) {
        let words = self.words.bytes().iter().cycle();
        let payload: Vec<u8> = words.take(self.size.bytes().min(most)).copied().collect();
        frame::write(out, self.first.byte(), &payload, self.key);
    }
}

/// A client that has sent all that it will, through a socket that is ready for pieces of these sizes, and then for one as
/// large as can be.
pub fn client(sent: &[u8], pieces: &[Size]) -> MemoryStream {
    MemoryStream::in_pieces(sent, pieces.iter().map(|size| size.bytes()).chain([usize::MAX]))
}

/// The frames before the first whose length is not in its shortest form: such a frame is a protocol violation here, and
/// tungstenite takes it.
pub fn before_padded_length(bytes: &[u8]) -> &[u8] {
    let mut at = 0;
    while let Some(rest) = bytes.get(at..) {
        let mut cursor = Cursor::new(rest);
        // What is no header ends the connection at both.
        let Ok(Some((header, length))) = FrameHeader::parse(&mut cursor) else { break };
        let size = cursor.position() as usize;
        if size != header.len(length) {
            return &bytes[..at];
        }
        at = usize::try_from(length).map_or(usize::MAX, |length| length.saturating_add(at + size));
    }
    bytes
}

/// tungstenite as a server, with a largest message of so many bytes.
pub async fn websocket<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    config: WebSocketConfig,
    most: usize,
) -> WebSocketStream<S> {
    let config = config.max_message_size(Some(most)).max_frame_size(Some(most));
    WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await
}

/// The code that an error is answered with; none where the peer has ended its side.
pub fn code(error: Error) -> Option<CloseCode> {
    match error {
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) | Error::ConnectionClosed => None,
        Error::Protocol(_) => Some(CloseCode::Protocol),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Capacity(_) => Some(CloseCode::Size),
        other => panic!("{other}"),
    }
}

/// Asserts that the frame layer's verdict is tungstenite's own.
pub fn assert_same(ours: Option<CloseCode>, theirs: Option<CloseCode>) {
    match (ours, theirs) {
        // The fault shows before the frame is whole, and this one's end never comes.
        (Some(_), None) => {}
        // Wrong in two ways, of which tungstenite sees the size first.
        (Some(CloseCode::Protocol), Some(CloseCode::Size)) => {}
        (ours, theirs) => assert_eq!(ours, theirs),
    }
}

/// Polls a future to its end, whether it was woken or not.
pub fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
    }
}
