//! The language that Canyon's server and page share: what the server does, written as the path and query of a WebSocket
//! URL, and how durations and sizes are written, there and in the server's settings.
//!
//! Everything here is pure: it parses and prints, and never does I/O, reads a clock or knows a socket.

mod behaviour;
mod error;
pub mod form;
mod options;
mod parameter;
mod value;

pub use behaviour::Behaviour;
pub use error::Error;
pub use options::{ReplyOptions, SHORTEST_PING};
pub use parameter::Parameter;
pub use value::{ByteSize, TimeSpan, ValueError};
