//! Canyon's page: a WebSocket client in the browser. It shows what the `model` says and runs what it asks for, and
//! never decides by itself.

mod clipboard;
pub mod clock;
pub mod document;
mod dynamic;
mod files;
mod pacer;
mod pattern;
mod resize;
pub mod socket;
mod start;
mod storage;
mod store;
mod view;

pub use view::Page;
