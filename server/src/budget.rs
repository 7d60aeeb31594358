//! Memory that the server holds because of its peers, in all and for each client address: connections' own, messages that
//! are incomplete, answers that wait, compressors.
//!
//! Memory is counted after it was taken, where it outlives a turn. So the count runs ahead of no one, and may go beyond the
//! limit by what one turn of each worker takes.

mod machine;

use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{MissedTickBehavior, interval};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use wire::ByteSize;

pub(crate) use machine::default_limit;

/// How much of a limit may be taken before the server saves memory, in percent.
const NEAR: u64 = 80;
/// How much may still be taken for new connections to be let in again, in percent.
const RECOVERED: u64 = 90;
/// Near the limit one connection may hold this fraction of what is left, and is not read from while it holds more. So those
/// that hold most stop first, and what is left is never used up by those that are there already.
const SHARE_OF_REST: u64 = 64;
/// How often a connection that is not read from looks whether it may be.
pub(crate) const RETRY: Duration = Duration::from_millis(100);
/// What a connection takes beside what it holds for its peer, in bytes.
pub(crate) const CONNECTION: u64 = 1 << 10;
/// What a session takes beside what it holds of messages, in bytes: its task, and tungstenite's smallest buffers.
pub(crate) const SESSION: u64 = CONNECTION + (16 << 10);
/// How many seconds there must be room before the log says so: one line, however often the limit is reached meanwhile.
const CALM: u32 = 5;

/// A limit on memory, and what is taken of it, in bytes.
#[derive(Debug)]
pub(crate) struct Pool {
    limit: u64,
    taken: AtomicU64,
}

impl Pool {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, taken: AtomicU64::new(0) }
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Relaxed)
    }

    fn is_beyond(&self, percent: u64) -> bool {
        u128::from(self.taken()) * 100 >= u128::from(self.limit) * u128::from(percent)
    }

    /// Whether a connection that holds so much of incomplete messages and waiting answers may be read from.
    fn may_read(&self, pending: u64) -> bool {
        !self.is_beyond(NEAR) || pending <= self.limit.saturating_sub(self.taken()) / SHARE_OF_REST
    }

    /// Takes more; returns whether that was within the limit.
    fn take(&self, more: u64) -> bool {
        self.taken.fetch_add(more, Relaxed) + more <= self.limit
    }

    fn give_back(&self, less: u64) {
        self.taken.fetch_sub(less, Relaxed);
    }
}

/// The memory of one server.
#[derive(Debug)]
pub(crate) struct Budget {
    all: Pool,
    /// Whether the limit was reached, and there is not much room again.
    is_exhausted: AtomicBool,
    /// Whether the limit was reached since the last line of the log about it.
    was_exhausted: AtomicBool,
    /// Connections that were closed, and handshakes that were refused, since the last line of the log about it.
    closed: AtomicU64,
    refused: AtomicU64,
}

/// There is no memory for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Overdrawn {
    #[error("the server is short of memory, try again later")]
    Server,
    #[error("your address holds its share of the server's memory, try again later")]
    Address,
}

impl From<Overdrawn> for CloseFrame {
    /// Close code 1013, "try again later" of the [registry](https://www.iana.org/assignments/websocket/websocket.xhtml).
    fn from(overdrawn: Overdrawn) -> Self {
        Self { code: CloseCode::Again, reason: overdrawn.to_string().into() }
    }
}

