//! Canyon's page: a WebSocket client in the browser.
//!
//! The rules are in the `model` crate, which is pure, and the binding library is the `dom` crate. Here are: `browser`, thin
//! edges to what the browser has; `worker_handle`, `socket_handle`, `alarm`, `compute_handle`, `program_handle` and `relay_handle`, the page's
//! ends of what runs in workers or is loaded later; `store`, which runs the model and its effects; `page`, the state of the
//! page; and `view`, which shows it. Each uses only those before it.

pub mod alarm;
pub mod browser;
pub mod compute_handle;
mod deferred;
mod page;
pub mod program_handle;
pub mod relay_handle;
pub mod socket_handle;
mod store;
mod view;
pub mod worker_handle;

pub use dom;
pub use page::Page;
pub use view::page;
