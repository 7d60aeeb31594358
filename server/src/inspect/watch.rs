//! The ids under which connections are watched. Each keeps its last events once for all who watch it; a watcher that falls
//! behind misses the oldest, and is told how many. Nobody waits for a watcher.

use std::{
    collections::{HashMap, VecDeque},
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval},
};
use tokio_tungstenite::tungstenite::Message;
use wire::{
    InspectId,
    event::{Event, Happened},
};

use crate::{
    budget::{Budget, Charge},
    peer::Source,
};

/// The most ids at once, and the most of them from one client address.
const MOST_IDS: usize = 1024;
const MOST_IDS_PER_ADDRESS: usize = 128;
/// How long an id is kept without a connection.
const LIFETIME: Duration = Duration::from_secs(60);
/// How often ids are looked at that have no connection.
const SWEEP: Duration = Duration::from_secs(1);
/// The most bytes that the events of one id take, and what they take where memory is short.
const MOST_PER_ID: usize = 1 << 20;
const LEAST_PER_ID: usize = 16 << 10;
/// The part of the server's memory that all of them may take.
const SHARE: u64 = 8;
/// What an id takes beside its events, and an event beside its text, in bytes.
const ID: usize = 1 << 10;
const EVENT: usize = 64;
/// How many events a watcher takes at once.
const BATCH: usize = 64;

/// All ids that have, or had a minute ago, a connection or a watcher.
#[derive(Debug)]
pub(super) struct Inspections {
    budget: Arc<Budget>,
    /// Bytes for the events of all ids.
    limit: usize,
    /// Bytes for the events of each.
    share: AtomicUsize,
    ids: Mutex<HashMap<InspectId, Arc<Inspection>>>,
}

#[derive(Debug)]
struct Inspection {
    /// The client address that was the first to name it.
    source: Source,
    kept: Mutex<Kept>,
    changed: Notify,
}

/// Events are counted from 0.
#[derive(Debug)]
struct Kept {
    events: VecDeque<Message>,
    /// The number of the first of them.
    first: u64,
    bytes: usize,
    charge: Charge,
    connections: usize,
    /// When there was a connection last.
    used: Instant,
    /// Nothing more comes.
    is_over: bool,
}

/// There is no room for another id.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Full {
    #[error("there are {MOST_IDS} ids for inspection already, try again in a minute")]
    Ids,
    #[error("your address has {MOST_IDS_PER_ADDRESS} ids for inspection already, try again in a minute")]
    IdsOfAddress,
}

/// There was no connection for a minute.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Over;

impl Inspections {
    /// `limit` is that of the budget, in bytes.
    pub(super) fn new(budget: &Arc<Budget>, limit: u64) -> Self {
        let limit = usize::try_from(limit / SHARE).unwrap_or(usize::MAX);
        let share = AtomicUsize::new(limit.min(MOST_PER_ID));
        Self { budget: Arc::clone(budget), limit, share, ids: Mutex::default() }
    }

    /// A connection of `peer` that has this id.
    pub(super) fn inspect(self: &Arc<Self>, id: &InspectId, peer: impl Into<Source>) -> Result<Inspected, Full> {
        let inspection = self.find_or_add(id, peer, |kept| kept.connections += 1)?;
        Ok(Inspected { inspections: Arc::clone(self), inspection })
    }

    pub(super) fn watch(&self, id: &InspectId, peer: impl Into<Source>) -> Result<Watcher, Full> {
        let inspection = self.find_or_add(id, peer, |_| {})?;
        Ok(Watcher { inspection, next: 0 })
    }

    /// Changes an id under the lock of all, so that it is not forgotten meanwhile.
    fn find_or_add(
        &self,
        id: &InspectId,
        peer: impl Into<Source>,
        change: impl FnOnce(&mut Kept),
    ) -> Result<Arc<Inspection>, Full> {
        let mut ids = self.ids();
        if let Some(inspection) = ids.get(id) {
            change(&mut inspection.kept());
            return Ok(Arc::clone(inspection));
        }
        if ids.len() >= MOST_IDS {
            return Err(Full::Ids);
        }
        let source = peer.into();
        if ids.values().filter(|inspection| inspection.source == source).count() >= MOST_IDS_PER_ADDRESS {
            return Err(Full::IdsOfAddress);
        }
        let mut kept = Kept {
            events: VecDeque::new(),
            first: 0,
            bytes: 0,
            charge: Charge::new(&self.budget, None),
            connections: 0,
            used: Instant::now(),
            is_over: false,
        };
        change(&mut kept);
        kept.trim(0);
        let inspection = Arc::new(Inspection { source, kept: Mutex::new(kept), changed: Notify::new() });
        ids.insert(id.clone(), Arc::clone(&inspection));
        self.share_out(&ids);
        Ok(inspection)
    }

