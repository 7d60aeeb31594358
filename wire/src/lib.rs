//! The language that Canyon's server and page share: what a server shall do, written as the path and query of
//! a WebSocket URL.
//!
//! Everything here is pure: it parses and prints, and never does I/O, reads a clock or knows a socket.

mod answer;
mod behaviour;
pub mod form;
mod value;

pub use answer::{Answer, Parameter};
pub use behaviour::{Behaviour, Error};
