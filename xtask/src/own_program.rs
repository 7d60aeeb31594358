//! The path of xtask's own program, and of what cargo has built beside it.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};

static PATH: LazyLock<Option<PathBuf>> = LazyLock::new(|| env::current_exe().ok());

/// To be called when xtask starts: a later build may replace the file.
pub(crate) fn find() {
    LazyLock::force(&PATH);
}

/// The running program.
pub(crate) fn path() -> Result<&'static Path> {
    PATH.as_deref().context("cannot find the path of xtask itself")
}

/// The folder of a profile. xtask itself is in `debug` of the target folder, beside the other profiles.
pub(crate) fn built(profile: &str) -> Result<PathBuf> {
    let target = path()?.parent().and_then(Path::parent).context("xtask's own program is not in a target folder")?;
    Ok(target.join(profile))
}
