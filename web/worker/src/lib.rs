//! The page's sockets. They run in a worker, because on the page's own thread a server that sends fast would cost frames.
//! If no worker starts, the same code runs in the window. `web/measure` uses the socket in a worker of its own.
//!
//! The page and the worker communicate over one `MessagePort` ([`protocol`]). `Engine` is the worker's end of it. The rules
//! that bound what waits ([`inbox`], [`send_progress`]) are pure, so that they are tested natively.
//!
//! Boundary: decides nothing about a connection, such as whether to connect again. That is the page's model.

#[cfg(target_family = "wasm")]
pub mod browser_socket;
#[cfg(target_family = "wasm")]
mod engine;
pub mod inbox;
pub mod protocol;
pub mod send_progress;
#[cfg(target_family = "wasm")]
mod socket;

#[cfg(target_family = "wasm")]
pub use engine::Engine;
