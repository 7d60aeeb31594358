//! How many messages a second the page receives, beside a bare page that only counts them: same browser, same server, in
//! turn. `cargo xtask bench --page` builds what it needs; [docs/performance.md](../../docs/performance.md) has the figures.
//!
//! Each measurement has a browser of its own. The time runs from the first message to the frame in which the page says
//! that it has the last one. A ratio is the median of the rounds' own ratios.

#![allow(dead_code, reason = "the journeys use the rest of these modules")]

mod driver;
mod page;
mod servers;
mod site;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::json;

use self::page::Page;
use self::servers::{Flood, TOGETHER};
use self::site::Site;

/// Messages that warm up the browser's compilers.
const WARM_UP: u32 = 20_000;

/// Messages a second that the page receives, compared with a bare page that only counts them.
#[derive(Debug, Parser)]
struct Arguments {
    /// A build of the page, by its folder; may be given more than once
    #[arg(long = "dist", value_name = "FOLDER", default_value = servers::DIST)]
    dists: Vec<PathBuf>,
    /// Bytes of a message, all of them ASCII; may be given more than once
    #[arg(long = "size", value_name = "BYTES", default_values_t = [64, 1024])]
    sizes: Vec<usize>,
    /// How often each page is measured at each size
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Messages of a measurement, a multiple of 500
    #[arg(long, default_value_t = 100_000)]
    messages: u32,
    /// Given by `cargo bench`
    #[arg(long, hide = true)]
    bench: bool,
}

/// The page that receives the messages.
#[derive(Debug)]
enum Contestant {
    /// JavaScript that counts `message` events, in a page without anything else.
    Bare,
    /// Canyon's page, as it is in that folder.
    Canyon(PathBuf),
}

/// Counts received messages; `null` until the socket is open.
const BARE: &str = "window.count = null;
    const socket = new WebSocket(arguments[0]);
    socket.onopen = () => { count = 0; };
    socket.onmessage = () => { count += 1; };
    window.received = () => count;";

/// Reads the figure in Canyon's facts, which has narrow spaces in it: `100 000 · 6.1 MiB`.
const CANYON: &str = r"window.received = () => {
        const term = [...document.querySelectorAll('dt')].find((term) => term.textContent === 'received');
        return Number(term.nextElementSibling.textContent.split('·')[0].replace(/\D/g, ''));
    };";

/// Waits for the frame in which this many messages are received.
const WAIT: &str = "const [count, done] = arguments;
    const look = () => (received() >= count ? done(received()) : requestAnimationFrame(look));
    look();";

impl Contestant {
    fn name(&self) -> String {
        match self {
            Self::Bare => "bare page".to_owned(),
            Self::Canyon(folder) => folder.display().to_string(),
        }
    }

    async fn open(&self, flood: &Flood) -> Result<Page> {
        match self {
            Self::Bare => {
                let site = Site::with_files_of(&bare_page()?).await?;
                let page = Page::open(&site.page()).await?;
                page.script_with(BARE, vec![json!(flood.address)]).await?;
                page.waits_for_script("the socket is open", "return received() === 0").await?;
                Ok(page)
            }
            Self::Canyon(folder) => {
                let site = Site::with_files_of(folder).await?;
                let page = Page::open(&site.page()).await?;
                page.connects_to(&flood.address).await?;
                page.sees_state("Open").await?;
                page.script(CANYON).await?;
                Ok(page)
            }
        }
    }

    /// Messages a second.
    async fn measure(&self, size: usize, messages: u32) -> Result<f64> {
        let flood = Flood::start(size).await?;
        let page = self.open(&flood).await?;
        let mut before = 0;
        let mut seconds = 0.0;
        for count in [WARM_UP, messages] {
            let begun = Instant::now();
            let last = json!(before + count);
            let (sent, seen) = tokio::join!(flood.send(count), page.script_async_with(WAIT, vec![last.clone()]));
            sent?;
            ensure!(seen? == last, "{} has lost messages", self.name());
            before += count;
            seconds = begun.elapsed().as_secs_f64();
        }
        Ok(f64::from(messages) / seconds)
    }
}

/// The folder of a page that has only what the test needs to know that it has started.
fn bare_page() -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bare");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("index.html"), "<!doctype html><h1>Canyon, bare</h1>")?;
    Ok(folder)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.messages.is_multiple_of(TOGETHER), "{} is no multiple of {TOGETHER}", arguments.messages);
    ensure!(arguments.rounds > 0, "0 rounds measure nothing");
    let mut contestants = vec![Contestant::Bare];
    contestants.extend(arguments.dists.into_iter().map(Contestant::Canyon));
    println!("| text of | page | messages a second | its ratio to the bare page |\n|---|---|---|---|");
    for size in arguments.sizes {
        let mut rates = vec![Vec::new(); contestants.len()];
        for round in 1..=arguments.rounds {
            for (contestant, rates) in contestants.iter().zip(&mut rates) {
                let rate = contestant.measure(size, arguments.messages).await?;
                eprintln!("{size} B, round {round}, {}: {rate:.0}", contestant.name());
                rates.push(rate);
            }
        }
        for (contestant, rates_of_this) in contestants.iter().zip(&rates) {
            let ratios = rates_of_this.iter().zip(&rates[0]).map(|(rate, bare)| rate / bare);
            let (rate, ratio) = (median(rates_of_this.iter().copied()), median(ratios));
            println!(
                "| {size} B | {} | {:.0} | {:.2} |",
                contestant.name(),
                rate.context("no round")?,
                ratio.context("no round")?
            );
        }
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}
