//! The state and the rules of Canyon's page: what a message, a click or a socket event changes, and in which words
//! it is told. It never does I/O and reads no clock, so every rule is tested without a browser.

mod address;
mod close;
mod ending;
mod format;
mod log;
mod model;
mod payload;
pub mod preset;
mod state;
mod subprotocols;
mod viewport;

pub use address::{AddressError, Origin, WsUrl, initial_address};
pub use close::{CloseCode, CloseCodeError, CloseFrame, Reason, ReasonError};
pub use ending::{Closed, Ending};
pub use format::{Count, Size, Span};
pub use log::{Body, Entry, Limits, Log, Note, Tally, Tone};
pub use model::{Effect, Model, Msg, Problem, SocketEvent, SocketId, Time};
pub use payload::{Excerpt, Payload};
pub use state::{Opened, State};
pub use subprotocols::{Subprotocols, SubprotocolsError};
pub use viewport::{ROW_HEIGHT, Viewport};
