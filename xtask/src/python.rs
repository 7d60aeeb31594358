//! Python and packages of its registry, in virtual environments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{self, answer, on_path, program};
use crate::packages::Packages;

const VENV: Packages = Packages { what: "Python's venv", apt: &["python3-venv"], brew: &["python"] };

/// Where an environment says what was installed into it.
const INSTALLED: &str = "installed-by-xtask.txt";

/// The name of Python on `PATH`.
pub(crate) fn program_name() -> Result<&'static str> {
    let python3 = ["python3", "python"].into_iter().find(|name| on_path(name).is_some());
    python3.context("python3 is missing; install Python 3.11 or newer, see https://python.org")
}

/// The Python of an environment in that folder that has the packages, each with its version, as in `h2==4.4.1`.
pub(crate) fn with_packages(folder: &Path, packages: &[String]) -> Result<PathBuf> {
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let list = packages.join("\n");
    let is_installed = fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == list);
    if is_installed && answer(Command::new(&python).arg("--version")).is_some() {
        return Ok(python);
    }
    println!("{} is not yet in {}; installing it takes some seconds.", packages.join(", "), folder.display());
    let python3 = program_name()?;
    if answer(Command::new(python3).args(["-c", "import ensurepip"])).is_none() {
        VENV.install()?;
    }
    command::run(program(python3).args(["-m", "venv", "--clear"]).arg(folder))?;
    let pip = ["-m", "pip", "install", "--disable-pip-version-check"];
    command::run(program(&python).args(pip).args(packages))?;
    fs::write(folder.join(INSTALLED), list).with_context(|| format!("cannot write into {}", folder.display()))?;
    Ok(python)
}
