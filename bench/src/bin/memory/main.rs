//! Measures how much memory peers can have the server hold, each within its limits, and how long places stay taken.
//! Each attack gets a server of its own, on its default workers.

mod attack;
mod peer;
mod places;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow};
use bench::{
    polite::{self, Timed},
    table::Table,
};
use clap::{Parser, ValueEnum};
use testkit::{Program, Usage};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{interval, sleep_until},
};

use attack::Attack;
use peer::{Opened, Peer};

/// Measures how much memory peers can have the server hold.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `canyon`
    #[arg(long)]
    server: PathBuf,

    /// An attack; may be given more than once [default: all, and how long places stay taken]
    #[arg(long, value_name = "ATTACK")]
    only: Vec<Attack>,

    /// How many connections attack
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    connections: u64,

    /// How long they hold what they have
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=120))]
    seconds: u64,

    /// Resident MiB of the server at which an attack stops, so that the machine survives it
    #[arg(long, default_value_t = 4096)]
    stop_at: u64,

    /// Further arguments for the server, behind `--`
    #[arg(last = true)]
    server_arguments: Vec<String>,
}

/// Peers that send their opening at the same time.
const AT_ONCE: usize = 200;
/// Descriptors of this process and the server that are not connections.
const SPARE_DESCRIPTORS: u64 = 200;
/// Close code "try again later": <https://www.iana.org/assignments/websocket/websocket.xhtml>.
const TRY_AGAIN_LATER: u16 = 1013;

const HEADINGS: [&str; 10] = [
    "attack",
    "connections",
    "sent by each, KiB",
    "peak, MiB",
    "when they have left, MiB",
    "503",
    "1013",
    "echo p50, ms",
    "p99",
    "failures",
];

/// The attack has one thread, so that on two processors the server has most of both.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = arguments.connections + SPARE_DESCRIPTORS;
    let descriptors = rlimit::increase_nofile_limit(wanted)?;
    if descriptors < wanted {
        println!("The system allows {descriptors} file descriptors, and {wanted} are needed: raise 'ulimit -Hn'.");
    }
    let attacks = if arguments.only.is_empty() { Attack::value_variants() } else { &arguments.only };
    let mut table = Table::new(&HEADINGS);
    for attack in attacks {
        let outcome = measure(&arguments, *attack).await.with_context(|| format!("under '{}'", attack.name()))?;
        if let Some(failure) = &outcome.echo.first_failure {
            println!("{}: {failure}", attack.name());
        }
        table.add(&outcome.cells(*attack));
    }
    print!("\n{}", table.markdown());
    if arguments.only.is_empty() {
        let options: Vec<&str> = arguments.server_arguments.iter().map(String::as_str).collect();
        print!("\n{}", places::measure(&arguments.server, &options).await?.markdown());
    }
    Ok(())
}

/// What an attack did to the server.
struct Outcome {
    opened: usize,
    sent: usize,
    /// Handshakes that got 503.
    refused: usize,
    /// Connections that the server closed with 1013.
    shed: usize,
    /// Resident memory in KiB.
    peak: u64,
    afterwards: u64,
    ended: Ended,
    echo: Timed,
}

/// How an attack came to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// All peers had their turn.
    Whole,
    /// No more peers were started, because the server held too much memory.
    Stopped,
    /// The server has ended.
    ServerDied,
}

async fn measure(arguments: &Arguments, attack: Attack) -> Result<Outcome> {
    let most = (arguments.connections + SPARE_DESCRIPTORS / 2).to_string();
    let mut options = vec!["--log", "warn", "--max-connections", &most];
    options.extend(arguments.server_arguments.iter().map(String::as_str));
    let (mut server, address) = Program::on_free_port(&arguments.server, &options).await?;
    let process = server.id()?;
    // Opening takes at most as long as holding does; the polite peer ends with the attack.
    let until = Instant::now() + 2 * Duration::from_secs(arguments.seconds);
    let echo = thread::spawn(move || polite::time_echo(address, until));

    let mut attackers = Attackers::gather(arguments, attack, address, process, until).await?;
    hold(&mut attackers.peers, attack, until).await;
    let Attackers { peers, sent, refused, mut ended, peak } = attackers;
    let opened = peers.len();
    let mut shed = 0;
    for peer in peers {
        shed += usize::from(peer.close_code().await == Some(TRY_AGAIN_LATER));
    }
    sleep_until((Instant::now() + Duration::from_secs(2)).into()).await;
    // They have read what waited for them, so that more of their messages were answered: the peak counts that.
    let (peak, afterwards) = Usage::of(process).map_or((peak, 0), |usage| (usage.peak, usage.resident));
    if !server.is_running() {
        ended = Ended::ServerDied;
    }
    let echo =
        tokio::task::spawn_blocking(move || echo.join().map_err(|_| anyhow!("a polite peer panicked"))).await???;
    Ok(Outcome { opened, sent, refused, shed, peak, afterwards, ended, echo })
}

