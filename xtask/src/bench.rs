//! `cargo xtask bench`: what an echo costs canyon and its peers, measured in turn, as a table of ratios.
//! Never measures by itself: `load`, `handshakes` and `idle` of `bench/` do.

mod loads;
mod machine;
mod servers;
mod table;

use std::fs;
use std::path::PathBuf;

use self::loads::{LOADS, Load};
use self::machine::Activity;
use self::servers::Server;
use self::table::Table;
use crate::Result;
use crate::command::{self, cargo};

pub(crate) const ABOUT: &str =
    "what an echo costs the server and its peers, in turn  [--quick] [--only LOAD]… [--peer NAME=COMMAND]… …";

const OPTIONS: &str = "--quick, --only LOAD, --server NAME, --peer NAME=COMMAND, --base NAME, --rounds N, --seconds N, \
     --install and --write FILE";

/// Other work beside a measurement, in processors, from which on it does not count.
const DISTURBED: f64 = 0.1;

/// How often a measurement is tried at the most, unless it shall be quick.
const TRIES: usize = 4;

pub(crate) fn run(arguments: &[String]) -> Result {
    let request = Request::parse(arguments)?;
    if !cfg!(target_os = "linux") {
        return Err("bench needs Linux, where /proc tells a process's time and memory".to_owned());
    }
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    let programs = servers::programs()?;
    servers::build(&programs)?;
    if request.install {
        servers::install()?;
    }
    let mut all = servers::own(&programs);
    all.extend(servers::from_registries());
    all.extend(request.peers.clone());
    let chosen = request.choose(all)?;
    let base = request.base(&chosen)?;
    let mut table = Table::new(chosen.iter().map(|server| server.name.clone()).collect(), base);
    for load in &request.loads {
        measure(&request, load, &chosen, &mut table)?;
    }
    print!("\n{}", table.markdown(&request.loads));
    match &request.write {
        Some(file) => {
            let text = table.lines(&request.loads);
            fs::write(file, text).map_err(|error| format!("cannot write {}: {error}", file.display()))
        }
        None => Ok(()),
    }
}

/// All servers under a load, one after the other, as often as there are rounds.
fn measure(request: &Request, load: &'static Load, servers: &[Server], table: &mut Table) -> Result {
    for round in 1..=request.rounds {
        println!("\n== {}, round {round} of {}", load.about, request.rounds);
        for server in servers {
            if table.has_failed(load, &server.name) {
                continue;
            }
            match undisturbed(request, load, server) {
                Ok(figure) => table.add(load, &server.name, figure),
                Err(sentence) => {
                    println!("{} has no figure for '{}': {sentence}", server.name, load.name);
                    table.fail(load, &server.name);
                }
            }
        }
    }
    Ok(())
}

/// A figure that other work on the machine has not disturbed, or at last one that it has.
fn undisturbed(request: &Request, load: &Load, server: &Server) -> Result<f64> {
    let mut best: Option<(f64, f64)> = None;
    for _ in 0..request.tries {
        let activity = Activity::begin()?;
        let figure = {
            let running = server.start(load)?;
            load.run(running.port, request.seconds, server)?
        };
        let others = activity.others()?;
        println!("{}: {figure:.3} {}, other work {:.0} % of a processor", server.name, load.unit, others * 100.0);
        if best.is_none_or(|(_, least)| others < least) {
            best = Some((figure, others));
        }
        if others < DISTURBED {
            break;
        }
    }
    best.map(|(figure, _)| figure).ok_or_else(|| "it was not tried".to_owned())
}

struct Request {
    loads: Vec<&'static Load>,
    /// Names of the servers that are measured beside the peers that are given; all when there are none.
    servers: Vec<String>,
    peers: Vec<Server>,
    base: Option<String>,
    rounds: usize,
    /// Of each measurement, until nothing disturbs it.
    tries: usize,
    seconds: u32,
    install: bool,
    write: Option<PathBuf>,
}

impl Request {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut request = Self {
            loads: Vec::new(),
            servers: Vec::new(),
            peers: Vec::new(),
            base: None,
            rounds: 3,
            tries: TRIES,
            seconds: 3,
            install: false,
            write: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().cloned().ok_or_else(|| format!("{word} needs a value behind it"));
            match word.as_str() {
                "--quick" => (request.rounds, request.tries, request.seconds) = (1, 1, 1),
                "--only" => request.loads.push(Load::named(&value()?)?),
                "--server" => request.servers.push(value()?),
                "--peer" => request.peers.push(Server::given(&value()?)?),
                "--base" => request.base = Some(value()?),
                "--rounds" => request.rounds = number(word, &value()?)?,
                "--seconds" => request.seconds = number(word, &value()?)?,
                "--install" => request.install = true,
                "--write" => request.write = Some(value()?.into()),
                word => return Err(format!("bench does not know '{word}'; it takes {OPTIONS}")),
            }
        }
        if request.loads.is_empty() {
            request.loads = LOADS.iter().collect();
        }
        Ok(request)
    }

    /// Those of all servers that are asked for.
    fn choose(&self, all: Vec<Server>) -> Result<Vec<Server>> {
        let names: Vec<String> = all.iter().map(|server| server.name.clone()).collect();
        if let Some(stranger) = self.servers.iter().find(|name| !names.contains(name)) {
            return Err(format!("there is no server '{stranger}', only {}", names.join(", ")));
        }
        let is_given = |name: &String| self.peers.iter().any(|peer| peer.name == *name);
        let is_asked_for = |name: &String| self.servers.is_empty() || self.servers.contains(name) || is_given(name);
        Ok(all.into_iter().filter(|server| is_asked_for(&server.name)).collect())
    }

    /// The server that the others are compared with: the first that was given, or else the least that an echo costs.
    fn base(&self, servers: &[Server]) -> Result<String> {
        let given = self.base.clone().or_else(|| Some(self.peers.first()?.name.clone()));
        let base = given.unwrap_or_else(|| "parrot".to_owned());
        if servers.iter().any(|server| server.name == base) {
            return Ok(base);
        }
        Err(format!("the base '{base}' is not among the servers that are measured"))
    }
}

fn number<N: std::str::FromStr + PartialOrd + From<u8>>(flag: &str, word: &str) -> Result<N> {
    let number = word.parse::<N>().ok().filter(|number| (N::from(1)..=N::from(60)).contains(number));
    number.ok_or_else(|| format!("{flag} takes a number from 1 to 60, which '{word}' is not"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Request> {
        Request::parse(&words.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn the_first_peer_that_is_given_is_what_the_others_are_compared_with() {
        let request = parse("--peer uws=/uws/echo_{port} --peer b=b_{port}").unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(request.base(&request.peers).as_deref(), Ok("uws"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |words| parse(words).err().unwrap_or_default();
        assert_eq!(error("--rounds 0"), "--rounds takes a number from 1 to 60, which '0' is not");
        assert_eq!(error("--peer"), "--peer needs a value behind it");
        assert_eq!(error("--peer uws"), "'uws' is not NAME=COMMAND with {port} in the command");
        assert!(error("--only x").starts_with("there is no load 'x', only small, "));
        assert!(error("--slow").starts_with("bench does not know '--slow'; "));
    }
}
