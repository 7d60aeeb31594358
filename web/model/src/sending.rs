//! What is sent, and when: the queue to the socket, and what sends by itself.

pub(crate) mod outbox;
pub(crate) mod repeat;
pub(crate) mod replay;
pub(crate) mod sequence;
