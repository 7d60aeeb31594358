//! What the view and the engine in its worker say to each other, in postcard's encoding.

use serde::{Deserialize, Serialize};
use worker::protocol as posts;

use crate::compare::{self, Comparison};
use crate::plan::Plan;
use crate::run::Summary;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Begin a run, in place of the one before. Answered with [`Event::Progress`] until it is done.
    Start(Plan),
    /// Compare HTTP and WebSocket. Answered with [`Event::Compared`] until it is done. It is cancelled with the worker.
    Compare(compare::Plan),
    /// End the run now.
    Cancel,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Comes first.
    Clock(Clock),
    /// Ten times a second, and when the run is done.
    Progress(Box<Summary>),
    /// After each way.
    Compared(Box<Comparison>),
}

/// The worker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// The smallest step that was seen, in nanoseconds; 0 if it did not move.
    pub resolution: u64,
    /// Whether the page is isolated from other origins, which makes the clock finer.
    pub isolated: bool,
}

pub fn encode(value: &impl Serialize) -> Vec<u8> {
    let mut post = Vec::new();
    posts::encode(value, &mut post);
    post
}

/// # Errors
/// [`posts::DecodeError`], also where there is no value.
pub fn decode<'a, T: Deserialize<'a>>(post: &'a [u8]) -> Result<T, posts::DecodeError> {
    posts::decode(post).next().unwrap_or(Err(posts::DecodeError))
}
