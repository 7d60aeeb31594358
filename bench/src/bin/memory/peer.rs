//! A peer of an attack: it opens a WebSocket, sends what it can, and holds the connection without reading.

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context, Result, bail};
use bench::decoder::{Decoder, Event};
use testkit::handshake::{self, Compression};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

/// How long a handshake may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the server may take nothing before a peer sends no more.
const STALL: Duration = Duration::from_secs(1);

/// How long a close frame may take that should be there already.
const SOON: Duration = Duration::from_millis(5);

/// The system's buffers on the side of the peer, so that what it does not read waits at the server.
const BUFFER: u32 = 16 << 10;

/// An open WebSocket whose answers wait unread.
#[derive(Debug)]
pub(crate) struct Peer {
    stream: TcpStream,
    /// What came behind the head of the handshake's answer.
    early: Vec<u8>,
}

/// What became of a handshake.
pub(crate) enum Opened {
    /// A WebSocket.
    Open(Peer),
    /// 503: the server has no room.
    NoRoom,
}

impl Peer {
    /// Connects and shakes hands.
    pub(crate) async fn open(address: SocketAddr, path: &str, offer: Compression) -> Result<Opened> {
        timeout(PATIENCE, Self::shake_hands(address, path, offer)).await.context("no answer to the handshake")?
    }

    async fn shake_hands(address: SocketAddr, path: &str, offer: Compression) -> Result<Opened> {
        let socket = TcpSocket::new_v4()?;
        socket.set_recv_buffer_size(BUFFER)?;
        socket.set_send_buffer_size(BUFFER)?;
        let mut stream = socket.connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(handshake::request(&address.to_string(), path, offer).as_bytes()).await?;
        let mut head = Vec::with_capacity(1024);
        let end = loop {
            if let Some(end) = handshake::head_length(&head) {
                break end;
            }
            if stream.read_buf(&mut head).await? == 0 {
                bail!("the server hung up during the handshake");
            }
        };
        if head.starts_with(b"HTTP/1.1 503 ") {
            return Ok(Opened::NoRoom);
        }
        let early = head.split_off(end);
        handshake::agreed(&head)?;
        Ok(Opened::Open(Self { stream, early }))
    }

    /// Writes until all is written, the server takes no more, or it has hung up; gives how much was written.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> usize {
        let mut sent = 0;
        while sent < bytes.len() {
            match timeout(STALL, self.stream.write(&bytes[sent..])).await {
                Ok(Ok(count)) => sent += count,
                Ok(Err(_)) | Err(_) => break,
            }
        }
        sent
    }

    /// The next frame that is no data: its opcode's name, and a close frame's code. `None` when the server has hung up.
    pub(crate) async fn control(&mut self) -> Result<Option<Control>> {
        let mut decoder = Decoder::default();
        loop {
            let bytes = std::mem::take(&mut self.early);
            let mut input = &bytes[..];
            while let Some(event) = decoder.next(&mut input)? {
                let control = match event {
                    Event::Data(_) | Event::Ping(_) => continue,
                    Event::Pong(_) => Control::Pong,
                    Event::Close(payload) => {
                        Control::Close(payload.first_chunk().map(|code| u16::from_be_bytes(*code)))
                    }
                };
                self.early = input.to_vec();
                return Ok(Some(control));
            }
            self.early.reserve(64 << 10);
            if self.stream.read_buf(&mut self.early).await? == 0 {
                return Ok(None);
            }
        }
    }

    /// The code of the close frame behind what waits unread, if it comes soon.
    pub(crate) async fn close_code(mut self) -> Option<u16> {
        let close = async {
            loop {
                match self.control().await {
                    Ok(Some(Control::Close(code))) => return code,
                    Ok(Some(Control::Pong)) => {}
                    Ok(None) | Err(_) => return None,
                }
            }
        };
        timeout(SOON, close).await.ok().flatten()
    }

    /// Ends the connection with a reset.
    pub(crate) fn reset(self) -> Result<()> {
        Ok(self.stream.set_zero_linger()?)
    }
}

/// A control frame of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// The answer to a ping.
    Pong,
    /// A close frame, and its code if it has one.
    Close(Option<u16>),
}
