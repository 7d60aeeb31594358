//! Measures how long polite peers wait while others flood the server: the echo of a small message, and `/healthz`.
//! Each flood gets a server of its own, on its default workers.

mod flood;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use bench::{
    polite::{self, Timed},
    table::Table,
};
use clap::{Parser, ValueEnum};
use testkit::{
    Program,
    handshake::{self, Compression},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::{sleep, sleep_until, timeout_at},
};

use flood::Flood;

/// Measures how long polite peers wait while others flood the server.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `canyon`
    #[arg(long)]
    server: PathBuf,

    /// A flood; may be given more than once [default: all]
    #[arg(long, value_name = "FLOOD")]
    only: Vec<Flood>,

    /// How long each flood lasts
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=60))]
    seconds: u64,

    /// How many connections flood
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=1000))]
    connections: u64,

    /// Further arguments for the server, behind `--`
    #[arg(last = true)]
    server_arguments: Vec<String>,
}

/// How long a peer of a flood waits before it comes back when the server has closed its connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Small, so that what was sent is about what the server has taken.
const SEND_BUFFER: u32 = 32 << 10;

const HEADINGS: [&str; 11] = [
    "flood",
    "sent, MB/s",
    "received, MB/s",
    "server, processors",
    "echo p50, ms",
    "p99",
    "max",
    "/healthz p50, ms",
    "p99",
    "max",
    "failures",
];

/// The flood has one thread, so that on two processors the server has most of both.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let floods = if arguments.only.is_empty() { Flood::value_variants() } else { &arguments.only };
    let mut table = Table::new(&HEADINGS);
    for flood in floods {
        let outcome = measure(&arguments, *flood).await.with_context(|| format!("under '{}'", flood.name()))?;
        for failure in [&outcome.echo, &outcome.health].iter().filter_map(|timed| timed.first_failure.as_ref()) {
            println!("{}: {failure}", flood.name());
        }
        table.add(&outcome.cells(*flood));
    }
    print!("\n{}", table.markdown());
    Ok(())
}

/// What polite peers measured during a flood, and its volume.
struct Outcome {
    echo: Timed,
    health: Timed,
    counts: Arc<Counts>,
    seconds: f64,
    /// Processors that the server kept busy.
    processors: f64,
}

/// What all peers of a flood did.
#[derive(Default)]
struct Counts {
    sent: AtomicU64,
    received: AtomicU64,
    /// Connections that the server ended.
    ended: AtomicU64,
    handshakes: AtomicU64,
}

async fn measure(arguments: &Arguments, flood: Flood) -> Result<Outcome> {
    let options: Vec<&str> = arguments.server_arguments.iter().map(String::as_str).collect();
    let (server, address) = Program::on_free_port(&arguments.server, &options).await?;
    let counts = Arc::new(Counts::default());
    let start = Instant::now();
    let until = start + Duration::from_secs(arguments.seconds);
    let mut peers = JoinSet::new();
    let connections = if flood == Flood::Nothing { 0 } else { arguments.connections };
    let block: Arc<[u8]> = flood.block()?.into();
    for _ in 0..connections {
        let (block, counts) = (Arc::clone(&block), Arc::clone(&counts));
        peers.spawn(async move { send(address, flood, &block, until, &counts).await });
    }
    let echo = thread::spawn(move || polite::time_echo(address, until));
    let health = thread::spawn(move || polite::time_health(address, until));
    sleep_until(until.into()).await;
    let (seconds, processor) = (start.elapsed().as_secs_f64(), server.usage()?.processor);
    // Dropping the set aborts peers that hang.
    drop(peers);
    let join =
        |timed: thread::JoinHandle<Result<Timed>>| timed.join().map_err(|_| anyhow!("a polite peer panicked"))?;
    let (echo, health) = tokio::task::spawn_blocking(move || (join(echo), join(health))).await?;
    Ok(Outcome { echo: echo?, health: health?, counts, seconds, processors: processor.as_secs_f64() / seconds })
}

/// One peer of a flood, which comes back when the server ends its connection.
async fn send(address: SocketAddr, flood: Flood, block: &[u8], until: Instant, counts: &Counts) {
    while Instant::now() < until {
        let connection = async {
            let stream = open(address, flood).await?;
            counts.handshakes.fetch_add(1, Relaxed);
            if flood == Flood::Handshakes { Ok(stream.set_zero_linger()?) } else { fill(stream, block, counts).await }
        };
        match timeout_at(until.into(), connection).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(_)) => {
                counts.ended.fetch_add(1, Relaxed);
                sleep(PAUSE).await;
            }
        }
    }
}

async fn open(address: SocketAddr, flood: Flood) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_send_buffer_size(SEND_BUFFER)?;
    let mut stream = socket.connect(address).await?;
    stream.set_nodelay(true)?;
    let request = handshake::request(&address.to_string(), flood.path(), flood.compression());
    stream.write_all(request.as_bytes()).await?;
    let mut head = Vec::with_capacity(1024);
    while handshake::head_length(&head).is_none() {
        ensure!(stream.read_buf(&mut head).await? > 0, "the server hung up during the handshake");
    }
    let agreed = handshake::agreed(&head)?;
    ensure!(flood.compression() == Compression::Off || agreed == Compression::Deflate, "compression is not agreed");
    Ok(stream)
}

/// Writes the block over and over, and drops what comes back, until the server hangs up.
async fn fill(mut stream: TcpStream, block: &[u8], counts: &Counts) -> Result<()> {
    let (mut reader, mut writer) = stream.split();
    let write = async {
        loop {
            writer.write_all(block).await?;
            counts.sent.fetch_add(block.len() as u64, Relaxed);
        }
    };
    let read = async {
        let mut answers = vec![0; 64 << 10];
        loop {
            let count = reader.read(&mut answers).await?;
            ensure!(count > 0, "the server hung up");
            counts.received.fetch_add(count as u64, Relaxed);
        }
    };
    tokio::select! {
        ended = write => ended,
        ended = read => ended,
    }
}

impl Outcome {
    fn cells(&self, flood: Flood) -> [String; HEADINGS.len()] {
        let Self { echo, health, counts, seconds, processors } = self;
        let megabytes = |bytes: &AtomicU64| format!("{:.1}", bytes.load(Relaxed) as f64 / 1e6 / seconds);
        let name = match (flood, counts.ended.load(Relaxed)) {
            (Flood::Handshakes, _) => {
                format!("{}, {:.0} a second", flood.name(), counts.handshakes.load(Relaxed) as f64 / seconds)
            }
            (_, 0) => flood.name(),
            (_, ended) => format!("{}, {ended} ended by the server", flood.name()),
        };
        let milliseconds = |timed: &Timed, quantile| format!("{:.1}", timed.milliseconds(quantile));
        [
            name,
            megabytes(&counts.sent),
            megabytes(&counts.received),
            format!("{processors:.2}"),
            milliseconds(echo, 0.5),
            milliseconds(echo, 0.99),
            milliseconds(echo, 1.0),
            milliseconds(health, 0.5),
            milliseconds(health, 0.99),
            milliseconds(health, 1.0),
            (echo.failures + health.failures).to_string(),
        ]
    }
}
