//! `cargo xtask soak`: an optimised server under mixed load for minutes, every byte verified.
//! Never judges by itself: the load's own program does, with its exit code.

use std::env;

use crate::Result;
use crate::command::{self, cargo};

pub(crate) const ABOUT: &str =
    "hold the server under mixed load and verify every byte  [--minutes N] [--connections N]";

pub(crate) fn run(arguments: &[String]) -> Result {
    command::run(&mut cargo(["build", "--release", "--package", "server", "--package", "bench"]))?;
    // xtask's own program lies in target/debug.
    let target = env::current_exe().map_err(|error| format!("cannot find xtask's own program: {error}"))?;
    let program = target.with_file_name("").join("../release").join(format!("canyon{}", env::consts::EXE_SUFFIX));
    let mut soak = cargo(["run", "--quiet", "--release", "--package", "bench", "--bin", "soak", "--", "--server"]);
    command::run(soak.arg(program).args(arguments))
}
