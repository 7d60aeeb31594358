//! What load on a WebSocket server is made of: a client that writes frames byte by byte as it likes, and the server's
//! process as the system sees it. Never used by the server itself.

pub mod client;
pub mod process;
