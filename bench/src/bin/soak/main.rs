//! Holds a server under mixed load for a while, verifies every byte that comes back, and fails if anything is lost,
//! reordered or changed, or if the server's memory or file descriptors grow.

mod connection;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use clap::Parser;
use fastrand::Rng;
use testkit::{Program, Usage, handshake::Compression};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until, timeout},
};
use wire::TimeSpan;

use crate::connection::{Connection, Message};

/// Time limit of each wait.
const PATIENCE: Duration = Duration::from_secs(60);
/// The part of the time at the start that is ignored when growth is measured.
const WARM_UP: f64 = 0.3;
/// The growth of memory that is a failure: of the median of the last third against that of the first after warming up.
const GROWTH: f64 = 1.15;

/// Holds canyon under mixed load and verifies every byte.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `canyon`
    #[arg(long)]
    server: PathBuf,

    /// How long
    #[arg(long, default_value_t = 10)]
    minutes: u64,

    /// How many connections are held at once
    #[arg(long, default_value_t = 2000)]
    connections: u64,

    /// What the random choices start from
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What all connections have done so far.
#[derive(Debug, Default)]
struct Totals {
    opened: AtomicU64,
    aborted: AtomicU64,
    messages: AtomicU64,
    bytes: AtomicU64,
    /// The first few faults.
    faults: Mutex<Vec<String>>,
}

/// The run ends after this many faults.
const MOST_FAULTS: usize = 20;

impl Totals {
    fn note(&self, fault: String) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        if faults.len() < MOST_FAULTS {
            faults.push(fault);
        }
    }

    fn faults(&self) -> Vec<String> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    rlimit::increase_nofile_limit(arguments.connections + 100)?;
    let most = (arguments.connections + 100).to_string();
    // The default bounds the memory of fewer connections than these.
    let options = ["--log", "warn", "--max-connections", &most, "--max-memory", "4GiB"];
    let (server, address) = Program::on_free_port(&arguments.server, &options).await?;
    let idle = server.usage()?;
    let totals = Arc::new(Totals::default());
    let end = Instant::now() + Duration::from_secs(arguments.minutes * 60);
    let mut connections = JoinSet::new();
    for index in 0..arguments.connections {
        let totals = Arc::clone(&totals);
        let random = Rng::with_seed(arguments.seed.wrapping_mul(1_000_003).wrapping_add(index));
        connections.spawn(async move { stay_connected(address, random, end, &totals).await });
    }
    let samples = watch(&server, &totals, end).await?;
    let ended = timeout(PATIENCE * 4, connections.join_all()).await;
    ended.context("clients hang")?;
    verdict(&server, &totals, idle, &samples).await?;
    server.stop().await
}

/// Prints a line now and then until the end; gives what the server used over time.
async fn watch(server: &Program, totals: &Totals, end: Instant) -> Result<Vec<Usage>> {
    let start = Instant::now();
    let length = end - start;
    let step = (length / 120).max(Duration::from_secs(1));
    let mut samples = Vec::new();
    while Instant::now() < end {
        sleep_until((Instant::now() + step).min(end)).await;
        let usage = server.usage()?;
        samples.push(usage);
        if samples.len() % 10 == 0 {
            println!("{} {}", TimeSpan::seconds(start.elapsed().as_secs()), line(totals, usage));
        }
        let faults = totals.faults();
        ensure!(faults.len() < MOST_FAULTS, "too many faults, the first of them: {faults:#?}");
    }
    Ok(samples)
}

fn line(totals: &Totals, usage: Usage) -> String {
    format!(
        "{} messages and {} MiB verified, {} opened, {} aborted; server: {} KiB resident, {} descriptors, {:.1} s of processor",
        totals.messages.load(Relaxed),
        totals.bytes.load(Relaxed) >> 20,
        totals.opened.load(Relaxed),
        totals.aborted.load(Relaxed),
        usage.resident,
        usage.descriptors,
        usage.processor.as_secs_f64()
    )
}

/// Fails if anything went wrong or grew.
async fn verdict(server: &Program, totals: &Totals, idle: Usage, samples: &[Usage]) -> Result<()> {
    let after = timeout(PATIENCE, async {
        loop {
            let usage = server.usage()?;
            if usage.descriptors <= idle.descriptors {
                return Ok::<_, anyhow::Error>(usage);
            }
            sleep(Duration::from_millis(100)).await;
        }
    })
    .await
    .context("the server keeps file descriptors of clients that have left")??;
    println!("end {}", line(totals, after));
    let faults = totals.faults();
    ensure!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    let warm = &samples[(samples.len() as f64 * WARM_UP) as usize..];
    let third = warm.len() / 3;
    ensure!(third > 0, "too short to measure growth: {} samples", samples.len());
    let median = |part: &[Usage]| {
        let mut resident: Vec<u64> = part.iter().map(|usage| usage.resident).collect();
        resident.sort_unstable();
        resident[resident.len() / 2]
    };
    let (early, late) = (median(&warm[..third]), median(&warm[warm.len() - third..]));
    println!("memory after warming up: {early} KiB, at the end: {late} KiB; idle before: {} KiB", idle.resident);
    ensure!(late as f64 <= early as f64 * GROWTH, "memory grew from {early} KiB to {late} KiB");
    println!("no message was lost, reordered or changed");
    Ok(())
}

