//! `cargo xtask soak`: an optimised server under mixed load for minutes, every byte verified. The load is a program of
//! `bench/`, which reports the result as its exit code.

use std::env::consts::EXE_SUFFIX;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::own_program;

/// Arguments of the load program.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How long
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,

    /// How many connections are held at once
    #[arg(long, value_name = "N", default_value_t = 2000)]
    connections: u64,

    /// What the random choices start from
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    let server = own_program::built("release")?.join(format!("canyon{EXE_SUFFIX}"));
    let mut soak = cargo(["run", "--quiet", "--release", "--package", "bench", "--bin", "soak", "--", "--server"]);
    soak.arg(server);
    for (flag, value) in
        [("--minutes", options.minutes), ("--connections", options.connections), ("--seed", options.seed)]
    {
        soak.args([flag, &value.to_string()]);
    }
    command::run(&mut soak)
}
