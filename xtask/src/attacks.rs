//! `cargo xtask floods` and `cargo xtask memory`: an optimised server under attack by a program of `bench/`, which prints
//! the table.

use std::env::consts::EXE_SUFFIX;

use anyhow::Result;

use crate::command::{self, cargo};
use crate::own_program;

/// Arguments of the attack program.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Options of the attack's program, such as `--only bombs`; `-- --help` lists them. Options after a second `--` go to
    /// the server
    #[arg(value_name = "OPTIONS", trailing_var_arg = true, allow_hyphen_values = true)]
    options: Vec<String>,
}

/// Builds the server and the program, and runs it.
pub(crate) fn run(program: &str, options: &Options) -> Result<()> {
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    let server = own_program::built("release")?.join(format!("canyon{EXE_SUFFIX}"));
    let mut attack = cargo(["run", "--quiet", "--release", "--package", "bench", "--bin", program, "--", "--server"]);
    command::run(attack.arg(server).args(&options.options))
}