impl Budget {
    /// A budget of so many bytes.
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            all: Pool::new(limit),
            is_exhausted: AtomicBool::default(),
            was_exhausted: AtomicBool::default(),
            closed: AtomicU64::default(),
            refused: AtomicU64::default(),
        }
    }

    /// How much is taken, in bytes.
    pub(crate) fn taken(&self) -> u64 {
        self.all.taken()
    }

    /// Whether memory is to be saved.
    pub(crate) fn is_near(&self) -> bool {
        self.all.is_beyond(NEAR)
    }

    /// Whether there is no room for another connection.
    pub(crate) fn is_exhausted(&self) -> bool {
        if self.is_exhausted.load(Relaxed) && !self.all.is_beyond(RECOVERED) {
            self.is_exhausted.store(false, Relaxed);
        }
        self.is_exhausted.load(Relaxed)
    }

    /// Counts a handshake that was refused.
    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    fn exhaust(&self) {
        self.is_exhausted.store(true, Relaxed);
        self.was_exhausted.store(true, Relaxed);
    }

    /// Tells the log when the limit is reached and when there is room again, for as long as it is polled.
    pub(crate) async fn run(&self) {
        let mut seconds = interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let limit = ByteSize::b(self.all.limit);
        // Seconds since the limit was last reached, if the log has a line about that.
        let mut calm = None;
        loop {
            seconds.tick().await;
            let was_reached = self.was_exhausted.swap(false, Relaxed) || self.is_exhausted();
            calm = match calm {
                None if was_reached => {
                    tracing::warn!(
                        limit = limit.as_u64(),
                        "the memory for connections is used up, {limit}: new ones get 503, who asks for more gets 1013"
                    );
                    Some(0)
                }
                Some(_) if was_reached => Some(0),
                Some(CALM) => {
                    let (closed, refused) = (self.closed.swap(0, Relaxed), self.refused.swap(0, Relaxed));
                    tracing::warn!(
                        closed,
                        refused,
                        "there is memory for connections again; closed meanwhile: {closed}, refused: {refused}"
                    );
                    None
                }
                Some(seconds) => Some(seconds + 1),
                None => None,
            };
        }
    }
}

/// What one connection has taken; it gives that back when it is dropped. The default is never refused anything.
#[derive(Debug, Default)]
pub(crate) struct Charge {
    budget: Option<Arc<Budget>>,
    /// The memory of the client's address, if that is limited.
    address: Option<Arc<Pool>>,
    taken: u64,
}

impl Charge {
    pub(crate) fn new(budget: &Arc<Budget>, address: Option<Arc<Pool>>) -> Self {
        Self { budget: Some(Arc::clone(budget)), address, taken: 0 }
    }

    /// The charge of a new connection, which takes `first` bytes.
    ///
    /// # Errors
    /// There is no memory for it, or was none a moment ago.
    pub(crate) fn for_newcomer(
        budget: &Arc<Budget>,
        address: Option<Arc<Pool>>,
        first: u64,
    ) -> Result<Self, Overdrawn> {
        if budget.is_exhausted() {
            return Err(Overdrawn::Server);
        }
        let mut charge = Self::new(budget, address);
        charge.set(first)?;
        Ok(charge)
    }

    /// Counts what it has taken, and what it will take, for an address as well.
    ///
    /// # Errors
    /// That one has no memory for it. It is counted all the same.
    pub(crate) fn count_for(&mut self, address: Option<Arc<Pool>>) -> Result<(), Overdrawn> {
        let is_within = address.as_ref().is_none_or(|address| address.take(self.taken));
        if let Some(before) = mem::replace(&mut self.address, address) {
            before.give_back(self.taken);
        }
        if is_within { Ok(()) } else { Err(Overdrawn::Address) }
    }

    /// Notes what the connection holds now, in bytes.
    ///
    /// # Errors
    /// It holds more than before, and there is no memory for that. It is counted all the same.
    pub(crate) fn set(&mut self, held: u64) -> Result<(), Overdrawn> {
        let noted = self.note(held);
        if noted == Err(Overdrawn::Server)
            && let Some(budget) = &self.budget
        {
            budget.exhaust();
            budget.closed.fetch_add(1, Relaxed);
        }
        noted
    }

    /// The same of memory that is taken already and is not asked for, such as an answer that its peer does not read.
    ///
    /// # Errors
    /// That is more than there is; nothing follows from it for this connection.
    pub(crate) fn note(&mut self, held: u64) -> Result<(), Overdrawn> {
        let before = mem::replace(&mut self.taken, held);
        if held <= before {
            self.give_back(before - held);
            return Ok(());
        }
        let Some(budget) = &self.budget else { return Ok(()) };
        let more = held - before;
        let is_within_address = self.address.as_ref().is_none_or(|address| address.take(more));
        if !budget.all.take(more) {
            return Err(Overdrawn::Server);
        }
        if is_within_address { Ok(()) } else { Err(Overdrawn::Address) }
    }

