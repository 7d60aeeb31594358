//! Where xtask's own program lies, and with it what cargo has built.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};

static PATH: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::current_exe().ok());

/// Has to be called when xtask starts: a build may put a new file in its place later.
pub(crate) fn find() {
    LazyLock::force(&PATH);
}

/// The program that runs now.
pub(crate) fn path() -> Result<&'static Path> {
    PATH.as_deref().context("cannot find the program that xtask itself is")
}

/// The folder with what cargo built in a profile: xtask lies in `debug` of the target folder, beside the other profiles'.
pub(crate) fn built(profile: &str) -> Result<PathBuf> {
    let target = path()?.parent().and_then(Path::parent).context("xtask's own program lies in no target folder")?;
    Ok(target.join(profile))
}