/// The peers of an attack, and how they came to the server.
struct Attackers {
    peers: Vec<Peer>,
    /// Bytes that all of them sent.
    sent: usize,
    refused: usize,
    ended: Ended,
    /// The most that was resident while they came, in KiB.
    peak: u64,
}

impl Attackers {
    /// Opens all connections, some at a time, and has each send its opening.
    async fn gather(
        arguments: &Arguments,
        attack: Attack,
        address: SocketAddr,
        process: u32,
        until: Instant,
    ) -> Result<Self> {
        let opening: Arc<[u8]> = attack.opening()?.into();
        let mut all = Self { peers: Vec::new(), sent: 0, refused: 0, ended: Ended::Whole, peak: 0 };
        let (mut coming, permits) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
        for _ in 0..arguments.connections {
            let permit = Arc::clone(&permits).acquire_owned().await?;
            all.look_at(process, arguments.stop_at << 10);
            if all.ended != Ended::Whole || Instant::now() > until {
                break;
            }
            let opening = Arc::clone(&opening);
            coming.spawn(async move {
                let _permit = permit;
                match Peer::open(address, attack.path(), attack.compression()).await? {
                    Opened::Open(mut peer) => anyhow::Ok((peer.send(&opening).await, Some(peer))),
                    Opened::NoRoom => Ok((0, None)),
                }
            });
        }
        while let Some(came) = coming.join_next().await {
            match came? {
                Ok((sent, Some(peer))) => {
                    all.sent += sent;
                    all.peers.push(peer);
                }
                Ok((_, None)) => all.refused += 1,
                Err(error) => println!("{}: a peer of the attack: {error:#}", attack.name()),
            }
        }
        Ok(all)
    }

    /// Notes what the server uses, and whether that is the end of the attack; `most` is in KiB.
    fn look_at(&mut self, process: u32, most: u64) {
        match Usage::of(process) {
            Ok(usage) => {
                self.peak = usage.peak;
                if usage.resident >= most {
                    self.ended = Ended::Stopped;
                }
            }
            Err(_) => self.ended = Ended::ServerDied,
        }
    }
}

/// Keeps the connections open until the time is over, and sends what the attack sends meanwhile.
async fn hold(peers: &mut [Peer], attack: Attack, until: Instant) {
    let mut seconds = interval(Duration::from_secs(1));
    while Instant::now() < until {
        seconds.tick().await;
        if !attack.each_second().is_empty() {
            for peer in &mut *peers {
                peer.send(attack.each_second()).await;
            }
        }
    }
}

impl Outcome {
    fn cells(&self, attack: Attack) -> [String; HEADINGS.len()] {
        let ending = match self.ended {
            Ended::Whole => "",
            Ended::Stopped => ", stopped",
            Ended::ServerDied => ", **the server died**",
        };
        [
            attack.name(),
            format!("{}{ending}", self.opened),
            format!("{:.1}", self.sent as f64 / 1024.0 / self.opened.max(1) as f64),
            format!("{:.0}", self.peak as f64 / 1024.0),
            format!("{:.0}", self.afterwards as f64 / 1024.0),
            self.refused.to_string(),
            self.shed.to_string(),
            format!("{:.1}", self.echo.milliseconds(0.5)),
            format!("{:.1}", self.echo.milliseconds(0.99)),
            self.echo.failures.to_string(),
        ]
    }
}
