//! What load on a WebSocket server is made of: clients that write frames as they like, and the server's process as the
//! system sees it. Never used by the server itself.

pub mod answers;
pub mod client;
pub mod connection;
pub mod frames;
pub mod load;
pub mod messages;
pub mod polite;
pub mod process;
pub mod table;
pub mod target;
