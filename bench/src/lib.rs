//! Load on a WebSocket server: clients that control each frame, and the verification of every answer.

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
pub mod stream;
pub mod table;
pub mod target;
