//! An opening handshake over a blocking socket, in two steps, so that many can be under way at once.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use testkit::handshake::{Compression, agreed, head_length, request};

use crate::{stream::Stream, target::Target};

/// How long a server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Largest head of an answer, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// A handshake whose request is sent, and whose answer is not read.
#[derive(Debug)]
pub struct Handshake {
    stream: Stream<TcpStream>,
    compression: Compression,
}

impl Handshake {
    /// Connects, and sends the handshake.
    pub fn begin(target: &Target, compression: Compression) -> Result<Self> {
        let mut stream = target.connect(PATIENCE).with_context(|| format!("cannot connect to {target}"))?;
        stream.write_all(request(&target.authority, &target.path, compression).as_bytes())?;
        Ok(Self { stream, compression })
    }

    /// Waits for the answer; with the open WebSocket comes what the server sent right behind it.
    ///
    /// # Errors
    /// The server refuses, or does not agree to the compression that was offered.
    pub fn complete(self) -> Result<(Stream<TcpStream>, Vec<u8>)> {
        let Self { mut stream, compression } = self;
        let mut head = Vec::new();
        let end = loop {
            if let Some(end) = head_length(&head) {
                break end;
            }
            ensure!(head.len() < MAX_HEAD, "the answer to the handshake has a head of more than {MAX_HEAD} bytes");
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).context("no answer to the handshake")?;
            ensure!(count > 0, "the server hung up during the handshake");
            head.extend(&buffer[..count]);
        };
        let early = head.split_off(end);
        let agrees = agreed(&head)?;
        ensure!(agrees == compression, "the server agreed to {agrees:?} instead of {compression:?}");
        Ok((stream, early))
    }
}
