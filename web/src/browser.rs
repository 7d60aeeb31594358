//! Thin edges to what the browser has: each wraps one of its interfaces and decides nothing.

pub mod clipboard;
pub mod clock;
pub mod document;
pub mod files;
pub(crate) mod keyboard;
pub(crate) mod leaving;
pub(crate) mod memory;
pub mod pattern;
pub(crate) mod service_worker;
pub mod storage;
pub mod task;
pub mod url;
