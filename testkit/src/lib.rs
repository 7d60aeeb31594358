//! What tests, benchmarks and fuzz targets share: a client's frames and handshake, a connection in memory, Canyon's server
//! in this process and as a program of its own, and what a process uses.

pub mod frame;
pub mod handshake;
mod memory;
mod program;
mod server;
mod usage;

pub use self::memory::MemoryStream;
pub use self::program::Program;
pub use self::server::Server;
pub use self::usage::Usage;
