//! Measures what permessage-deflate costs a connection in memory: resident bytes of a hundred connections, divided. Linux
//! only, for it reads `/proc`.
//!
//! ```text
//! cargo run --release -p server --example deflate_memory
//! ```

use std::fs;

use anyhow::{Context, bail};
use bytes::BytesMut;
use server::{
    FrameLayer,
    protocol::{
        Limits, Protocol, Reply, Role, Status,
        deflate::{Agreed, DeflateConfig, WindowBits, negotiate},
    },
};
use testkit::MemoryStream;
use tokio_tungstenite::tungstenite::Message;

const CONNECTIONS: usize = 100;
const LIMITS: Limits = Limits { message: 1 << 20, fragments: 4096 };

fn main() -> anyhow::Result<()> {
    println!("without deflate: {} bytes, in the event loop's table", size_of::<Protocol>());
    // Few bytes touch little of a compressor's memory; many that compress badly touch most of it.
    let small = Message::text("hello, world; ".repeat(20));
    let large = Message::binary((0..1_u32 << 16).map(|at| (at.wrapping_mul(at) >> 9) as u8).collect::<Vec<_>>());
    // All are kept, for the allocator would give what one leaves to the next.
    let mut kept = Vec::new();
    for bits in [9, 12, 15] {
        for (name, message) in [("small", &small), ("large", &large)] {
            let (compressor, inflater) = measure(&agreed(bits)?, message, &mut kept)?;
            println!("{bits:2} bits, {name} messages: compressor {compressor:6} bytes, inflater {inflater:5} bytes");
        }
    }
    Ok(())
}

fn agreed(bits: u8) -> anyhow::Result<Agreed> {
    let config = DeflateConfig { server_window: WindowBits::MAX, ..DeflateConfig::default() };
    let offer = format!("permessage-deflate; server_max_window_bits={bits}");
    negotiate([offer.as_bytes()], Some(&config))?.context("the offer is acceptable")
}

/// Resident bytes a connection, for the way out and for the way in.
fn measure(
    agreed: &Agreed,
    message: &Message,
    kept: &mut Vec<(FrameLayer<()>, Protocol)>,
) -> anyhow::Result<(usize, usize)> {
    let mut pairs: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let receiver = Protocol::new(Reply::PassOn(Role::Server), BytesMut::new(), LIMITS, Some(*agreed));
            (FrameLayer::new((), BytesMut::new(), LIMITS, Some(*agreed)), receiver)
        })
        .collect();
    // The first one pays for what compressing needs only for a moment.
    let mut sent = pairs[0].0.compress(message.clone());
    let before = resident()?;
    for (sender, _) in &mut pairs[1..] {
        sent = sender.compress(message.clone());
    }
    let compressor = resident()?.saturating_sub(before) / (CONNECTIONS - 1);

    let Message::Frame(frame) = sent else { bail!("the message was not compressed") };
    let mut received = vec![0xc2, 0x80 | 127];
    received.extend((frame.payload().len() as u64).to_be_bytes());
    received.extend([0; 4]);
    received.extend(frame.payload());
    let before = resident()?;
    for (_, receiver) in &mut pairs {
        let mut stream = MemoryStream::new(&received);
        while receiver.transfer(&mut stream, &mut |_, _| {})? != Status::Done {}
    }
    let inflater = resident()?.saturating_sub(before) / CONNECTIONS;
    kept.append(&mut pairs);
    Ok((compressor, inflater))
}

/// Bytes of this process in memory, from the line `VmRSS:   1234 kB`.
fn resident() -> anyhow::Result<usize> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS in /proc/self/status")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? * 1024)
}
