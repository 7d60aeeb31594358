//! The memory that the connections of one thread use in turn: a connection owns none of it between two calls, except for
//! what is incomplete.

use std::{cell::Cell, mem};

use super::{
    assembly::Assembly,
    buffer::Buffer,
    output::{FULL, Output},
};

/// How much is read at a time, in bytes; together with the answers to it, it stays in the processor's second cache.
pub(super) const READ_SIZE: usize = 64 << 10;
/// How much more is read of a message that has begun, in bytes.
pub(super) const EXTRA_READ: usize = 192 << 10;
/// How many buffers a thread keeps, and how large they may be together, in bytes: nobody is charged for them.
const SPARE: usize = 16;
const SPARE_BYTES: usize = 4 << 20;
/// How large the largest buffer is that a thread keeps, in bytes.
const LARGEST: usize = 2 << 20;

/// A thread's buffers.
#[derive(Debug)]
pub(super) struct ThreadBuffers {
    /// For what a socket gives.
    pub(super) input: Box<[u8]>,
    /// For the answers to it, and for a message that comes in parts.
    pub(super) output: Output,
    pub(super) assembly: Assembly,
    /// For what an answer is compressed to.
    pub(super) compressed: Vec<u8>,
    /// Those that connections with much to answer have brought.
    spare: Vec<Buffer>,
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

    /// Continues with what a connection kept.
    pub(super) fn resume(&mut self, output: &mut Output, assembly: &mut Assembly) {
        if output.buffer.size() > 0 {
            let Output { buffer, .. } = mem::replace(&mut self.output, mem::take(output));
            self.recycle(buffer);
        }
        if assembly.buffer.size() > 0 {
            let Assembly { buffer, .. } = mem::replace(&mut self.assembly, mem::take(assembly));
            self.recycle(buffer);
        }
    }

    pub(super) fn are_empty(&self) -> bool {
        self.output.is_empty() && self.assembly.buffer.is_empty()
    }

    /// What is incomplete, for its connection to keep: in the same buffers, unless they are much too large.
    pub(super) fn keep(&mut self) -> (Output, Assembly) {
        let mut kept = (mem::take(&mut self.output), mem::take(&mut self.assembly));
        for buffer in [&mut kept.0.buffer, &mut kept.1.buffer] {
            if buffer.is_roomy() {
                let large = mem::replace(buffer, buffer.fitting());
                self.recycle(large);
            }
        }
        kept
    }

    /// Frees empty buffers that are of no use to most connections.
    #[inline(always)]
    pub(super) fn settle(&mut self) {
        for buffer in [&mut self.output.buffer, &mut self.assembly.buffer] {
            let is_small = !self.spare.is_empty() && buffer.size() < FULL;
            if is_small || buffer.size() > LARGEST {
                *buffer = self.spare.pop().unwrap_or_default();
            }
        }
        if self.compressed.capacity() > LARGEST {
            self.compressed = Vec::new();
        }
    }

    fn recycle(&mut self, mut buffer: Buffer) {
        let spare: usize = self.spare.iter().map(Buffer::size).sum();
        let has_room = self.spare.len() < SPARE && spare + buffer.size() <= SPARE_BYTES;
        if buffer.size() >= FULL && buffer.size() <= LARGEST && has_room {
            buffer.truncate(0);
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
