//! What the page computes in a worker of its own: work that would take longer than a frame, in code that is not needed
//! until the first click. The browser loads it when it is first needed.
//!
//! The page posts requests, the worker answers each with one response, in order ([`protocol`]). [`Service`] is the worker's
//! end without the browser, so that it is tested natively; `main.rs` gives it a port.

pub mod archive;
mod class;
pub mod decode;
pub mod document;
pub mod protocol;
mod service;
mod text_file;

pub use service::{RegExps, Service};