    /// Whether the connection may be read from while it holds so many bytes of incomplete messages and waiting answers.
    pub(crate) fn may_read(&self, pending: u64) -> bool {
        self.budget.as_ref().is_none_or(|budget| budget.all.may_read(pending))
            && self.address.as_ref().is_none_or(|address| address.may_read(pending))
    }

    /// Whether memory is to be saved.
    pub(crate) fn is_near(&self) -> bool {
        self.budget.as_ref().is_some_and(|budget| budget.is_near())
            || self.address.as_ref().is_some_and(|address| address.is_beyond(NEAR))
    }

    fn give_back(&self, less: u64) {
        if let Some(budget) = &self.budget {
            budget.all.give_back(less);
        }
        if let Some(address) = &self.address {
            address.give_back(less);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.give_back(self.taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget() -> Arc<Budget> {
        Arc::new(Budget::new(1000))
    }

    #[test]
    fn what_is_taken_is_given_back_when_it_is_less_and_when_its_owner_is_gone() {
        let budget = budget();
        let mut charge = Charge::new(&budget, None);
        assert_eq!((charge.set(300), budget.taken()), (Ok(()), 300));
        assert_eq!((charge.set(100), budget.taken()), (Ok(()), 100));
        let mut other = Charge::new(&budget, None);
        assert_eq!((other.set(50), budget.taken()), (Ok(()), 150));
        drop(charge);
        assert_eq!(budget.taken(), 50);
    }

    #[test]
    fn more_than_the_limit_is_refused_and_counted_and_there_is_room_when_a_tenth_is_free() {
        let budget = budget();
        let (mut one, mut two) = (Charge::new(&budget, None), Charge::new(&budget, None));
        assert_eq!(one.set(1000), Ok(()));
        assert!(!budget.is_exhausted(), "nobody was refused");
        assert_eq!((two.set(1), budget.taken()), (Err(Overdrawn::Server), 1001));
        assert!(budget.is_exhausted());
        drop(two);
        assert_eq!(one.set(900), Ok(()), "less is never refused");
        assert!(budget.is_exhausted());
        assert_eq!(one.set(899), Ok(()));
        assert!(!budget.is_exhausted());
    }

    #[test]
    fn near_the_limit_those_that_hold_most_stop_reading_first() {
        let budget = Arc::new(Budget::new(64_000));
        let mut charge = Charge::new(&budget, None);
        assert_eq!(charge.set(51_199), Ok(()));
        assert!(charge.may_read(u64::MAX) && !charge.is_near());
        assert_eq!(charge.set(51_200), Ok(()));
        assert!(charge.is_near() && charge.may_read(200) && !charge.may_read(201));
        assert_eq!(charge.set(60_800), Ok(()));
        assert!(charge.may_read(50) && !charge.may_read(51));
        assert_eq!(charge.set(64_000), Ok(()));
        assert!(charge.may_read(0) && !charge.may_read(1));
    }

    #[test]
    fn an_address_has_its_own_limit_and_the_servers() {
        let budget = budget();
        let address = Arc::new(Pool::new(500));
        let (mut one, mut two) =
            (Charge::new(&budget, Some(Arc::clone(&address))), Charge::new(&budget, Some(Arc::clone(&address))));
        assert_eq!(one.set(300), Ok(()));
        assert_eq!(two.set(201), Err(Overdrawn::Address));
        assert!(!two.may_read(1) && !budget.is_near() && two.is_near());
        drop((one, two));
        assert_eq!((address.taken(), budget.taken()), (0, 0));
    }

    #[test]
    fn without_a_budget_nothing_is_refused() {
        let mut charge = Charge::default();
        assert_eq!(charge.set(u64::MAX), Ok(()));
        assert!(charge.may_read(u64::MAX) && !charge.is_near());
    }

    #[test]
    fn a_reason_fits_its_close_frame() {
        assert!([Overdrawn::Server, Overdrawn::Address].iter().all(|overdrawn| overdrawn.to_string().len() <= 123));
    }
}
