//! Why the browser did not save a document.

use thiserror::Error;

/// Changes are lost at the next reload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StorageError {
    /// Storage is switched off in the browser.
    #[error(
        "this browser does not let the page save anything: settings, saved messages and history are lost on reload"
    )]
    Denied,
    #[error(
        "the browser's storage is full: recent changes are lost on reload, unless you delete saved messages or \
         sequences"
    )]
    Full,
}
