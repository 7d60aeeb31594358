//! Canyon's page: a WebSocket client in the browser. It shows what the `model` says and runs what it asks for, and
//! never decides by itself.

pub mod clock;
pub mod document;
mod resize;
pub mod socket;
mod store;
mod view;

pub use view::Page;
