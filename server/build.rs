//! Sees to it that the page's folder is there: where it is not, it would never be found afterwards, either. Never builds
//! the page.

use std::{env, fs, io};

const DIST: &str = "../dist";

fn main() -> io::Result<()> {
    fs::create_dir_all(DIST)?;
    // A release build carries the page inside, and has to be made again when that has changed.
    let watched = if env::var("PROFILE").is_ok_and(|profile| profile == "release") { DIST } else { "build.rs" };
    println!("cargo:rerun-if-changed={watched}");
    Ok(())
}
