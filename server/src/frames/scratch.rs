//! The memory that the connections of one thread use in turn: what a connection needs only while it is looked at is not
//! its own. Never lent across an await.

use std::cell::Cell;

use super::output::Output;

/// How much is read at once, in bytes; it stays in the processor's second cache together with the answers to it.
pub(super) const INPUT: usize = 64 << 10;
/// How much more of a message that has begun, which becomes part of its answer at once.
pub(super) const MORE_INPUT: usize = 192 << 10;
/// How many buffers a thread keeps for outputs, and how large the largest of them is, in bytes.
const SPARE: usize = 16;
const LARGEST: usize = 2 << 20;

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

    /// Gives the output room, as long as it needs none of its own.
    pub(super) fn lend(&mut self, output: &mut Output) {
        output.lend(|| self.spare.pop());
    }

    /// Takes the room back that the output does not need.
    pub(super) fn take_back(&mut self, output: &mut Output) {
        if let Some(buffer) = output.fit()
            && buffer.len() <= LARGEST
            && self.spare.len() < SPARE
        {
            self.spare.push(buffer);
        }
    }

    fn new() -> Self {
        Self { input: vec![0; INPUT + MORE_INPUT].into(), spare: Vec::new() }
    }
}