/// Opens one connection after the other until the end.
async fn stay_connected(address: SocketAddr, mut random: Rng, end: Instant, totals: &Totals) {
    // Not all at once: each comes in the first seconds.
    sleep(Duration::from_millis(random.u64(..5000))).await;
    while Instant::now() < end {
        let ended = timeout(PATIENCE * 4, one_connection(address, &mut random, end, totals)).await;
        if let Err(fault) = ended.unwrap_or_else(|_| Err(anyhow!("a connection hangs"))) {
            totals.note(format!("{fault:#}"));
            // Do not flood a server that has ended with connections.
            sleep(Duration::from_secs(1)).await;
        }
    }
}

async fn one_connection(address: SocketAddr, random: &mut Rng, end: Instant, totals: &Totals) -> Result<()> {
    let offer = if random.bool() { Compression::Deflate } else { Compression::Off };
    let mut client = Connection::open(address, "/echo", offer).await?;
    totals.opened.fetch_add(1, Relaxed);
    for _ in 0..random.usize(1..30) {
        if Instant::now() >= end {
            break;
        }
        exchange(&mut client, random, totals).await?;
        sleep(Duration::from_millis(random.u64(100..4000))).await;
    }
    leave(client, random, totals).await
}

/// Sends a few messages at once and reads their echoes.
async fn exchange(client: &mut Connection, random: &mut Rng, totals: &Totals) -> Result<()> {
    let mut expected = VecDeque::new();
    for _ in 0..random.usize(1..8) {
        let message = message(random);
        let fragment = if random.u8(..) < 64 { random.usize(300..20_000) } else { usize::MAX };
        client.queue(&message, fragment)?;
        expected.push_back(match message {
            Message::Ping(payload) => Message::Pong(payload),
            message => message,
        });
    }
    client.flush(usize::MAX).await?;
    let mut bytes = 0;
    let count = expected.len() as u64;
    // Pongs may overtake: a control frame is sent before queued data.
    while !expected.is_empty() {
        let got = timeout(PATIENCE, client.read()).await.context("an echo does not come")??;
        let is_pong = matches!(got, Message::Pong(_));
        let place = expected.iter().position(|message| matches!(message, Message::Pong(_)) == is_pong);
        let wanted = place.and_then(|place| expected.remove(place));
        ensure!(wanted.as_ref() == Some(&got), "{} came where {} was expected", brief(&Some(got)), brief(&wanted));
        if let Message::Text(payload) | Message::Binary(payload) = got {
            bytes += payload.len() as u64;
        }
    }
    totals.messages.fetch_add(count, Relaxed);
    totals.bytes.fetch_add(bytes, Relaxed);
    Ok(())
}

/// A message of mixed kind and size: most are small, a few as large as the server takes.
fn message(random: &mut Rng) -> Message {
    let size = match random.u8(..100) {
        0..60 => random.usize(..200),
        60..85 => random.usize(..4_000),
        85..97 => random.usize(..64_000),
        97..99 => random.usize(..300_000),
        _ => 1 << 20,
    };
    let mut payload = vec![0; size];
    match random.u8(..10) {
        0 => {
            payload.truncate(125);
            random.fill(&mut payload);
            Message::Ping(payload)
        }
        1..5 => {
            random.fill(&mut payload);
            Message::Binary(payload)
        }
        _ => {
            payload.fill_with(|| random.u8(b' '..=b'~'));
            Message::Text(payload)
        }
    }
}

/// Closes properly, or ends in one of the ways in which real clients do.
async fn leave(mut client: Connection, random: &mut Rng, totals: &Totals) -> Result<()> {
    if random.u8(..10) < 7 {
        let goodbye = Message::Close([&4000u16.to_be_bytes()[..], b"soaked"].concat());
        client.queue(&goodbye, usize::MAX)?;
        client.flush(usize::MAX).await?;
        let answer = timeout(PATIENCE, client.read()).await.context("the close is not answered")??;
        ensure!(answer == goodbye, "the close is answered with {}", brief(&Some(answer)));
        ensure!(timeout(PATIENCE, client.is_at_end()).await?, "bytes follow the close");
        return Ok(());
    }
    totals.aborted.fetch_add(1, Relaxed);
    // In the middle of a message, or between two.
    client.queue(&Message::Binary(vec![1; 5000]), 1000)?;
    client.flush(random.usize(..6000)).await?;
    if random.bool() {
        client.abort()?
    }
    Ok(())
}

fn brief(message: &Option<Message>) -> String {
    let (kind, payload) = match message {
        None => return "nothing".to_owned(),
        Some(Message::Text(payload)) => ("text", payload),
        Some(Message::Binary(payload)) => ("binary", payload),
        Some(Message::Close(payload)) => ("close", payload),
        Some(Message::Ping(payload)) => ("ping", payload),
        Some(Message::Pong(payload)) => ("pong", payload),
    };
    format!("{kind} of {} bytes, {}…", payload.len(), payload[..payload.len().min(20)].escape_ascii())
}