    /// Gives each id the same room. Those that have more than that lose their oldest events.
    fn share_out(&self, ids: &HashMap<InspectId, Arc<Inspection>>) {
        let share = (self.limit / ids.len().max(1)).min(MOST_PER_ID);
        let before = self.share.swap(share, Ordering::Relaxed);
        if share < before {
            ids.values().for_each(|inspection| inspection.kept().trim(share));
        }
    }

    pub(super) async fn run(&self) {
        let mut sweeps = interval(SWEEP);
        sweeps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            sweeps.tick().await;
            self.forget(Instant::now());
        }
    }

    /// Forgets ids that have had no connection for long; their watchers learn that.
    fn forget(&self, now: Instant) {
        let mut ids = self.ids();
        ids.retain(|_, inspection| {
            let mut kept = inspection.kept();
            kept.is_over = kept.connections == 0 && now.saturating_duration_since(kept.used) >= LIFETIME;
            if kept.is_over {
                inspection.changed.notify_waiters();
            }
            !kept.is_over
        });
        self.share_out(&ids);
    }

    fn ids(&self) -> MutexGuard<'_, HashMap<InspectId, Arc<Inspection>>> {
        // Nothing panics while it holds the lock.
        self.ids.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inspection {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn push(&mut self, event: &Event, share: usize) {
        let text = Message::text(event.to_string());
        self.bytes += EVENT + text.len();
        self.events.push_back(text);
        self.trim(if self.charge.is_near() { LEAST_PER_ID.min(share) } else { share });
    }

    /// Drops the oldest events until the others take at most so many bytes, and counts those.
    fn trim(&mut self, most: usize) {
        while self.bytes > most
            && let Some(oldest) = self.events.pop_front()
        {
            self.bytes -= EVENT + oldest.len();
            self.first += 1;
        }
        // Near the limit they are few, so this does not take what others need.
        let _ = self.charge.set((ID + self.bytes) as u64);
    }
}

/// A connection that is watched; it counts until it is dropped.
#[derive(Debug)]
pub(super) struct Inspected {
    inspections: Arc<Inspections>,
    inspection: Arc<Inspection>,
}

impl Inspected {
    pub(super) fn tell(&self, event: &Event) {
        self.inspection.kept().push(event, self.inspections.share.load(Ordering::Relaxed));
        self.inspection.changed.notify_waiters();
    }
}

impl Drop for Inspected {
    fn drop(&mut self) {
        let mut kept = self.inspection.kept();
        kept.connections -= 1;
        kept.used = Instant::now();
    }
}

/// Somebody who watches an id, from the oldest event that is kept.
#[derive(Debug)]
pub(crate) struct Watcher {
    inspection: Arc<Inspection>,
    /// The number of the next event.
    next: u64,
}

impl Watcher {
    /// The next events, if there are any; before them, how many are missing.
    pub(crate) fn try_recv(&mut self) -> Result<Vec<Message>, Over> {
        let kept = self.inspection.kept();
        let missed = kept.first.saturating_sub(self.next);
        let mut messages = Vec::new();
        if missed > 0 {
            let event = Event { connection: 0, at: 0, happened: Happened::Missed { count: missed } };
            messages.push(Message::text(event.to_string()));
            self.next = kept.first;
        }
        let skipped = (self.next - kept.first) as usize;
        messages.extend(kept.events.iter().skip(skipped).take(BATCH).cloned());
        self.next += (messages.len() - usize::from(missed > 0)) as u64;
        if messages.is_empty() && kept.is_over { Err(Over) } else { Ok(messages) }
    }

