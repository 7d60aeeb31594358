//! How many connections there are, and whether there may be one more. Never says what happens to those that may not.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts connections against a limit for all of them and one for each source.
#[derive(Debug)]
pub(crate) struct Admission {
    total: usize,
    per_source: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    /// Only sources that have a connection.
    sources: HashMap<IpAddr, usize>,
}

/// One admitted connection; it counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    source: IpAddr,
}

impl Admission {
    pub(crate) fn new(total: NonZeroUsize, per_source: Option<NonZeroUsize>) -> Self {
        Self {
            total: total.get(),
            per_source: per_source.map_or(usize::MAX, NonZeroUsize::get),
            counts: Mutex::default(),
        }
    }

    /// A permit for a connection from `peer`, unless a limit is reached.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr) -> Option<Permit> {
        let source = source(peer);
        let mut counts = self.counts();
        if counts.total >= self.total {
            return None;
        }
        let of_source = counts.sources.entry(source).or_default();
        if *of_source >= self.per_source {
            return None;
        }
        *of_source += 1;
        counts.total += 1;
        Some(Permit { admission: Arc::clone(self), source })
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

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        counts.total -= 1;
        if let Some(of_source) = counts.sources.get_mut(&self.source) {
            *of_source -= 1;
            if *of_source == 0 {
                counts.sources.remove(&self.source);
            }
        }
    }
}

/// What counts as one source: an IPv4 address, or the /64 network that one IPv6 host commonly has to itself.
fn source(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(total: usize, per_source: usize) -> Arc<Admission> {
        Arc::new(Admission::new(NonZeroUsize::new(total).unwrap(), NonZeroUsize::new(per_source)))
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_permit_that_is_dropped_makes_room() {
        let admission = admission(2, 2);
        let first = admission.admit(address("10.0.0.1"));
        let second = admission.admit(address("10.0.0.2"));
        assert!(first.is_some() && second.is_some());
        assert!(admission.admit(address("10.0.0.3")).is_none());
        drop(first);
        assert_eq!(admission.total(), 1);
        assert!(admission.admit(address("10.0.0.3")).is_some());
    }

    #[test]
    fn one_source_cannot_take_all_and_is_forgotten_when_it_leaves() {
        let admission = admission(10, 1);
        let permit = admission.admit(address("10.0.0.1"));
        assert!(permit.is_some());
        assert!(admission.admit(address("10.0.0.1")).is_none());
        assert!(admission.admit(address("::ffff:10.0.0.1")).is_none(), "the same address, mapped to IPv6");
        assert!(admission.admit(address("10.0.0.2")).is_some());
        drop(permit);
        assert!(admission.counts().sources.is_empty());
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let admission = admission(10, 1);
        let _permit = admission.admit(address("2001:db8::1"));
        assert!(admission.admit(address("2001:db8::2")).is_none());
        assert!(admission.admit(address("2001:db8:0:1::1")).is_some());
    }
}
