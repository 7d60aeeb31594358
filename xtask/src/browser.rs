//! Finds or installs the browser for the tests and the chromedriver that controls it; each test starts its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::command::{answer, on_path, version};
use crate::packages::Packages;

const CHROMIUM: Packages = Packages {
    what: "Chromium with its chromedriver",
    apt: &["chromium", "chromium-driver"],
    brew: &["--cask", "chromium", "chromedriver"],
};

/// The names of Chromium and Chrome on `PATH`.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Their places on macOS.
const APPLICATIONS: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// The chromedriver to use: `$CHROMEDRIVER`, or the one on `PATH`, or the one that gets installed.
pub(crate) fn driver() -> Result<PathBuf> {
    if let Some(driver) = env::var_os("CHROMEDRIVER").map(PathBuf::from) {
        return if driver.is_file() {
            Ok(driver)
        } else {
            Err(anyhow!("CHROMEDRIVER is {}, and no such file is there", driver.display()))
        };
    }
    if on_path("chromedriver").is_none() || browser().is_none() {
        CHROMIUM.install()?;
    }
    let driver = on_path("chromedriver").context("chromedriver is not on PATH; name its file in $CHROMEDRIVER")?;
    warn_of_mismatch(&driver);
    Ok(driver)
}

/// Where Chromium or Chrome is.
pub(crate) fn browser() -> Option<PathBuf> {
    let application = || APPLICATIONS.iter().map(PathBuf::from).find(|path| path.is_file());
    BROWSERS.iter().find_map(|name| on_path(name)).or_else(application)
}

/// A chromedriver works only with browsers of its major version; its message about that is easily missed.
fn warn_of_mismatch(driver: &Path) {
    let major = |program: &Path| {
        let answer = answer(Command::new(program).arg("--version"))?;
        version(&answer)?.split('.').next().map(str::to_owned)
    };
    let Some(browser) = browser() else { return };
    if let (Some(driver), Some(browser)) = (major(driver), major(&browser))
        && driver != browser
    {
        println!("warning: chromedriver is version {driver}, the browser is version {browser}; they may not get along");
    }
}
