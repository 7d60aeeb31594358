//! The language that Canyon's server and page share: what the server does, written as the path and query of a WebSocket
//! URL, and how durations and sizes are written, there and in the server's settings.
//!
//! Everything here is pure: it parses and prints, and never does I/O, reads a clock or knows a socket.
//!
//! [`relay`] has what a page and the relay say to each other.
//!
//! The page carries the tables of [`Path`] and [`Parameter`]; the sentences about faults and choices are functions, which
//! it leaves out.

mod behaviour;
mod choice;
mod description;
mod error;
pub mod event;
mod fault;
pub mod form;
mod grammar;
mod inspect_id;
mod parameter;
mod path;
pub mod relay;
mod target;
#[cfg(test)]
mod tests;
mod value;

pub use behaviour::{
    Behaviour, Choice, ConnectionOptions, Cookie, Credential, DeflateOptions, ReplyOptions, Status, Stream,
};
pub use choice::{EmbedderPolicy, How, Kind, On, RedirectStatus, ResourcePolicy, SameSite, Switch};
pub use error::Error;
pub use fault::{Fault, HandshakeFault, LegalCase};
pub use grammar::Charset;
pub use inspect_id::{InspectId, InspectIdError};
pub use parameter::{Parameter, SHORTEST_PING};
pub use path::Path;
pub use target::Target;
pub use value::{ByteSize, TimeSpan, ValueError};
