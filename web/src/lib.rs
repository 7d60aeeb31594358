//! Canyon's page: a WebSocket client in the browser. It shows what the `model` says and runs what it asks for, and
//! never decides by itself.

pub mod browser;
pub mod dom;
pub mod pacer;
mod page;
mod promise;
pub mod socket;
mod start;
mod store;
mod view;

pub use page::Page;
pub use view::page;
