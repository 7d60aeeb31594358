//! The memory that the connections of one thread use in turn: what a connection needs only while it is looked at is not
//! its own. Never lent across an await.

use std::{cell::Cell, mem};

use super::{
    decoder::ScratchBuffers,
    output::{FULL, Output},
};

/// How much is read at once, in bytes; it stays in the processor's second cache together with the answers to it.
pub(super) const READ_SIZE: usize = 64 << 10;
/// How much more of a message that has begun, which becomes part of its answer at once.
pub(super) const EXTRA_READ: usize = 192 << 10;
/// How much is read before it is the next connection's turn, in bytes; what is read last may go beyond.
pub(super) const READ_BUDGET: usize = 256 << 10;
/// How many buffers a thread keeps for outputs, and how large the largest of them is, in bytes.
const SPARE: usize = 16;
const LARGEST: usize = 2 << 20;

/// A thread's buffers.
#[derive(Debug)]
pub(super) struct ThreadBuffers {
    /// For what a socket gives.
    pub(super) input: Box<[u8]>,
    /// For the answers to it.
    pub(super) output: Output,
    /// For messages between inflating and compressing.
    pub(super) rooms: ScratchBuffers,
    /// Buffers of outputs, for those who will have much to answer.
    spare: Vec<Vec<u8>>,
}

thread_local! {
    static THREAD_BUFFERS: Cell<Option<Box<ThreadBuffers>>> = const { Cell::new(None) };
}

impl ThreadBuffers {
    /// Does something with this thread's buffers.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut scratch = THREAD_BUFFERS.take().unwrap_or_else(|| Box::new(Self::new()));
        let result = work(&mut scratch);
        THREAD_BUFFERS.set(Some(scratch));
        result
    }

    /// Goes on with what a connection has [kept](Self::keep).
    pub(super) fn resume(&mut self, kept: Output) {
        let empty = mem::replace(&mut self.output, kept);
        self.recycle(empty.into_buffer());
    }

    /// What is left of the answers, for its connection to keep: in the same buffer, unless that is much too large.
    pub(super) fn keep(&mut self) -> Output {
        let next = Output::with_buffer(self.spare.pop().unwrap_or_default());
        let mut kept = mem::replace(&mut self.output, next);
        if kept.is_roomy() {
            self.recycle(kept.shrink());
        }
        kept
    }

    /// Lets go of an empty output's buffer that is of no use to most connections.
    pub(super) fn settle(&mut self) {
        let is_small = self.output.room() < FULL && !self.spare.is_empty();
        if is_small || self.output.room() > LARGEST {
            self.output = Output::with_buffer(self.spare.pop().unwrap_or_default());
        }
    }

    fn recycle(&mut self, buffer: Vec<u8>) {
        if buffer.len() >= FULL && buffer.len() <= LARGEST && self.spare.len() < SPARE {
            self.spare.push(buffer);
        }
    }

    fn new() -> Self {
        Self {
            input: vec![0; READ_SIZE + EXTRA_READ].into(),
            output: Output::default(),
            rooms: ScratchBuffers::default(),
            spare: Vec::new(),
        }
    }
}
