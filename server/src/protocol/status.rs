//! What a call has come to: the one verdict that the decoder, the protocol and the event loop share.

/// How far a connection has come, and what it waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Everything is answered. More input has to come.
    NeedInput,
    /// There is enough output to write; from [`Protocol::transfer`](super::Protocol::transfer): the stream does not take it now.
    OutputFull,
    /// There is more to do, but the other connections of the thread come first.
    Yield,
    /// Nothing more is read or sent: the client has ended, or both sides have closed.
    Done,
}