    /// Waits until there are events. What it completes with is not lost when it is dropped before.
    pub(crate) async fn recv(&mut self) -> Result<Vec<Message>, Over> {
        let inspection = Arc::clone(&self.inspection);
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let mut changed = pin!(inspection.changed.notified());
            changed.as_mut().enable();
            let messages = self.try_recv()?;
            if !messages.is_empty() {
                return Ok(messages);
            }
            changed.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn id(number: usize) -> InspectId {
        format!("0123456789abcdefABCDEF-{number}").parse().unwrap()
    }

    fn inspections(limit: u64) -> (Arc<Budget>, Arc<Inspections>) {
        let budget = Arc::new(Budget::new(limit));
        (Arc::clone(&budget), Arc::new(Inspections::new(&budget, limit)))
    }

    fn event(connection: u64) -> Event {
        Event { connection, at: 0, happened: Happened::End }
    }

    #[test]
    fn an_id_is_forgotten_a_minute_after_its_last_connection_with_its_memory() {
        let (budget, inspections) = inspections(1 << 30);
        let mut watcher = inspections.watch(&id(1), ADDRESS).unwrap();
        let connection = inspections.inspect(&id(1), ADDRESS).unwrap();
        connection.tell(&event(1));
        assert!(budget.taken() > 1024);
        inspections.forget(Instant::now() + LIFETIME * 2);
        assert_eq!(inspections.ids().len(), 1, "it has a connection");
        drop(connection);
        inspections.forget(Instant::now() + LIFETIME / 2);
        assert_eq!(watcher.try_recv().unwrap(), [Message::text(event(1).to_string())]);
        assert_eq!(watcher.try_recv(), Ok(Vec::new()), "another connection may come");
        inspections.forget(Instant::now() + LIFETIME);
        assert_eq!(watcher.try_recv(), Err(Over));
        assert!(inspections.ids().is_empty());
        drop(watcher);
        assert_eq!(budget.taken(), 0);
    }

    #[test]
    fn many_ids_share_the_memory_and_each_keeps_its_newest_events() {
        let (budget, inspections) = inspections(8 << 20);
        let connections: Vec<_> = (0..100).map(|number| inspections.inspect(&id(number), ADDRESS).unwrap()).collect();
        for connection in &connections {
            (0..1000).for_each(|number| connection.tell(&event(number)));
        }
        let share = (1 << 20) / 100;
        assert!(budget.taken() <= 100 * (ID as u64 + share), "{}", budget.taken());
        let mut watcher = inspections.watch(&id(7), ADDRESS).unwrap();
        let messages = watcher.try_recv().unwrap();
        let Message::Text(first) = &messages[0] else { panic!("{messages:?}") };
        let Happened::Missed { count } = first.parse::<Event>().unwrap().happened else { panic!("{first}") };
        let newest: Event = messages[1].to_text().unwrap().parse().unwrap();
        assert_eq!(newest.connection, count, "what is missing is what came first");
    }

    #[test]
    fn where_memory_is_short_few_events_are_kept() {
        let (budget, inspections) = inspections(8 << 20);
        let mut other = Charge::new(&budget, None);
        other.set(7 << 20).unwrap();
        let connection = inspections.inspect(&id(1), ADDRESS).unwrap();
        (0..10_000).for_each(|number| connection.tell(&event(number)));
        assert!(budget.taken() - (7 << 20) <= (ID + LEAST_PER_ID) as u64);
    }

    #[test]
    fn one_address_cannot_have_all_ids() {
        let (_, inspections) = inspections(1 << 30);
        for number in 0..MOST_IDS_PER_ADDRESS {
            inspections.inspect(&id(number), ADDRESS).unwrap();
        }
        assert_eq!(inspections.watch(&id(5000), ADDRESS).unwrap_err(), Full::IdsOfAddress);
        assert!(inspections.watch(&id(5), ADDRESS).is_ok(), "those that are there can be watched");
        for other in 1..8 {
            for number in 0..MOST_IDS_PER_ADDRESS {
                inspections.watch(&id(1000 * other + number), IpAddr::from([10, 0, 0, other as u8])).unwrap();
            }
        }
        assert_eq!(inspections.watch(&id(9000), IpAddr::from([10, 0, 1, 1])).unwrap_err(), Full::Ids);
    }
}
