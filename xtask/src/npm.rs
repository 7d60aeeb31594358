//! Installs packages of Node's registry into a folder.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{self, answer, on_path, program};
use crate::packages::Packages;

/// npm is a script, and Windows starts a script only by its full name.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

const NPM_PACKAGE: Packages = Packages { what: "npm", apt: &["npm"], brew: &["node"] };

/// Where a package's programs and files are in a folder that it was installed into.
pub(crate) const MODULES: &str = "node_modules";

/// Installs a package into `node_modules` in that folder.
pub(crate) fn install(package: &str, version: &str, folder: &Path) -> Result<()> {
    install_all(&[(package, version)], folder)
}

/// As [`install`], with several packages and their versions; what else is in the folder is removed.
pub(crate) fn install_all(packages: &[(&str, &str)], folder: &Path) -> Result<()> {
    if on_path("node").is_none() {
        bail!("node is missing; install Node.js 18 or newer, see https://nodejs.org");
    }
    if answer(Command::new(NPM).arg("--version")).is_none() {
        NPM_PACKAGE.install()?;
    }
    let mut npm = program(NPM);
    npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"]).arg(folder);
    command::run(npm.args(packages.iter().map(|(package, version)| format!("{package}@{version}"))))
}
