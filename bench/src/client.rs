//! A WebSocket client ([RFC 6455](https://www.rfc-editor.org/rfc/rfc6455)) in full command of its frames: it fragments,
//! compresses, and can stop in the middle of anything. Never a library for others: it believes in a server that is right.

use std::{io, net::SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Whether permessage-deflate ([RFC 7692](https://www.rfc-editor.org/rfc/rfc7692)) is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Nothing is offered.
    Plain,
    /// Offered with context takeover on both sides.
    Deflate,
}

/// What a frame carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Opcode 1.
    Text(Vec<u8>),
    /// Opcode 2.
    Binary(Vec<u8>),
    /// Opcode 8: a code and a reason, as they stand on the wire.
    Close(Vec<u8>),
    /// Opcode 9.
    Ping(Vec<u8>),
    /// Opcode 10.
    Pong(Vec<u8>),
}

impl Message {
    fn parts(&self) -> (u8, &[u8]) {
        match self {
            Self::Text(payload) => (1, payload),
            Self::Binary(payload) => (2, payload),
            Self::Close(payload) => (8, payload),
            Self::Ping(payload) => (9, payload),
            Self::Pong(payload) => (10, payload),
        }
    }

    fn new(opcode: u8, payload: Vec<u8>) -> Result<Self> {
        Ok(match opcode {
            1 => Self::Text(payload),
            2 => Self::Binary(payload),
            8 => Self::Close(payload),
            9 => Self::Ping(payload),
            10 => Self::Pong(payload),
            _ => bail!("the server sent the opcode {opcode}"),
        })
    }
}

/// An open WebSocket.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
    /// There where the server agreed to compression.
    deflate: Option<Deflate>,
    /// What is written with the next [`Client::flush`].
    output: Vec<u8>,
}

#[derive(Debug)]
struct Deflate {
    compress: Compress,
    decompress: Decompress,
}

impl Client {
    /// Opens a WebSocket at a path.
    pub async fn connect(address: SocketAddr, path: &str, offer: Offer) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        let extensions = match offer {
            Offer::Plain => "",
            Offer::Deflate => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{extensions}\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.context("the server hung up during the handshake")?);
        }
        let head = String::from_utf8(head)?;
        ensure!(head.starts_with("HTTP/1.1 101 "), "the server refused the handshake: {head:?}");
        let deflate = head.contains("permessage-deflate").then(|| Deflate {
            compress: Compress::new(Compression::fast(), false),
            decompress: Decompress::new(false),
        });
        Ok(Self { stream, deflate, output: Vec::new() })
    }

    /// Queues a message in frames of at most `fragment` bytes of payload; control frames are never cut.
    pub fn queue(&mut self, message: &Message, fragment: usize) -> Result<()> {
        let (opcode, payload) = message.parts();
        let is_data = opcode < 8;
        let compressed = match &mut self.deflate {
            Some(deflate) if is_data && !payload.is_empty() => Some(deflate.compress(payload)?),
            _ => None,
        };
        let rsv1 = if compressed.is_some() { 0x40 } else { 0 };
        let payload = compressed.as_deref().unwrap_or(payload);
        let size = if is_data { fragment.max(1) } else { payload.len().max(1) };
        let count = payload.len().div_ceil(size).max(1);
        for index in 0..count {
            let chunk = &payload[index * size..payload.len().min((index + 1) * size)];
            let fin = if index + 1 == count { 0x80 } else { 0 };
            let first = if index == 0 { fin | rsv1 | opcode } else { fin };
            self.queue_frame(first, chunk);
        }
        Ok(())
    }

    fn queue_frame(&mut self, first: u8, payload: &[u8]) {
        let key = fastrand::u32(..).to_ne_bytes();
        self.output.push(first);
        match payload.len() {
            length @ ..126 => self.output.push(0x80 | length as u8),
            length @ 126..0x1_0000 => {
                self.output.push(0x80 | 126);
                self.output.extend((length as u16).to_be_bytes());
            }
            length => {
                self.output.push(0x80 | 127);
                self.output.extend((length as u64).to_be_bytes());
            }
        }
        self.output.extend(key);
        self.output.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    }

    /// Writes what is queued, or only the first `most` bytes of it.
    pub async fn flush(&mut self, most: usize) -> io::Result<()> {
        let most = most.min(self.output.len());
        self.stream.write_all(&self.output[..most]).await?;
        self.output.drain(..most);
        Ok(())
    }

    /// The next message, put together from its frames.
    pub async fn read(&mut self) -> Result<Message> {
        let (first, mut payload) = self.read_frame().await?;
        let opcode = first & 0x0f;
        let mut fin = first & 0x80 != 0;
        while !fin {
            let (next, rest) = self.read_frame().await?;
            ensure!(next & 0x7f == 0, "the server sent {next:#x} within a fragmented message");
            payload.extend(rest);
            fin = next & 0x80 != 0;
        }
        if first & 0x40 != 0 {
            let deflate = self.deflate.as_mut().context("the server compressed, which was not agreed")?;
            payload = deflate.decompress(&payload)?;
        }
        Message::new(opcode, payload)
    }

    async fn read_frame(&mut self) -> Result<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await?;
        let length = match self.stream.read_u8().await? {
            126 => self.stream.read_u16().await?.into(),
            127 => self.stream.read_u64().await?,
            length => u64::from(length),
        };
        ensure!(length <= 64 << 20, "the server announced a frame of {length} bytes");
        let mut payload = vec![0; usize::try_from(length)?];
        self.stream.read_exact(&mut payload).await?;
        Ok((first, payload))
    }

    /// Whether the server has closed its side.
    pub async fn is_at_end(&mut self) -> bool {
        matches!(self.stream.read_u8().await, Err(error) if error.kind() == io::ErrorKind::UnexpectedEof)
    }

    /// Resets the connection instead of closing it.
    pub fn abort(self) -> io::Result<()> {
        self.stream.into_inner().set_zero_linger()
    }
}

impl Deflate {
    fn compress(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(payload.len() + payload.len() / 8 + 64);
        self.compress.compress_vec(payload, &mut out, FlushCompress::Sync)?;
        ensure!(out.ends_with(&[0, 0, 0xff, 0xff]), "the compressor needs more room than {} bytes", out.capacity());
        out.truncate(out.len() - 4);
        Ok(out)
    }

    fn decompress(&mut self, payload: &[u8]) -> Result<Vec<u8>> {
        let input = [payload, &[0, 0, 0xff, 0xff]].concat();
        let mut out = Vec::with_capacity(payload.len() * 4 + 64);
        let start = self.decompress.total_in();
        loop {
            let taken = (self.decompress.total_in() - start) as usize;
            let status = self.decompress.decompress_vec(&input[taken..], &mut out, FlushDecompress::None)?;
            ensure!(status != Status::StreamEnd, "the server ended its compressed stream");
            let taken = (self.decompress.total_in() - start) as usize;
            if taken == input.len() && out.len() < out.capacity() {
                return Ok(out);
            }
            out.reserve(out.capacity());
        }
    }
}
