//! Why the browser did not keep what the page gave it to keep, in words. It never touches the browser's storage.

use thiserror::Error;

/// Nothing is lost before the page is reloaded: tell the person, and go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StorageError {
    /// The browser, or the person's choice in it, lets the page keep nothing.
    #[error("this browser lets the page keep nothing: settings, saved messages and history are gone with a reload")]
    Denied,
    /// There is no room left.
    #[error(
        "the browser has no room left for what the page keeps: what has changed since is gone with a reload, unless \
         saved messages or sequences are removed"
    )]
    Full,
}
