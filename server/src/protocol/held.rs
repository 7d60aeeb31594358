//! What a connection keeps between two calls: how much memory, and of which message.

/// Memory in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    /// Input that is incomplete and answers that wait: more with each read.
    pub pending: usize,
    /// The inflater and the compressor: the same from their first message on.
    pub codecs: usize,
}

/// Something that has begun to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// A message, by how many were complete before it.
    Message(u64),
    /// A frame between two messages, by how many were complete before it.
    Frame(u64),
}
