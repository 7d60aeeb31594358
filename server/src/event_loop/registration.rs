//! One connection on the event loop, from its handshake to its end.

mod deadlines;

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::Poll,
    time::Instant,
};

use tokio_tungstenite::tungstenite::protocol::frame::coding::OpCode;

use self::deadlines::{WaitsFor, after};
use super::socket::Socket;
use crate::{
    budget::{CONNECTION, Overdrawn},
    connection::{Connected, Guards},
    keep_alive::KeepAlive,
    limit::Limit,
    linger,
    message_timeout::MessageTimeout,
    protocol::{Protocol, Status},
    shared::{Shared, going_away, internal_error},
};

/// How often a lingering connection reads before it yields.
const LINGER_READS: usize = 64;

/// A connection, and when it wants attention.
pub(super) struct Registration {
    pub(super) socket: Socket,
    /// `None` while the connection lingers: the last answer is sent, and what still comes is discarded.
    websocket: Option<WebSocket>,
    /// Bytes that were discarded.
    discarded: usize,
    waits_for: WaitsFor,
    /// What `waits_for` has time until.
    deadline: Instant,
    message_timeout: MessageTimeout,
    /// When the message that is arriving must be complete.
    message_deadline: Option<Instant>,
    /// Bytes that are held of incomplete messages and waiting answers.
    pending: u64,
    /// Whether nothing is read, because memory is short.
    pub(super) is_paused: bool,
    /// The deadline as it stands in the event loop's queue.
    pub(super) queued: Instant,
    /// Whether it has yielded.
    pub(super) is_busy: bool,
    guards: Guards,
}

struct WebSocket {
    protocol: Protocol,
    keep_alive: KeepAlive,
    connected: Connected,
}

impl Registration {
    /// Takes a socket from tokio.
    pub(super) fn new(
        socket: crate::socket::Socket,
        protocol: Protocol,
        connected: Connected,
        guards: Guards,
    ) -> io::Result<Self> {
        let keep_alive = KeepAlive::new(Instant::now(), connected.shared().ping_times());
        let deadline = keep_alive.deadline();
        Ok(Self {
            socket: Socket::new(socket)?,
            websocket: Some(WebSocket { protocol, keep_alive, connected }),
            discarded: 0,
            waits_for: WaitsFor::Peer,
            deadline,
            message_timeout: MessageTimeout::default(),
            message_deadline: None,
            pending: 0,
            is_paused: false,
            queued: deadline,
            is_busy: false,
            guards,
        })
    }

    /// Whether there is something to answer that came with the handshake.
    pub(super) fn has_input(&self) -> bool {
        self.websocket.as_ref().is_some_and(|websocket| websocket.protocol.has_leftover_input())
    }

    /// Reads, answers and writes as far as the socket is ready. A panic ends this connection alone. `unlogged` counts the
    /// messages that the log has no room for.
    pub(super) fn serve(&mut self, shared: &Shared, unlogged: &mut u64) -> Status {
        catch_unwind(AssertUnwindSafe(|| self.exchange(shared, unlogged))).unwrap_or_else(|_| {
            shared.count_panic();
            Status::Done
        })
    }

    /// When the connection wants attention even if its socket is silent.
    pub(super) fn deadline(&self) -> Instant {
        self.message_deadline.map_or(self.deadline, |deadline| deadline.min(self.deadline))
    }

    /// Whether it is not to be read from now, because memory is short and others hold less. A peer that is going is read
    /// from: it will not send more.
    pub(super) fn must_pause(&self) -> bool {
        self.pending > 0
            && !self.guards.charge.may_read(self.pending)
            && self.websocket.is_some()
            && self.waits_for != WaitsFor::End
            && !self.socket.is_ending()
    }

    fn exchange(&mut self, shared: &Shared, unlogged: &mut u64) -> Status {
        let is_paused = self.must_pause();
        let Some(WebSocket { protocol, connected, .. }) = &mut self.websocket else { return self.discard() };
        if is_paused {
            self.is_paused = true;
            let status = protocol.flush(&mut self.socket);
            return self.settle(shared, status);
        }
        protocol.save_memory(|| self.guards.charge.is_near());
        // One question to the log, however many messages follow.
        let has_room = shared.log.has_room();
        let mut count = 0;
        let connection = connected.connection;
        let status = protocol.transfer(&mut self.socket, &mut |opcode, payload| {
            let OpCode::Data(data) = opcode else { return };
            count += 1;
            if has_room {
                shared.log.received(connection, data, payload);
            }
        });
        connected.received += count;
        if !has_room {
            *unlogged += count;
        }
        self.settle(shared, status)
    }

