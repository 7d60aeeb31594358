//! A client below WebSocket: it writes the bytes that it is given, and reads what comes.

use std::net::SocketAddr;

pub use testkit::frame::frame;
use testkit::handshake::{Compression, request};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

use super::within;

pub struct Peer<S = TcpStream> {
    pub stream: S,
}

impl Peer {
    pub async fn connect(address: SocketAddr) -> Self {
        Self { stream: within("a connection", TcpStream::connect(address)).await.unwrap() }
    }

    /// Opens a WebSocket and reads the answer to the handshake, not a byte more.
    pub async fn open(address: SocketAddr, path: &str) -> Self {
        let mut peer = Self::connect(address).await;
        peer.write(handshake(path)).await;
        let head = peer.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        peer
    }

    /// The same with permessage-deflate agreed, on the server's terms.
    pub async fn open_deflate(address: SocketAddr, path: &str) -> Self {
        Self::connect(address).await.into_deflate(path).await
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    /// Opens a WebSocket with permessage-deflate over the connection.
    pub async fn into_deflate(mut self, path: &str) -> Self {
        self.write(request("localhost", path, Compression::Deflate)).await;
        let head = self.read_head().await;
        assert!(head.contains("sec-websocket-extensions: permessage-deflate"), "{head}");
        self
    }

    /// Writes the bytes, or as many of them as a server takes that may have hung up: its answer shows which.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = within("room to write", async {
            self.stream.write_all(bytes.as_ref()).await?;
            self.stream.flush().await
        })
        .await;
    }

    /// The head of an HTTP response, unless the connection ends before it is whole.
    pub async fn try_read_head(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(within("the head of a response", self.stream.read_u8()).await.ok()?);
        }
        String::from_utf8(head).ok()
    }

    /// The head of an HTTP response, up to and with the empty line.
    pub async fn read_head(&mut self) -> String {
        self.try_read_head().await.expect("the head of a response")
    }

    /// Everything until the server closes.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        within("the server's close", self.stream.read_to_end(&mut bytes)).await.unwrap();
        bytes
    }

    /// The opcode byte and the payload of the next frame, which the server must not have masked.
    pub async fn read_frame(&mut self) -> (u8, Vec<u8>) {
        within("a frame", async {
            let first = self.stream.read_u8().await.unwrap();
            let length = match self.stream.read_u8().await.unwrap() {
                126 => self.stream.read_u16().await.unwrap().into(),
                127 => self.stream.read_u64().await.unwrap(),
                length => u64::from(length),
            };
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.unwrap();
            (first, payload)
        })
        .await
    }

    /// Reads a close frame and then nothing more; gives its code and reason.
    pub async fn read_close(&mut self) -> (u16, String) {
        let (first, payload) = self.read_frame().await;
        assert_eq!(first, 0x88, "expected a close frame with {payload:?}");
        assert_eq!(self.read_to_end().await, b"", "nothing follows a close frame");
        match payload.split_at_checked(2) {
            Some((code, reason)) => {
                (u16::from_be_bytes([code[0], code[1]]), String::from_utf8(reason.to_vec()).unwrap())
            }
            None => (1005, String::new()),
        }
    }
}

/// A client's handshake for a path.
pub fn handshake(path: &str) -> String {
    request("localhost", path, Compression::Off)
}
