//! Where glibc's allocator takes large pieces of memory from.
//!
//! It maps them one by one at first, and gives them back when they are freed. But with the first such piece it raises the
//! size from which it does that, up to 32 MiB
//! ([mallopt(3)](https://man7.org/linux/man-pages/man3/mallopt.3.html), `M_MMAP_THRESHOLD`). From then on messages lie in its
//! heap, where small pieces between them keep their pages: after an attack, the server held 904 MiB of which 40 were in use.
//! A size that is set is not raised, and it is read from the environment when the process starts.

use std::{env, ffi::OsString, io, os::unix::process::CommandExt, process::Command};

/// The environment variable of glibc's settings, and the setting
/// ([Tunables](https://sourceware.org/glibc/manual/latest/html_node/Memory-Allocation-Tunables.html)): where the size begins.
const TUNABLES: &str = "GLIBC_TUNABLES";
const THRESHOLD: &str = "glibc.malloc.mmap_threshold";
const BYTES: usize = 128 << 10;
/// The older variable of the same setting.
const OLDER: &str = "MALLOC_MMAP_THRESHOLD_";
/// Set by this process before it starts again, because some loaders drop the settings: those of programs with capabilities.
const STARTED_AGAIN: &str = "CANYON_STARTED_AGAIN";

/// Starts the program again, in the same process, if the size is not set. To be called before anything else is done.
///
/// # Errors
/// The program cannot be started again. It works as it is, and may keep more memory than it needs.
pub(crate) fn configure() -> io::Result<()> {
    let settings = env::var_os(TUNABLES).unwrap_or_default();
    let is_set = settings.to_string_lossy().contains(THRESHOLD) || env::var_os(OLDER).is_some();
    if is_set || env::var_os(STARTED_AGAIN).is_some() {
        return Ok(());
    }
    let mut words = env::args_os();
    let mut again = Command::new(env::current_exe()?);
    if let Some(name) = words.next() {
        again.arg0(name);
    }
    Err(again.args(words).env(TUNABLES, with_threshold(settings)).env(STARTED_AGAIN, "1").exec())
}

/// The settings, and the size.
fn with_threshold(mut settings: OsString) -> OsString {
    if !settings.is_empty() {
        settings.push(":");
    }
    settings.push(format!("{THRESHOLD}={BYTES}"));
    settings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_settings_stay() {
        assert_eq!(with_threshold(OsString::new()), "glibc.malloc.mmap_threshold=131072");
        let both = "glibc.malloc.arena_max=1:glibc.malloc.mmap_threshold=131072";
        assert_eq!(with_threshold("glibc.malloc.arena_max=1".into()), both);
    }
}
