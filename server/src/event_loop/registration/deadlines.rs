//! When a connection wants attention although its socket is silent, and what is done then.

use std::time::{Duration, Instant};

use super::{Registration, WebSocket};
use crate::{
    budget::Overdrawn,
    keep_alive::{MAX_DEADLINE, Verdict},
    limit::Limit,
    message_timeout::too_slow,
    protocol::Status,
    shared::{Shared, keep_alive_timeout},
};

/// What the deadline limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitsFor {
    /// The peer's next message: a ping is due, or the peer is given up.
    Peer,
    /// Room in the socket, which had taken so many bytes when the deadline was set.
    Room { sent: u64 },
    /// The peer's close frame, or its end of the connection.
    End,
}

impl Registration {
    /// Moves the deadline of the message that is arriving.
    pub(super) fn watch_message(&mut self, shared: &Shared) {
        let Some(WebSocket { protocol, .. }) = &self.websocket else { return };
        // Its time begins again where it was not read from, because answers wait; and after this side's close it has none.
        let is_watched = !protocol.is_blocked() && self.waits_for != WaitsFor::End;
        let unfinished = if is_watched { protocol.unfinished() } else { None };
        let received = protocol.received().bytes;
        let time = *shared.config.limits.message_timeout;
        self.message_deadline = self.message_timeout.deadline(unfinished, received, time, Instant::now);
    }

    /// Moves the deadline while answers wait for the socket: it must take some of them within the write timeout.
    pub(super) fn watch_output(&mut self, shared: &Shared) {
        let Some(WebSocket { protocol, keep_alive, .. }) = &mut self.websocket else { return };
        let sent = protocol.sent().bytes;
        match (self.waits_for, protocol.is_blocked()) {
            (WaitsFor::Room { sent: before }, true) if before == sent => {}
            (WaitsFor::Room { .. } | WaitsFor::Peer, true) => {
                self.waits_for = WaitsFor::Room { sent };
                self.deadline = after(*shared.config.limits.write_timeout);
            }
            (WaitsFor::Room { .. }, false) => {
                // It was not read from.
                keep_alive.forgive();
                self.waits_for = WaitsFor::Peer;
                self.deadline = keep_alive.deadline();
            }
            (WaitsFor::Peer, false) | (WaitsFor::End, _) => {}
        }
    }

    /// Does what is due at the deadline; [`serve`](Self::serve) then writes it.
    ///
    /// What has come or can be written by now counts first, even without an event: if this thread or the whole process
    /// did not run for a while, that is not the peer's fault. A connection that has yielded is being heard of.
    pub(in crate::event_loop) fn expire(&mut self, shared: &Shared, now: Instant, unlogged: &mut u64) -> Status {
        if !self.is_busy {
            self.socket.expect_input();
            let status = self.serve(shared, unlogged);
            if status == Status::Done || self.deadline() > now {
                return status;
            }
        }
        let Some(websocket) = &mut self.websocket else { return Status::Done };
        if self.message_deadline.is_some_and(|deadline| deadline <= now) {
            // It was not its fault where it was not read from.
            let frame = if self.is_paused { Overdrawn::Server.into() } else { too_slow() };
            let connection = self.guards.connection;
            tracing::debug!(connection, code = %frame.code, reason = %frame.reason, "closed: {}", frame.reason);
            websocket.protocol.fail(&frame);
            shared.totals.limits.count(if self.is_paused { Limit::MaxMemory } else { Limit::MessageTimeout });
            return self.await_end(shared);
        }
        match self.waits_for {
            WaitsFor::Peer => {
                let received = (!self.is_paused).then(|| websocket.protocol.received().bytes);
                match websocket.keep_alive.check(now, received, shared.ping_times()) {
                    Verdict::Ping => websocket.protocol.ping(),
                    Verdict::Wait => {}
                    Verdict::Gone => {
                        websocket.protocol.fail(&keep_alive_timeout());
                        shared.totals.limits.count(Limit::PingTimeout);
                        return self.await_end(shared);
                    }
                }
                self.deadline = websocket.keep_alive.deadline();
                Status::NeedInput
            }
            WaitsFor::End if !websocket.protocol.is_blocked() => {
                shared.totals.limits.count(Limit::CloseTimeout);
                self.linger(shared)
            }
            WaitsFor::Room { .. } | WaitsFor::End => {
                let is_ending = self.waits_for == WaitsFor::End;
                shared.totals.limits.count(if is_ending { Limit::CloseTimeout } else { Limit::WriteTimeout });
                tracing::debug!(connection = self.guards.connection, "lost: the peer has read nothing for too long");
                self.socket.forget_output();
                Status::Done
            }
        }
    }

    pub(super) fn await_end(&mut self, shared: &Shared) -> Status {
        self.waits_for = WaitsFor::End;
        self.message_deadline = None;
        self.deadline = after(*shared.config.limits.close_timeout);
        Status::NeedInput
    }
}

pub(super) fn after(time: Duration) -> Instant {
    Instant::now() + time.min(MAX_DEADLINE)
}
