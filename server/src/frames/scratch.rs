//! The memory that the connections of one thread use in turn: what a connection needs only while it is looked at is not
//! its own. Never lent across an await.

use std::{cell::Cell, mem};

use super::output::Output;

/// How much is read at once, in bytes; it stays in the processor's second cache together with the answers to it.
const INPUT: usize = 64 << 10;
/// How large all buffers are that a thread keeps for outputs, in bytes.
const SPARE: usize = 8 << 20;

/// A thread's buffers.
#[derive(Debug)]
pub(super) struct Scratch {
    /// For what a socket gives.
    pub(super) input: Box<[u8]>,
    /// For the answers.
    spare: Vec<Vec<u8>>,
}

thread_local! {
    static SCRATCH: Cell<Option<Box<Scratch>>> = const { Cell::new(None) };
}

impl Scratch {
    /// Does something with this thread's buffers.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut scratch = SCRATCH.take().unwrap_or_else(|| Box::new(Self::new()));
        let result = work(&mut scratch);
        SCRATCH.set(Some(scratch));
        result
    }

    /// An output with room for one read's answers, as long as this one has none of its own.
    pub(super) fn lend(&mut self, output: &mut Output) {
        if output.is_empty() {
            *output = Output::with_buffer(self.spare.pop().unwrap_or_default());
        }
    }

    /// Takes the room back that the output does not need.
    pub(super) fn take_back(&mut self, output: &mut Output) {
        let (fitting, buffer) = mem::take(output).fit();
        *output = fitting;
        if let Some(buffer) = buffer
            && self.spare.iter().map(Vec::len).sum::<usize>() + buffer.len() <= SPARE
        {
            self.spare.push(buffer);
        }
    }

    fn new() -> Self {
        Self { input: vec![0; INPUT].into(), spare: Vec::new() }
    }
}
