//! The memory that the connections of one thread use in turn: what a connection needs only while it is looked at is not
//! its own. Never lent across an await.

use std::{cell::Cell, mem};

use super::output::{FULL, Output};

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
    /// For the answers to it.
    pub(super) output: Output,
    /// Buffers of outputs, for those who will have much to answer.
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

    /// Goes on with what a connection has [kept](Self::keep).
    pub(super) fn resume(&mut self, mut kept: Output) {
        let empty = mem::take(&mut self.output).into_buffer();
        let spare = if kept.room() < FULL { kept.move_to(empty) } else { empty };
        self.output = kept;
        self.put_by(spare);
    }

    /// What is left of the answers, for its connection to keep: in the same buffer, unless that is much too large.
    pub(super) fn keep(&mut self) -> Output {
        let next = self.spare.pop().unwrap_or_default();
        let mut kept = mem::replace(&mut self.output, Output::with_buffer(next));
        if kept.is_roomy() {
            let roomy = kept.move_to(Vec::new());
            self.put_by(roomy);
        }
        kept
    }

    /// Does not keep a buffer for the next connection that is larger than most will ever need.
    pub(super) fn settle(&mut self) {
        if self.output.room() > LARGEST {
            self.output = Output::default();
        }
    }

    fn put_by(&mut self, buffer: Vec<u8>) {
        if buffer.len() >= FULL && buffer.len() <= LARGEST && self.spare.len() < SPARE {
            self.spare.push(buffer);
        }
    }

    fn new() -> Self {
        Self { input: vec![0; INPUT + MORE_INPUT].into(), output: Output::default(), spare: Vec::new() }
    }
}
