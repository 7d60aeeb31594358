//! How long connections stay occupied after peers have left whose answers still wait, and what the server answers meanwhile.

use std::{
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use bench::table::Table;
use testkit::{
    Program,
    frame::{CLOSE, FIN, PING, TEXT, frame},
    handshake::Compression,
};
use tokio::time::{sleep, timeout};

use crate::peer::{Control, Opened, Peer};

/// How a peer leaves.
#[derive(Debug, Clone, Copy)]
enum Leaving {
    /// A reset.
    Reset,
    /// The end of its stream (FIN), without a close frame.
    End,
    /// A close frame, and then the end of its stream.
    Close,
}

/// Connections that a server of this benchmark may have, all of which the attack takes.
const PLACES: usize = 200;
/// The delay of each answer; three of them wait.
const PATH: &str = "/echo?delay=3s";
/// How long places may stay taken before that is called for ever.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time from one try to take a place to the next.
const RETRY: Duration = Duration::from_millis(50);

const HEADINGS: [&str; 2] = ["three answers wait at `?delay=3s`, and then", "seconds"];

/// A table of how long everything took.
pub(crate) async fn measure(program: &Path, options: &[&str]) -> Result<Table> {
    let mut table = Table::new(&HEADINGS);
    let most = PLACES.to_string();
    let options = [&["--log", "warn", "--max-connections", &most], options].concat();
    for leaving in [Leaving::Reset, Leaving::End, Leaving::Close] {
        let (_server, address) = Program::on_free_port(program, &options).await?;
        let taken = time_taken(address, leaving).await.with_context(|| format!("{leaving:?}"))?;
        table.add(&[format!("all {PLACES} peers leave by {}: a place is free after", leaving.name()), taken]);
    }
    let (_server, address) = Program::on_free_port(program, &options).await?;
    for (what, sent, expected) in [("ping", PING, "pong"), ("close frame", CLOSE, "close frame")] {
        let time = seconds(answer_time(address, sent).await?);
        table.add(&[format!("a {what} comes: its {expected} is there after"), time]);
    }
    Ok(table)
}

impl Leaving {
    fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::End => "FIN",
            Self::Close => "close frame and FIN",
        }
    }
}

/// Takes all places, leaves, and waits until somebody else can have one.
async fn time_taken(address: SocketAddr, leaving: Leaving) -> Result<String> {
    let mut peers = Vec::new();
    for _ in 0..PLACES {
        peers.push(waiting(address).await?);
    }
    let Opened::NoRoom = Peer::open(address, "/echo", Compression::Off).await? else { bail!("places are left") };
    for mut peer in peers {
        match leaving {
            Leaving::Reset => peer.reset()?,
            Leaving::End => drop(peer),
            Leaving::Close => drop(peer.send(&frame(FIN | CLOSE, &1000_u16.to_be_bytes())).await),
        }
    }
    let left = Instant::now();
    while left.elapsed() < PATIENCE {
        if let Ok(Opened::Open(_)) = Peer::open(address, "/echo", Compression::Off).await {
            return Ok(seconds(left.elapsed()));
        }
        sleep(RETRY).await;
    }
    Ok(format!("more than {}", PATIENCE.as_secs()))
}

/// How long a control frame waits for its answer behind three messages.
async fn answer_time(address: SocketAddr, opcode: u8) -> Result<Duration> {
    let mut peer = waiting(address).await?;
    let start = Instant::now();
    let payload = if opcode == CLOSE { &1000_u16.to_be_bytes()[..] } else { b"" };
    peer.send(&frame(FIN | opcode, payload)).await;
    let answer = timeout(PATIENCE, peer.control()).await.context("no answer to a control frame")??;
    let expected = if opcode == CLOSE { Control::Close(Some(1000)) } else { Control::Pong };
    ensure!(answer == Some(expected), "the answer is {answer:?}");
    Ok(start.elapsed())
}

/// A peer for which three answers wait.
async fn waiting(address: SocketAddr) -> Result<Peer> {
    let Opened::Open(mut peer) = Peer::open(address, PATH, Compression::Off).await? else { bail!("no place is left") };
    peer.send(&frame(FIN | TEXT, b"wait").repeat(3)).await;
    Ok(peer)
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}
