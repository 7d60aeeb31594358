//! A file for the page to pick, under a unique name, deleted with the test.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub(crate) struct TemporaryFile(PathBuf);

impl TemporaryFile {
    /// Creates a file with an extension, such as `har`.
    pub(crate) fn new(ending: &str, content: &[u8]) -> Result<Self> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("canyon-{}-{number}.{ending}", std::process::id()));
        std::fs::write(&path, content)?;
        Ok(Self(path))
    }

    /// The path to type into a file field.
    pub(crate) fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // It may have been deleted already.
        let _ = std::fs::remove_file(&self.0);
    }
}
