//! One open WebSocket of the soak: whole messages, fragmented and compressed as asked for, over tokio's socket.

use std::{io, net::SocketAddr};

use anyhow::{Context, Result, bail, ensure};
use bench::{
    client::Client,
    decoder::{Event, Piece},
    deflate::{self, FLUSH},
};
use flate2::{Compress, Decompress};
use testkit::{
    frame::{BINARY, CLOSE, FIN, PING, PONG, RSV1, TEXT},
    handshake::{Compression, agreed, head_length, request},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Largest message, in bytes: far more than the soak sends.
const MAX_MESSAGE: usize = 64 << 20;

/// A whole message, or a control frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Text(Vec<u8>),
    Binary(Vec<u8>),
    /// A code and a reason, as they stand on the wire.
    Close(Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

impl Message {
    fn parts(&self) -> (u8, &[u8]) {
        match self {
            Self::Text(payload) => (TEXT, payload),
            Self::Binary(payload) => (BINARY, payload),
            Self::Close(payload) => (CLOSE, payload),
            Self::Ping(payload) => (PING, payload),
            Self::Pong(payload) => (PONG, payload),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    client: Client,
    /// There where the server agreed to compression.
    deflate: Option<Deflate>,
    /// What was read, and how much of it was taken apart.
    input: Vec<u8>,
    taken: usize,
    /// The message that comes, as far as it came.
    message: Vec<u8>,
}

#[derive(Debug)]
struct Deflate {
    compress: Compress,
    decompress: Decompress,
}

impl Connection {
    /// Opens a WebSocket at a path.
    pub(crate) async fn open(address: SocketAddr, path: &str, offer: Compression) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(request(&address.to_string(), path, offer).as_bytes()).await?;
        let mut input = Vec::new();
        let taken = loop {
            if let Some(end) = head_length(&input) {
                break end;
            }
            ensure!(stream.read_buf(&mut input).await? > 0, "the server hung up during the handshake");
        };
        let deflate = (agreed(&input[..taken])? == Compression::Deflate).then(|| Deflate {
            compress: Compress::new(flate2::Compression::fast(), false),
            decompress: Decompress::new(false),
        });
        Ok(Self { stream, client: Client::default(), deflate, input, taken, message: Vec::new() })
    }

    /// Queues a message in frames of at most `fragment` bytes of payload; control frames are never cut.
    pub(crate) fn queue(&mut self, message: &Message, fragment: usize) -> Result<()> {
        let (opcode, payload) = message.parts();
        if matches!(opcode, CLOSE | PING | PONG) {
            self.client.queue(FIN | opcode, payload);
            return Ok(());
        }
        let compressed = match &mut self.deflate {
            Some(deflate) if !payload.is_empty() => Some(deflate::compress(&mut deflate.compress, payload)?),
            _ => None,
        };
        let mut first = if compressed.is_some() { RSV1 | opcode } else { opcode };
        let mut rest = compressed.as_deref().unwrap_or(payload);
        loop {
            let (chunk, after) = rest.split_at(rest.len().min(fragment.max(1)));
            self.client.queue(if after.is_empty() { FIN | first } else { first }, chunk);
            if after.is_empty() {
                return Ok(());
            }
            (first, rest) = (0, after);
        }
    }

    /// Writes what is queued, or only the first `most` bytes of it.
    pub(crate) async fn flush(&mut self, most: usize) -> io::Result<()> {
        let output = &mut self.client.output;
        let most = most.min(output.len());
        self.stream.write_all(&output[..most]).await?;
        output.drain(..most);
        Ok(())
    }

    /// The next message, put together from its frames; pings are answered on the way.
    pub(crate) async fn read(&mut self) -> Result<Message> {
        loop {
            let mut rest = &self.input[self.taken..];
            let event = self.client.next(&mut rest)?;
            self.taken = self.input.len() - rest.len();
            match event {
                Some(Event::Close(payload)) => return Ok(Message::Close(payload)),
                Some(Event::Pong(payload)) => return Ok(Message::Pong(payload)),
                Some(Event::Data(piece)) => {
                    let deflate = self.deflate.as_mut().filter(|_| piece.compressed);
                    ensure!(deflate.is_some() == piece.compressed, "the server compressed, which was not agreed");
                    take(&mut self.message, deflate, piece)?;
                    if piece.end {
                        return message(piece.opcode, std::mem::take(&mut self.message));
                    }
                }
                Some(Event::Ping(_)) => bail!("a ping is answered before it is an event"),
                None => self.read_more().await?,
            }
        }
    }

    async fn read_more(&mut self) -> Result<()> {
        self.flush(usize::MAX).await?;
        self.input.clear();
        self.taken = 0;
        ensure!(self.stream.read_buf(&mut self.input).await? > 0, "the server hung up");
        Ok(())
    }

    /// Waits until the server has closed its side; whether nothing came before that.
    pub(crate) async fn is_at_end(&mut self) -> bool {
        self.taken == self.input.len() && matches!(self.stream.read(&mut [0]).await, Ok(0))
    }

    /// Resets the connection instead of closing it.
    pub(crate) fn abort(self) -> io::Result<()> {
        self.stream.set_zero_linger()
    }
}

fn take(message: &mut Vec<u8>, deflate: Option<&mut Deflate>, piece: Piece<'_>) -> Result<()> {
    let mut add = |bytes: &[u8]| {
        message.extend(bytes);
        ensure!(message.len() <= MAX_MESSAGE, "the server sent a message of more than {MAX_MESSAGE} bytes");
        Ok(())
    };
    let Some(Deflate { decompress, .. }) = deflate else { return add(piece.bytes) };
    deflate::inflate(decompress, piece.bytes, &mut add)?;
    if piece.end { deflate::inflate(decompress, &FLUSH, add) } else { Ok(()) }
}

fn message(opcode: u8, payload: Vec<u8>) -> Result<Message> {
    match opcode {
        TEXT => Ok(Message::Text(payload)),
        BINARY => Ok(Message::Binary(payload)),
        _ => Err(anyhow::anyhow!("the server sent the opcode {opcode}")).context("a message has a wrong type"),
    }
}
