//! Canyon's page: a WebSocket client in the browser. It shows what the `model` says and runs what it asks for, and
//! never decides by itself.

pub mod clipboard;
pub mod clock;
pub mod document;
pub mod dom;
pub mod files;
mod frame;
mod listener;
pub mod pacer;
mod page;
pub mod pattern;
mod promise;
mod resize;
pub mod socket;
mod start;
pub mod storage;
mod store;
mod view;

pub use page::Page;
pub use view::page;
