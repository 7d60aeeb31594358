//! Canyon's page: a WebSocket client in the browser. It shows what the `model` says and runs what it asks for, and
//! never decides by itself.

pub mod clipboard;
pub mod clock;
pub mod document;
mod dynamic;
pub mod files;
pub mod pacer;
pub mod pattern;
mod resize;
pub mod socket;
mod start;
pub mod storage;
mod store;
mod view;

pub use view::Page;
