//! `cargo xtask dist`: what an operator installs, in a folder that is laid out as below `/usr/local`: the program with its page,
//! its man pages, and completions for bash, fish and zsh.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{self, cargo, root};
use crate::own_program;
use crate::tools::Tools;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder to write into
    #[arg(long, value_name = "FOLDER", default_value = "target/dist")]
    out: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let out = root().join(&options.out);
    // The release build takes the page in.
    command::run(Tools::ready_for_release()?.trunk("build")?.arg("--release"))?;
    command::run(&mut cargo(["build", "--release", "--package", "server"]))?;
    let name = format!("canyon{EXE_SUFFIX}");
    let program = out.join("bin").join(&name);
    fs::create_dir_all(out.join("bin")).with_context(|| format!("cannot write into {}", out.display()))?;
    fs::copy(own_program::built("release")?.join(&name), &program)
        .with_context(|| format!("cannot write {}", program.display()))?;
    println!("{}", program.display());
    command::run(cargo(["run", "--quiet", "--package", "server", "--example", "manual", "--"]).arg(out))
}
