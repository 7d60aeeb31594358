//! `cargo xtask bench`: what an echo costs canyon and its peers, measured in turn, as a table of ratios; or with `--page`,
//! the rate at which the page receives messages.
//! The programs `load`, `handshakes` and `idle` of `bench/` measure.

mod loads;
mod machine;
mod page;
mod servers;
mod table;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow, bail};

use self::loads::{LOADS, Load};
use self::machine::Activity;
use self::servers::Server;
use self::table::Table;
use crate::command::{self, cargo};
use crate::own_program;

/// A measurement is repeated where other work took more than this, in processors.
const MAX_OTHER_WORK: f64 = 0.1;

pub(crate) fn run(options: Options) -> Result<()> {
    if options.page {
        return page::run(&options.dists, options.rounds);
    }
    if !cfg!(target_os = "linux") {
        bail!("bench needs Linux, where /proc has the time and memory of a process");
    }
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    let programs = own_program::built("release")?;
    servers::build(&programs)?;
    if options.install {
        servers::install()?;
    }
    let mut all = servers::own(&programs);
    all.extend(servers::from_registries());
    all.extend(options.peers.clone());
    let chosen = options.choose(all)?;
    let base = options.base(&chosen)?;
    let mut table = Table::new(chosen.iter().map(|server| server.name.clone()).collect(), base);
    for load in &options.loads() {
        measure(&options, load, &chosen, &mut table)?;
    }
    print!("\n{}", table.markdown(&options.loads()));
    match &options.write {
        Some(file) => {
            let text = table.lines(&options.loads());
            fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
        }
        None => Ok(()),
    }
}

/// Measures all servers under a load, one after the other, once per round.
fn measure(options: &Options, load: &'static Load, servers: &[Server], table: &mut Table) -> Result<()> {
    for round in 1..=options.rounds() {
        println!("\n== {}, round {round} of {}", load.about, options.rounds());
        for server in servers {
            if table.has_failed(load, &server.name) {
                continue;
            }
            match undisturbed(options, load, server) {
                Ok(figure) => table.add(load, &server.name, figure),
                Err(error) => {
                    println!("{} has no figure for '{}': {error:#}", server.name, load.name);
                    table.fail(load, &server.name);
                }
            }
        }
    }
    Ok(())
}

/// The figure of the first attempt that other work did not disturb, or of the least disturbed one.
fn undisturbed(options: &Options, load: &Load, server: &Server) -> Result<f64> {
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..options.tries() {
        let activity = Activity::begin()?;
        let figure = {
            let running = server.start(load)?;
            load.run(running.port, options.seconds(), server)?
        };
        let others = activity.others()?;
        println!("{}: {figure:.3} {}, other work {:.0} % of a processor", server.name, load.unit, others * 100.0);
        if best.is_none_or(|(_, least)| others < least) {
            best = Some((figure, others));
        }
        if others < MAX_OTHER_WORK {
            break;
        }
    }
    best.map(|(figure, _)| figure).context("it was not tried")
}

/// Options of the measurement.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// One round of one second each, disturbed or not
    #[arg(long)]
    quick: bool,

    /// Measure only this load; may be given more than once
    #[arg(long = "only", value_name = "LOAD", value_parser = Load::named)]
    loads: Vec<&'static Load>,

    /// Measure only this server, and the peers that are given; may be given more than once
    #[arg(long = "server", value_name = "NAME")]
    servers: Vec<String>,

    /// Measure this server too; {port} in the command stands for its port; may be given more than once
    #[arg(long = "peer", value_name = "NAME=COMMAND", value_parser = Server::given)]
    peers: Vec<Server>,

    /// The server that the others are compared with [default: the first peer that is given, or parrot]
    #[arg(long, value_name = "NAME")]
    base: Option<String>,

    /// How often each server is measured under each load, up to 60 [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    rounds: Option<u32>,

    /// How long a measurement takes, up to 60 [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=60))]
    seconds: Option<u32>,

    /// Measure how many messages a second the page receives instead, beside a page that only counts them [default: 5 rounds]
    #[arg(long, conflicts_with_all = ["quick", "loads", "servers", "peers", "base", "seconds", "install", "write"])]
    page: bool,

    /// Measure this build of the page too; may be given more than once
    #[arg(long = "dist", value_name = "FOLDER", requires = "page")]
    dists: Vec<PathBuf>,

    /// Install the servers of other languages' registries into target/bench
    #[arg(long)]
    install: bool,

    /// Write all figures to a file
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

impl Options {
    fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 })
    }

    fn seconds(&self) -> u32 {
        self.seconds.unwrap_or(if self.quick { 1 } else { 3 })
    }

    /// Attempts at a measurement that other work disturbs.
    fn tries(&self) -> u32 {
        if self.quick { 1 } else { 4 }
    }

    fn loads(&self) -> Vec<&'static Load> {
        if self.loads.is_empty() { LOADS.iter().collect() } else { self.loads.clone() }
    }

    /// The servers to measure, chosen from all known ones.
    fn choose(&self, all: Vec<Server>) -> Result<Vec<Server>> {
        let names: Vec<String> = all.iter().map(|server| server.name.clone()).collect();
        if let Some(stranger) = self.servers.iter().find(|name| !names.contains(name)) {
            bail!("there is no server '{stranger}', only {}", names.join(", "));
        }
        let is_given = |name: &String| self.peers.iter().any(|peer| peer.name == *name);
        let is_asked_for = |name: &String| self.servers.is_empty() || self.servers.contains(name) || is_given(name);
        Ok(all.into_iter().filter(|server| is_asked_for(&server.name)).collect())
    }

    /// The server that the others are compared with: `--base`, the first `--peer`, or `parrot`.
    fn base(&self, servers: &[Server]) -> Result<String> {
        let given = self.base.clone().or_else(|| Some(self.peers.first()?.name.clone()));
        let base = given.unwrap_or_else(|| "parrot".to_owned());
        if servers.iter().any(|server| server.name == base) {
            return Ok(base);
        }
        Err(anyhow!("the base '{base}' is not among the servers that are measured"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    struct Arguments {
        #[command(flatten)]
        options: Options,
    }

    fn parse(words: &str) -> Options {
        Arguments::try_parse_from(words.split(' ')).unwrap().options
    }

    #[test]
    fn the_first_peer_that_is_given_is_what_the_others_are_compared_with() {
        let options = parse("bench --peer uws=/uws/echo_{port} --peer b=b_{port}");
        assert_eq!(options.base(&options.peers).unwrap(), "uws");
    }

    #[test]
    fn a_quick_run_may_have_more_rounds() {
        let options = parse("bench --quick --rounds 5");
        assert_eq!((options.rounds(), options.seconds(), options.tries()), (5, 1, 1));
    }
}
