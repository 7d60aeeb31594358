//! What a session takes of the server's memory, and the time that its messages have to arrive.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep, sleep_until};

use crate::{
    budget::{Charge, Overdrawn, RETRY, SESSION},
    message_timeout::MessageTimeout,
    protocol::{Held, Protocol},
};

/// How long a message that is late is still waited for: until the runtime has looked at its sockets.
const GRACE: Duration = Duration::from_millis(1);

/// One session's memory and time. The default has no limits.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    charge: Charge,
    message_time: Duration,
    message: MessageTimeout,
    /// What is held below tungstenite.
    held: Held,
    /// Bytes that tungstenite has of a message that is being passed to it, and the most it ever had: its buffers only grow.
    passing: Most,
    /// The same of answers that the socket has not taken.
    output: Most,
    /// Bytes of answers that wait for their time.
    waiting: usize,
    /// Ends a pause.
    pause: Option<Pin<Box<Sleep>>>,
    /// Ends the time of a message, and the end that it was set for.
    deadline: Option<(Instant, Pin<Box<Sleep>>)>,
}

#[derive(Debug, Default)]
struct Most {
    now: usize,
    most: usize,
}

impl Most {
    fn set(&mut self, now: usize) {
        self.now = now;
        self.most = self.most.max(now);
    }
}

impl Meter {
    /// A meter for a connection of which `charge` is counted; a message has `message_time` to arrive.
    pub(crate) fn new(charge: Charge, message_time: Duration) -> Self {
        Self { charge, message_time, ..Self::default() }
    }

    /// Whether memory is to be saved.
    pub(super) fn is_near(&self) -> bool {
        self.charge.is_near()
    }

    /// Notes that tungstenite has small buffers again.
    pub(super) fn renew(&mut self) {
        self.passing.most = 0;
        self.output.most = 0;
        // Less than before, or than what HTTP took: there is room for that.
        let _ = self.count();
    }

    /// Notes that so many bytes went to tungstenite.
    ///
    /// # Errors
    /// There is no memory for what is held.
    pub(super) fn passed(&mut self, count: usize, protocol: &Protocol) -> Result<(), Overdrawn> {
        self.passing.set(self.passing.now + count);
        if !protocol.is_blocked() {
            self.passing.now = 0;
        }
        self.held = protocol.held();
        self.count()
    }

    /// Notes that so many bytes wait for the socket, which may be for long: nothing is read meanwhile.
    pub(super) fn buffered(&mut self, count: usize) {
        self.output.set(count);
        // Who reads or sends next is refused if that was too much.
        let _ = self.charge.note(self.held());
    }

    /// Notes that so many bytes of answers wait for their time.
    ///
    /// # Errors
    /// There is no memory for that.
    pub(super) fn waits(&mut self, waiting: usize) -> Result<(), Overdrawn> {
        self.waiting = waiting;
        self.count()
    }

    fn count(&mut self) -> Result<(), Overdrawn> {
        self.charge.set(self.held())
    }

    /// Bytes of memory.
    fn held(&self) -> u64 {
        // A message that waits lies in the memory in which it was passed.
        let messages = self.passing.most.max(self.passing.now + self.waiting);
        let held = self.held.pending + self.held.codecs + messages + self.output.most;
        SESSION + held as u64
    }

    /// Gives a message its time again: it was not read from.
    pub(crate) fn forgive(&mut self) {
        self.message = MessageTimeout::default();
    }

    /// Waits while memory is short and others hold less, unless the peer is gone.
    ///
    /// # Errors
    /// The time of the message that is arriving is over.
    pub(super) fn poll_may_read(
        &mut self,
        cx: &mut Context<'_>,
        protocol: &Protocol,
        has_hung_up: impl Fn() -> bool,
    ) -> Result<Poll<()>, Overdrawn> {
        loop {
            let pending = (self.held.pending + self.waiting + self.output.now) as u64;
            if pending == 0 || self.charge.may_read(pending) || has_hung_up() {
                self.pause = None;
                return Ok(Poll::Ready(()));
            }
            if self.message_deadline(protocol).is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(Overdrawn::Server);
            }
            let pause = self.pause.get_or_insert_with(|| Box::pin(sleep(RETRY)));
            if pause.as_mut().poll(cx).is_pending() {
                return Ok(Poll::Pending);
            }
            self.pause = None;
        }
    }

    /// Waits for the end of the time that the message has which is arriving, if there is one.
    pub(super) fn poll_message(&mut self, cx: &mut Context<'_>, protocol: &Protocol) -> Poll<()> {
        let Some(at) = self.message_deadline(protocol) else {
            self.deadline = None;
            return Poll::Pending;
        };
        let (of, deadline) = self.deadline.get_or_insert_with(|| (at, Box::pin(sleep_until(at))));
        if *of != at {
            *of = at;
            deadline.as_mut().reset(at);
        }
        ready!(deadline.as_mut().poll(cx));
        if deadline.deadline() > at {
            return Poll::Ready(());
        }
        // A process that was suspended looks at its timers before its sockets: the signal that continues it interrupts its
        // poll. What has come by then counts, and the next poll tells.
        deadline.as_mut().reset(Instant::now() + GRACE);
        deadline.as_mut().poll(cx)
    }

    fn message_deadline(&mut self, protocol: &Protocol) -> Option<Instant> {
        let (unfinished, received) = (protocol.unfinished(), protocol.received().bytes);
        let now = || Instant::now().into_std();
        self.message.deadline(unfinished, received, self.message_time, now).map(Instant::from_std)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::budget::Budget;

    #[test]
    fn answers_that_the_peer_does_not_read_are_counted_at_once_and_freed_with_the_buffers() {
        let budget = Arc::new(Budget::new(1 << 20));
        let mut meter = Meter::new(Charge::new(&budget, None), Duration::ZERO);
        meter.buffered(100_000);
        assert_eq!(budget.taken(), SESSION + 100_000);
        meter.buffered(0);
        assert_eq!(budget.taken(), SESSION + 100_000, "tungstenite's buffer only grows");
        meter.buffered(2 << 20);
        assert!(!budget.is_exhausted(), "nobody has asked for more");
        meter.renew();
        assert_eq!(budget.taken(), SESSION);
    }
}
