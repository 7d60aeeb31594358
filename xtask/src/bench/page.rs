//! `cargo xtask bench --page`: how many messages a second the page receives. Measured by the benchmark in
//! `tests/browser/bench.rs`, which steers a browser.

use std::path::PathBuf;

use anyhow::Result;

use crate::browser;
use crate::command::{self, cargo, root};
use crate::tools::Tools;

/// Builds the page as for a release, beside `dist/`, and measures it together with those other builds.
pub(super) fn run(others: &[PathBuf], rounds: Option<u32>) -> Result<()> {
    let dist = root().join("target/bench-page");
    command::run(Tools::ready_for_release()?.trunk("build")?.arg("--release").arg("--dist").arg(&dist))?;
    let mut bench = cargo(["bench", "--package", "canyon-tests", "--bench", "page", "--", "--dist"]);
    bench.arg(dist).env("CHROMEDRIVER", browser::driver()?);
    for other in others {
        // Cargo runs a benchmark in the folder of its package.
        bench.arg("--dist").arg(root().join(other));
    }
    if let Some(rounds) = rounds {
        bench.args(["--rounds", &rounds.to_string()]);
    }
    command::run(&mut bench)
}
