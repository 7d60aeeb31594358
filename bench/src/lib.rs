//! What load on a WebSocket server is made of: clients that write frames as they like, and whether every answer is right.

pub mod answers;
pub mod client;
pub mod connection;
pub mod decoder;
pub mod deflate;
pub mod handshake;
pub mod load;
pub mod messages;
pub mod polite;
pub mod process;
pub mod table;
pub mod target;
