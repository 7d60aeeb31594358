//! How many connections there are, and whether there may be one more: in all, and from one client address.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::{budget::Pool, config::Limits, http::no_room::NoRoom, peer::Source};

/// Counts connections against a limit for all of them and one for each source.
#[derive(Debug)]
pub(crate) struct Admission {
    total: usize,
    per_source: usize,
    /// Bytes that the connections of one source may hold, if that is limited.
    memory_per_source: Option<u64>,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    /// Only sources that have a connection.
    sources: HashMap<Source, Held>,
}

#[derive(Debug, Default)]
struct Held {
    connections: usize,
    memory: Option<Arc<Pool>>,
}

/// One admitted connection; it counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    /// Whom it counts for; nobody before a proxy has said it.
    counted: Option<Counted>,
}

/// One connection in the count of its source, until it is dropped.
#[derive(Debug)]
pub(crate) struct Counted {
    admission: Arc<Admission>,
    source: Source,
    /// The memory of its source, if that is limited.
    memory: Option<Arc<Pool>>,
}

impl Admission {
    /// Counts against these limits; `memory` is what all connections may hold, in bytes.
    pub(crate) fn new(limits: &Limits, memory: u64) -> Self {
        let total = limits.max_connections.get();
        let percent = limits.max_share_per_address.map(NonZeroUsize::get);
        let share = percent.map_or(usize::MAX, |percent| (total.saturating_mul(percent) / 100).max(1));
        let per_source = limits.max_connections_per_address.map_or(usize::MAX, NonZeroUsize::get).min(share);
        let memory_per_source = percent.map(|percent| memory / 100 * percent as u64);
        Self { total, per_source, memory_per_source, counts: Mutex::default() }
    }

    /// A permit for a connection from `peer`.
    ///
    /// # Errors
    /// A limit on connections is reached.
    pub(crate) fn admit(self: &Arc<Self>, peer: impl Into<Source>) -> Result<Permit, NoRoom> {
        let mut permit = self.admit_unnamed()?;
        permit.count_for(peer)?;
        Ok(permit)
    }

    /// A permit for a connection of which a proxy has yet to say whose it is.
    ///
    /// # Errors
    /// The limit on all connections is reached.
    pub(crate) fn admit_unnamed(self: &Arc<Self>) -> Result<Permit, NoRoom> {
        let mut counts = self.counts();
        if counts.total >= self.total {
            return Err(NoRoom::Connections);
        }
        counts.total += 1;
        Ok(Permit { admission: Arc::clone(self), counted: None })
    }

    /// Counts a connection for a client.
    ///
    /// # Errors
    /// The limit of that one is reached.
    pub(crate) fn count_for(self: &Arc<Self>, peer: impl Into<Source>) -> Result<Counted, NoRoom> {
        let source = peer.into();
        let mut counts = self.counts();
        let of_source = counts.sources.entry(source).or_insert_with(|| Held {
            connections: 0,
            memory: self.memory_per_source.map(|limit| Arc::new(Pool::new(limit))),
        });
        if of_source.connections >= self.per_source {
            return Err(NoRoom::ConnectionsOfAddress);
        }
        of_source.connections += 1;
        Ok(Counted { admission: Arc::clone(self), source, memory: of_source.memory.clone() })
    }

    /// How many connections there are.
    pub(crate) fn total(&self) -> usize {
        self.counts().total
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing panics while it holds the lock, so a poisoned count is still right.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// Counts it for a client.
    ///
    /// # Errors
    /// The limit of that one is reached; then it counts for nobody else.
    pub(crate) fn count_for(&mut self, peer: impl Into<Source>) -> Result<(), NoRoom> {
        self.counted = Some(self.admission.count_for(peer)?);
        Ok(())
    }

    /// The same with what was counted before.
    pub(crate) fn counts_as(&mut self, counted: Counted) {
        self.counted = Some(counted);
    }

    /// The memory of whom it counts for, if that is limited.
    pub(crate) fn memory(&self) -> Option<Arc<Pool>> {
        self.counted.as_ref()?.memory.clone()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.counts().total -= 1;
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        if let Some(of_source) = counts.sources.get_mut(&self.source) {
            of_source.connections -= 1;
            if of_source.connections == 0 {
                counts.sources.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::budget::{Budget, Charge, Overdrawn};

    fn admission(total: usize, per_source: usize) -> Arc<Admission> {
        let limits = Limits {
            max_connections: NonZeroUsize::new(total).unwrap(),
            max_connections_per_address: NonZeroUsize::new(per_source),
            ..Limits::default()
        };
        Arc::new(Admission::new(&limits, 0))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_permit_that_is_dropped_makes_room() {
        let admission = admission(2, 2);
        let first = admission.admit(address("10.0.0.1"));
        let second = admission.admit(address("10.0.0.2"));
        assert!(first.is_ok() && second.is_ok());
        assert!(admission.admit(address("10.0.0.3")).is_err());
        drop(first);
        assert_eq!(admission.total(), 1);
        assert!(admission.admit(address("10.0.0.3")).is_ok());
    }

    #[test]
    fn one_source_cannot_take_all_and_is_forgotten_when_it_leaves() {
        let admission = admission(10, 1);
        let permit = admission.admit(address("10.0.0.1"));
        assert!(permit.is_ok());
        assert!(admission.admit(address("10.0.0.1")).is_err());
        assert!(admission.admit(address("::ffff:10.0.0.1")).is_err(), "the same address, mapped to IPv6");
        assert!(admission.admit(address("10.0.0.2")).is_ok());
        drop(permit);
        assert!(admission.counts().sources.is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let admission = admission(10, 1);
        let _permit = admission.admit(address("2001:db8::1"));
        assert!(admission.admit(address("2001:db8::2")).is_err());
        assert!(admission.admit(address("2001:db8:0:1::1")).is_ok());
    }

    #[test]
    fn a_share_is_of_the_connections_and_of_the_memory_and_each_limit_has_its_reason() {
        let limits = Limits {
            max_connections: NonZeroUsize::new(4).unwrap(),
            max_share_per_address: NonZeroUsize::new(50),
            ..Limits::default()
        };
        let admission = Arc::new(Admission::new(&limits, 1000));
        let [one, two] = [(); 2].map(|()| admission.admit(address("2001:db8::1")).unwrap());
        assert_eq!(admission.admit(address("2001:db8::2")).unwrap_err(), NoRoom::ConnectionsOfAddress);
        let other = admission.admit(address("10.0.0.1")).unwrap();
        let [one, two, other] = [&one, &two, &other].map(|permit| permit.memory().unwrap());
        assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &other));
        let budget = Arc::new(Budget::new(1000));
        let mut charge = Charge::new(&budget, Some(one));
        assert_eq!(charge.set(500), Ok(()));
        assert_eq!(charge.set(501), Err(Overdrawn::Address));
        assert_eq!(Charge::new(&budget, Some(other)).set(499), Ok(()));
    }

    #[test]
    fn the_smallest_share_is_one_connection() {
        let limits = Limits {
            max_connections: NonZeroUsize::new(10).unwrap(),
            max_share_per_address: NonZeroUsize::new(1),
            ..Limits::default()
        };
        let admission = Arc::new(Admission::new(&limits, 1000));
        let _one = admission.admit(address("10.0.0.1")).unwrap();
        assert_eq!(admission.admit(address("10.0.0.1")).unwrap_err(), NoRoom::ConnectionsOfAddress);
    }
}
