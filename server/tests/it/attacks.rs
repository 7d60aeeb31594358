//! What hostile peers try on a WebSocket server, and what becomes of it: each known attack, one by one.

pub mod frames;
mod handshake;
mod http2;
mod resources;
mod sessions;
