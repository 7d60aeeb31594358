//! The memory that the connections of one thread use in turn: a connection owns none of it between two calls.

use std::{cell::Cell, mem};

use super::{
    assembly::Assembly,
    output::{FULL, Output},
};

/// How much is read at a time, in bytes; together with the answers to it, it stays in the processor's second cache.
pub(super) const READ_SIZE: usize = 64 << 10;
/// How much more is read if the answer to it has begun, in bytes.
pub(super) const EXTRA_READ: usize = 192 << 10;
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
    /// For a message that is fragmented or inflated.
    pub(super) assembly: Assembly,
    /// For what its answer is compressed to.
    pub(super) compressed: Vec<u8>,
    /// Buffers of outputs, for connections that have much to answer.
    spare: Vec<Vec<u8>>,
}

thread_local! {
    static THREAD_BUFFERS: Cell<Option<Box<ThreadBuffers>>> = const { Cell::new(None) };
}

impl ThreadBuffers {
    /// Calls `work` with this thread's buffers.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut buffers = THREAD_BUFFERS.take().unwrap_or_else(|| Box::new(Self::new()));
        let result = work(&mut buffers);
        THREAD_BUFFERS.set(Some(buffers));
        result
    }

    /// Continues with an output that a connection kept.
    pub(super) fn resume(&mut self, kept: Output) {
        let empty = mem::replace(&mut self.output, kept);
        self.recycle(empty.into_buffer());
    }

    /// What is left of the output, for its connection to keep: in the same buffer, unless that is much too large.
    pub(super) fn keep(&mut self) -> Output {
        let next = Output::with_buffer(self.spare.pop().unwrap_or_default());
        let mut kept = mem::replace(&mut self.output, next);
        if kept.is_roomy() {
            self.recycle(kept.shrink());
        }
        kept
    }

    /// What has been assembled of a message, for its connection to keep.
    pub(super) fn keep_assembly(&mut self) -> Assembly {
        // A small part is copied, so that the thread keeps its buffer for the next message.
        if self.assembly.answer().len() < self.assembly.size() / 4 {
            return self.assembly.shrink();
        }
        mem::take(&mut self.assembly)
    }

    /// Frees empty buffers that are of no use to most connections.
    pub(super) fn settle(&mut self) {
        let is_small = self.output.room() < FULL && !self.spare.is_empty();
        if is_small || self.output.room() > LARGEST {
            self.output = Output::with_buffer(self.spare.pop().unwrap_or_default());
        }
    }

    /// The same for those of compressed messages.
    pub(super) fn settle_assembly(&mut self) {
        if self.assembly.size() > LARGEST {
            self.assembly = Assembly::default();
        }
        if self.compressed.capacity() > LARGEST {
            self.compressed = Vec::new();
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
            assembly: Assembly::default(),
            compressed: Vec::new(),
            spare: Vec::new(),
        }
    }
}
