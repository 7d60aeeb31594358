//! Measures what zlib-rs alone needs for the messages of `load --deflate`: inflates and deflates each, as a server must.
//! Never touches a socket: what a server needs beyond this is its own.

use std::{
    process,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use bench::{
    messages::{Compressing, Kind, Messages},
    process::Usage,
};
use clap::Parser;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

/// Measures what zlib-rs alone needs for the messages of `load --deflate`.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many connections have a compressor and an inflater
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    connections: u32,

    /// Bytes of a message
    #[arg(long, default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    size: u32,

    /// Window of the compressors, as the server has it
    #[arg(long, value_name = "BITS", default_value_t = 12, value_parser = clap::value_parser!(u8).range(9..=15))]
    window: u8,

    /// How long messages count
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,
}

/// How many messages differ.
const MESSAGES: usize = 128;

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let size = arguments.size as usize;
    let messages = Messages::prepare(Kind::Ascii, size, MESSAGES, Compressing::Off)?;
    let inputs: Vec<_> =
        (0..MESSAGES).map(|number| deflated(messages.payload(number as u64))).collect::<Result<_>>()?;
    let stream = |_| Stream {
        inflate: Decompress::new(false),
        deflate: Compress::new_with_window_bits(Compression::fast(), false, arguments.window),
    };
    let mut streams: Vec<Stream> = (0..arguments.connections).map(stream).collect();
    // Of a message and of what it is compressed to.
    let mut rooms = [Vec::with_capacity(size + 1), Vec::with_capacity(size + size / 8 + 64)];
    let mut turn_all = |count: &mut u64| {
        // As under the load, each connection has another message each time, and not the same as its neighbours.
        let round = (*count / u64::from(arguments.connections)) as usize;
        for (stream, input) in streams.iter_mut().zip(inputs.iter().cycle().skip(round % MESSAGES)) {
            stream.turn(input, size, &mut rooms)?;
            *count += 1;
        }
        Ok::<_, anyhow::Error>(())
    };
    // All memory is touched before it counts.
    turn_all(&mut 0)?;
    let (before, start, mut count) = (Usage::of(process::id())?.processor, Instant::now(), 0);
    while start.elapsed() < Duration::from_secs(arguments.seconds) {
        turn_all(&mut count)?;
    }
    let processor = Usage::of(process::id())?.processor.saturating_sub(before);
    println!("{count} messages of {size} B: {:.2} µs each", processor.as_secs_f64() * 1e6 / count as f64);
    Ok(())
}

/// What a server keeps for a connection.
struct Stream {
    inflate: Decompress,
    deflate: Compress,
}

impl Stream {
    /// Inflates a message, and deflates it again.
    fn turn(&mut self, input: &[u8], size: usize, rooms: &mut [Vec<u8>; 2]) -> Result<()> {
        rooms.iter_mut().for_each(Vec::clear);
        let [message, output] = rooms;
        self.inflate.decompress_vec(input, message, FlushDecompress::None)?;
        ensure!(message.len() == size, "{} bytes came of a message of {size}", message.len());
        self.deflate.compress_vec(message, output, FlushCompress::Sync)?;
        Ok(())
    }
}

/// A message as `load` compresses it, with the end that a server puts back.
fn deflated(message: &[u8]) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(message.len() + message.len() / 8 + 64);
    Compress::new(Compression::default(), false).compress_vec(message, &mut out, FlushCompress::Sync)?;
    Ok(out)
}