    /// Follows what a turn has come to.
    fn settle(&mut self, shared: &Shared, status: io::Result<Status>) -> Status {
        if let Some(WebSocket { protocol, connected, .. }) = &mut self.websocket {
            connected.count(protocol);
        }
        match status {
            Ok(Status::Done) => self.linger(shared),
            Ok(status) => match self.count_memory() {
                Ok(()) => {
                    self.watch_output(shared);
                    self.watch_message(shared);
                    status
                }
                Err(overdrawn) => self.shed(shared, overdrawn),
            },
            Err(error) => {
                tracing::debug!(connection = self.guards.connection, %error, "lost: {error}");
                Status::Done
            }
        }
    }

    /// Counts what the connection keeps until its next turn.
    fn count_memory(&mut self) -> Result<(), Overdrawn> {
        let Some(WebSocket { protocol, .. }) = &self.websocket else { return Ok(()) };
        let held = protocol.held();
        self.pending = held.pending as u64;
        self.guards.charge.set(CONNECTION + self.pending + held.codecs as u64)
    }

    /// Closes a connection for which there is no memory.
    fn shed(&mut self, shared: &Shared, overdrawn: Overdrawn) -> Status {
        shared.totals.limits.count(overdrawn.into());
        let Some(WebSocket { protocol, .. }) = &mut self.websocket else { return Status::Done };
        tracing::debug!(connection = self.guards.connection, "closed: {overdrawn}");
        protocol.fail(&overdrawn.into());
        match protocol.flush(&mut self.socket) {
            Ok(Status::NeedInput) => self.linger(shared),
            // It does not read, so a close frame would not reach it.
            _ => {
                self.socket.forget_output();
                Status::Done
            }
        }
    }

    /// Sends close code 1001, once.
    pub(super) fn drain(&mut self, shared: &Shared) {
        if let (Some(websocket), WaitsFor::Peer | WaitsFor::Room { .. }) = (&mut self.websocket, self.waits_for) {
            websocket.protocol.close(&going_away());
            self.await_end(shared);
        }
    }

    /// Closes with 1011, as far as that can be done at once: the event loop has failed.
    pub(super) fn give_up(mut self) {
        if let Some(WebSocket { protocol, connected, .. }) = &mut self.websocket {
            protocol.fail(&internal_error());
            let shared = Arc::clone(connected.shared());
            self.serve(&shared, &mut 0);
        }
    }

    /// Ends the WebSocket. If the peer has not ended the connection, it gets time to read the last answer: closed with
    /// unread input, the socket would be reset, and that answer lost.
    fn linger(&mut self, shared: &Shared) -> Status {
        let Some(mut websocket) = self.websocket.take() else { return Status::Done };
        websocket.connected.count(&mut websocket.protocol);
        if let Some(violation) = websocket.protocol.violation() {
            if let Some(limit) = Limit::of(violation) {
                shared.totals.limits.count(limit);
            }
            let connection = self.guards.connection;
            tracing::debug!(connection, code = %violation.code(), %violation, "failed: {violation}");
        }
        drop(websocket);
        (self.pending, self.message_deadline) = (0, None);
        // Less than before: there is room for that.
        let _ = self.guards.charge.set(CONNECTION);
        if self.socket.has_ended() || self.socket.shutdown().is_err() {
            return Status::Done;
        }
        self.waits_for = WaitsFor::End;
        self.deadline = after(linger::TIME);
        self.discard()
    }

    fn discard(&mut self) -> Status {
        for _ in 0..LINGER_READS {
            match self.socket.recv(&mut [0; linger::PIECE]) {
                Poll::Ready(Ok(count @ 1..)) if self.discarded < linger::BYTES => self.discarded += count,
                Poll::Ready(_) => return Status::Done,
                Poll::Pending => return Status::NeedInput,
            }
        }
        Status::Yield
    }
}
