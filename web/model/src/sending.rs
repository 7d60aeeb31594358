//! The queue to the socket, and the tasks that send automatically.

pub(crate) mod outbox;
pub(crate) mod repeat;
pub(crate) mod replay;
pub(crate) mod sequence;
