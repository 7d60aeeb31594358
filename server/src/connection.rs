//! What a connection holds, whichever engine carries it. Each of these undoes itself when it is dropped.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::{
    budget::{Charge, Overdrawn, SESSION},
    http::{
        admission::{Counted, Permit},
        no_room::NoRoom,
    },
    peer::Peer,
    protocol::Protocol,
    shared::Shared,
    traffic::{Carrier, Metered},
};

/// What a connection holds from its acceptance to its end.
#[derive(Debug)]
pub(crate) struct Guards {
    /// The connection's number.
    pub(crate) connection: u64,
    /// Its place among all connections.
    permit: Permit,
    /// The memory that is counted for it.
    pub(crate) charge: Charge,
    /// Its share of its worker's load.
    load: Load,
    /// The drain waits for it.
    tracked: TaskTrackerToken,
    shared: Arc<Shared>,
}

impl Guards {
    pub(crate) fn new(
        permit: Permit,
        charge: Charge,
        load: Load,
        tracked: TaskTrackerToken,
        shared: Arc<Shared>,
    ) -> Self {
        Self { connection: shared.inspect.number(), permit, charge, load, tracked, shared }
    }

    /// Counts the connection for a client whom a proxy has named.
    ///
    /// # Errors
    /// A limit of that one is reached.
    pub(crate) fn count_for(&mut self, client: Peer) -> Result<(), NoRoom> {
        self.permit.count_for(client)?;
        Ok(self.charge.count_for(self.permit.memory())?)
    }

    /// The same of a client that was counted already. What it has no memory for is counted all the same.
    pub(crate) fn counts_as(&mut self, counted: Counted) {
        self.permit.counts_as(counted);
        let _ = self.charge.count_for(self.permit.memory());
    }

    /// A charge for what this connection holds at another server.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(crate) fn charge_for_far_side(&self) -> Result<Charge, Overdrawn> {
        self.charge_for(SESSION)
    }

    /// A charge for what this connection holds beside what its own charge counts.
    pub(crate) fn charge_beside(&self) -> Charge {
        Charge::new(&self.shared.budget, self.permit.memory())
    }

    /// A charge for so many bytes that this connection holds beside what its own charge counts.
    ///
    /// # Errors
    /// There is no memory for it.
    pub(crate) fn charge_for(&self, bytes: u64) -> Result<Charge, Overdrawn> {
        Charge::for_newcomer(&self.shared.budget, self.permit.memory(), bytes)
    }

    /// What a WebSocket holds that is a stream of this connection of `peer`.
    ///
    /// # Errors
    /// A limit on connections or on their memory is reached.
    pub(crate) fn for_stream(&self, peer: Peer) -> Result<Self, NoRoom> {
        let permit = self.shared.admission.admit(peer)?;
        let charge = Charge::for_newcomer(&self.shared.budget, permit.memory(), SESSION)?;
        Ok(Self::new(permit, charge, Load::add(&self.load.0), self.tracked.clone(), Arc::clone(&self.shared)))
    }
}

impl Drop for Guards {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.shared.count_panic();
        }
    }
}

/// One connection in the load of a worker.
#[derive(Debug)]
pub(crate) struct Load(Arc<AtomicUsize>);

impl Load {
    pub(crate) fn add(load: &Arc<AtomicUsize>) -> Self {
        load.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(load))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An open WebSocket in the log and in the totals.
#[derive(Debug)]
pub(crate) struct Connected {
    peer: Peer,
    /// The connection's number, in each line of the log about it.
    pub(crate) connection: u64,
    shared: Arc<Shared>,
    /// Messages that were answered.
    pub(crate) received: u64,
    /// Messages that the socket took.
    pub(crate) sent: u64,
    /// Present from the choice of the engine.
    metered: Option<Metered>,
}

impl Connected {
    pub(crate) fn new(peer: Peer, connection: u64, shared: Arc<Shared>) -> Self {
        shared.totals.opened.add(1);
        shared.log.connected(peer, connection);
        Self { peer, connection, shared, received: 0, sent: 0, metered: None }
    }

    /// Counts what it carries from now on.
    pub(crate) fn carried_by(&mut self, carrier: Carrier) {
        self.metered = Some(self.shared.traffic.open(carrier));
    }

    /// Stores what has crossed the wire so far, once for a batch of messages.
    pub(crate) fn count(&mut self, protocol: &mut Protocol) {
        let Some(metered) = &mut self.metered else { return };
        let sent = protocol.sent();
        self.sent = sent.messages();
        metered.store(protocol.received(), sent);
        if let Some(controls) = protocol.take_controls() {
            metered.add_controls(&controls);
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.shared.totals.received.add(self.received);
        self.shared.totals.sent.add(self.sent);
        self.shared.log.disconnected(self.peer, self.connection);
    }
}
