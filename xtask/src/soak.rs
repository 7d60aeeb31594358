//! `cargo xtask soak`: an optimised server under mixed load for minutes, every byte verified.
//! Never judges by itself: the load's own program does, with its exit code.

use std::env;

use crate::command::{self, cargo};
use crate::{Result, guard};

pub(crate) const ABOUT: &str =
    "hold the server under mixed load and verify every byte  [--minutes N] [--connections N]";

pub(crate) fn run(arguments: &[String]) -> Result {
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    // xtask's own program lies in `debug` of the target folder, beside `release`.
    let own_program = guard::OWN_PROGRAM.as_deref().ok_or("cannot find the program that xtask itself is")?;
    let program = own_program.with_file_name("../release/canyon").with_extension(env::consts::EXE_EXTENSION);
    let mut soak = cargo(["run", "--quiet", "--release", "--package", "bench", "--bin", "soak", "--", "--server"]);
    command::run(soak.arg(program).args(arguments))
}
