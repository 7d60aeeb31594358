//! The values of settings that are not allowed to be everything that their type can be.

use std::{num::NonZeroUsize, ops::RangeInclusive};

use wire::{ByteSize, SHORTEST_PING, TimeSpan, ValueError};

use crate::protocol::deflate::WindowBits;

/// The longest time that can be set: timers count in milliseconds, which years would overflow.
const LONGEST: TimeSpan = TimeSpan::days(365);
/// The largest size that can be set, so that sums of a few of them do not overflow.
const LARGEST: ByteSize = ByteSize::gib(64);
/// The bounds of the memory for all connections: with less, a few messages of the usual size would use it up.
const MEMORY: RangeInclusive<ByteSize> = ByteSize::mib(16)..=ByteSize::gib(1024);

fn number(text: &str, range: RangeInclusive<usize>) -> Result<NonZeroUsize, String> {
    let number = text.trim().parse::<usize>().ok().filter(|number| range.contains(number)).and_then(NonZeroUsize::new);
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

/// What the server counts in 32 bits, or takes a permit for.
pub(super) fn count(text: &str) -> Result<NonZeroUsize, String> {
    number(text, 1..=1_000_000_000)
}

pub(super) fn workers(text: &str) -> Result<NonZeroUsize, String> {
    number(text, 1..=1024)
}

/// Room for all of them is taken for each request, or, of streams, for each connection.
pub(super) fn headers(text: &str) -> Result<NonZeroUsize, String> {
    number(text, 1..=10_000)
}

/// A percent sign may follow.
pub(super) fn percent(text: &str) -> Result<NonZeroUsize, String> {
    let text = text.trim();
    number(text.strip_suffix('%').unwrap_or(text), 1..=100).map_err(|_| "must be from 1% to 100%".to_owned())
}

pub(super) fn window(text: &str) -> Result<WindowBits, String> {
    let range =
        || format!("must be a whole number from {} to {}", u8::from(WindowBits::MIN), u8::from(WindowBits::MAX));
    text.trim().parse().map_err(|_| range())
}

pub(super) fn time(text: &str) -> Result<TimeSpan, ValueError> {
    TimeSpan::within(text, TimeSpan::ZERO..=LONGEST)
}

pub(super) fn positive(text: &str) -> Result<TimeSpan, ValueError> {
    TimeSpan::within(text, TimeSpan::ms(1)..=LONGEST)
}

pub(super) fn ping_interval(text: &str) -> Result<TimeSpan, String> {
    let interval = time(text).map_err(|error| error.to_string())?;
    if interval.is_zero() || interval >= SHORTEST_PING {
        return Ok(interval);
    }
    Err(format!("must be {SHORTEST_PING} or more, or 0s for no pings"))
}

pub(super) fn size(text: &str) -> Result<ByteSize, ValueError> {
    ByteSize::within(text, ByteSize::b(0)..=LARGEST)
}

pub(super) fn memory(text: &str) -> Result<ByteSize, ValueError> {
    ByteSize::within(text, MEMORY)
}

pub(crate) fn message_size(text: &str) -> Result<ByteSize, ValueError> {
    ByteSize::within(text, ByteSize::b(1)..=LARGEST)
}

/// At least as much as the fast path gathers for one write, and room for the pongs of one batch beside the largest message.
pub(super) fn write_buffer(text: &str) -> Result<ByteSize, ValueError> {
    ByteSize::within(text, ByteSize::kib(64)..=LARGEST)
}

pub(super) fn head_size(text: &str) -> Result<ByteSize, ValueError> {
    ByteSize::within(text, ByteSize::kib(8)..=ByteSize::mib(1))
}
