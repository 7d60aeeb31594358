//! A file for the page to pick, gone with the test. It never shares a name with another.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// With that ending, such as `har`.
    pub(crate) fn new(ending: &str, content: &[u8]) -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("canyon-{}-{number}.{ending}", std::process::id()));
        std::fs::write(&path, content)?;
        Ok(Self(path))
    }

    /// What to type at a field for files.
    pub(crate) fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // Somebody else has cleaned up, where it is gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}
