//! The commands of this repository: one function per verb, all of them in [`Verb`].

mod attacks;
mod bench;
mod browser;
mod clients;
mod command;
mod conformance;
mod dist;
mod finalize_dist;
mod guard;
mod install;
mod instructions;
mod interop;
mod language;
mod npm;
mod own_program;
mod packages;
mod python;
mod run;
mod server;
mod size;
mod soak;
mod split;
mod test;
mod tools;

use std::env;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

/// The commands of this repository.
#[derive(Debug, Parser)]
#[command(
    bin_name = "cargo xtask",
    arg_required_else_help = true,
    after_help = "Missing tools are installed into a folder of the user's cache, or into $CANYON_TOOLS."
)]
enum Verb {
    /// Start the server and the page, and print the address
    Run(run::Options),
    /// Run all checks, or the given steps
    Test(test::Options),
    /// Check the server with clients that others wrote: Python's websockets and wscat
    Interop,
    /// Run other people's clients against every fault, and compare what they do with docs/clients.tsv
    Clients(clients::Options),
    /// Compare the documents' tables of the URL language with the code
    Language(language::Options),
    /// Run the Autobahn suite, and compare its verdicts with docs/conformance.tsv
    Conformance(conformance::Options),
    /// Build the page as for a release, and compare its size with docs/size.tsv
    Size(size::Options),
    /// Build what an operator installs: the program, its man pages, completions for shells
    Dist(dist::Options),
    /// Write the list of built files into the page's service worker; called by Trunk
    FinalizeDist,
    /// Put the server under mixed load, and verify every byte
    Soak(soak::Options),
    /// Measure how long polite peers wait while others flood the server
    Floods(attacks::Options),
    /// Measure how much memory attacks make the server use, and how long they occupy connections
    Memory(attacks::Options),
    /// Measure what an echo costs the server and its peers, in turn
    Bench(bench::Options),
    /// Count the instructions that a message takes, and compare them with docs/instructions.tsv
    Instructions(instructions::Options),
}

fn main() -> ExitCode {
    own_program::find();
    let mut words = env::args_os().skip(1).peekable();
    let outcome = match words.next_if(|verb| verb == guard::VERB) {
        Some(_) => guard::stand(words),
        None => Verb::parse().perform().map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

impl Verb {
    fn perform(self) -> Result<()> {
        match self {
            Self::Run(options) => run::run(options),
            Self::Test(options) => test::run(&options),
            Self::Interop => interop::check(),
            Self::Clients(options) => clients::run(&options),
            Self::Conformance(options) => conformance::run(options),
            Self::Size(options) => size::run(options),
            Self::Dist(options) => dist::run(&options),
            Self::FinalizeDist => finalize_dist::run(),
            Self::Soak(options) => soak::run(&options),
            Self::Floods(options) => attacks::run("floods", &options),
            Self::Memory(options) => attacks::run("memory", &options),
            Self::Bench(options) => bench::run(options),
            Self::Instructions(options) => instructions::run(options),
            Self::Language(options) => language::run(options),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_verb_and_option_is_well_formed_and_explained() {
        let mut command = Verb::command();
        command.build();
        command.clone().debug_assert();
        for verb in command.get_subcommands() {
            assert!(verb.get_about().is_some(), "{}", verb.get_name());
            assert!(verb.get_arguments().all(|argument| argument.get_help().is_some()), "{}", verb.get_name());
        }
    }

    #[test]
    fn what_no_verb_takes_is_named() {
        let error = |words: &str| Verb::try_parse_from(format!("xtask {words}").split(' ')).unwrap_err().to_string();
        assert!(error("dance").contains("unrecognized subcommand 'dance'"), "{}", error("dance"));
        assert!(error("run --relase").contains("'--relase' found"), "{}", error("run --relase"));
        assert!(error("test dance").contains("'dance'"), "{}", error("test dance"));
        assert!(
            error("bench --rounds 0").contains("invalid value '0' for '--rounds <N>'"),
            "{}",
            error("bench --rounds 0")
        );
        assert!(error("bench --peer uws").contains("'uws' is not NAME=COMMAND"), "{}", error("bench --peer uws"));
        assert!(error("bench --only x").contains("there is no load 'x', only small, "), "{}", error("bench --only x"));
    }
}
