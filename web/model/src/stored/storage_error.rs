//! Why the browser did not save a document.

use thiserror::Error;

/// Changes are lost at the next reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StorageError {
    /// Storage is switched off in the browser.
    #[error("this browser lets the page keep nothing: settings, saved messages and history are gone with a reload")]
    Denied,
    #[error(
        "the browser has no room left for what the page keeps: what has changed since is gone with a reload, unless \
         saved messages or sequences are removed"
    )]
    Full,
}
