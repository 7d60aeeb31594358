//! Installs tools into the cache. Tools from crates.io are downloaded by `cargo binstall` if it is installed, and built
//! otherwise. A tool is moved to its place when it is finished, so that neither an interruption nor a second xtask leaves half
//! of one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::command::{self, answer, cargo, seconds};
use crate::npm;
use crate::tools::{Source, Tool};

/// Installs those of the tools that the cache does not have.
pub(crate) fn into(cache: &Path, tools: &[Tool]) -> Result<()> {
    if tools.iter().all(|tool| tool.is_in(cache)) {
        return Ok(());
    }
    fs::create_dir_all(cache).with_context(|| in_cache(cache))?;
    // Held until this function ends, however it ends.
    let _lock = lock(cache)?;
    let build = cache.join("build");
    for tool in tools.iter().filter(|tool| !tool.is_in(cache)) {
        let start = Instant::now();
        println!("{tool} is not on PATH and not yet in {}.", cache.display());
        let new = build.join(tool.to_string());
        match tool.source {
            Source::Npm => npm::install(tool.package, &tool.version, &new)?,
            Source::Crates { .. } if download(tool, &new) => {}
            Source::Crates { options, minutes } => compile(tool, options, minutes, &new, &build.join("target"))?,
        }
        fs::rename(&new, tool.folder(cache)).with_context(|| in_cache(cache))?;
        println!("{tool} is installed; that took {}.", seconds(start.elapsed()));
    }
    // Left over from an interrupted install, whose build artefacts this one has reused; some hundred megabytes.
    match fs::remove_dir_all(&build) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).with_context(|| in_cache(cache)),
        _ => Ok(()),
    }
}

/// One install at a time in one cache. The lock goes with the file handle, so it cannot be left behind.
fn lock(cache: &Path) -> Result<File> {
    let file = File::create(cache.join("lock")).with_context(|| in_cache(cache))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            println!("Another install is under way in {}; this one continues when it is done.", cache.display());
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    locked.map(|()| file).with_context(|| in_cache(cache))
}

/// Downloads a tool; whether that worked.
fn download(tool: &Tool, folder: &Path) -> bool {
    if answer(Command::new("cargo").args(["binstall", "-V"])).is_none() {
        return false;
    }
    println!("cargo binstall downloads it, in less than a minute.");
    let mut binstall = cargo(["binstall", "--no-confirm", "--disable-strategies", "compile", "--install-path"]);
    binstall.arg(folder.join("bin")).arg(format!("{}@{}", tool.package, tool.version));
    let outcome = command::run(&mut binstall);
    if let Err(error) = &outcome {
        println!("{error:#}; building it instead.");
    }
    outcome.is_ok()
}

/// Builds a tool with settings for a short build, not for speed.
fn compile(tool: &Tool, options: &[&str], minutes: u32, folder: &Path, target: &Path) -> Result<()> {
    println!("Building it takes about {minutes} minutes on two cores.");
    let install = |lock: &[&str]| {
        let mut install = cargo(["install", tool.package, "--version", &tool.version]);
        install.args(options).args(lock).arg("--root").arg(folder);
        install
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_PROFILE_RELEASE_LTO", "off")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0");
        command::run(&mut install)
    };
    install(&["--locked"]).or_else(|error| {
        // A lock file may name a version that was yanked, or that a mirror does not have yet.
        println!("{error:#}; once more with the newest dependencies that fit.");
        install(&[])
    })
}

fn in_cache(cache: &Path) -> String {
    format!("cannot install into {}", cache.display())
}
