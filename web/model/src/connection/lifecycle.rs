//! How a connection opens, closes and reconnects.

use super::note::Note;
use super::{Connection, Problem, SocketEvent};
use crate::connection::address::WsUrl;
use crate::connection::close::CloseFrame;
use crate::connection::ending::{Ending, HandshakeOptions};
use crate::connection::retry::{BackOff, Retry};
use crate::connection::setup::Reconnect;
use crate::connection::state::{ConnectionState, Opened};
use crate::connection::subprotocols::Subprotocols;
use crate::data::payload::Content;
use crate::data::time::Time;
use crate::log::{Direction, Source, Tally};
use crate::shared::{Effect, Shared};

/// A connection that was open this long starts the count of attempts again when it is lost. One that was lost sooner
/// does not, so that a server which accepts and drops every connection is not tried forever.
const STABLE_AFTER_MS: f64 = 10_000.0;

impl Connection {
    pub(super) fn connect(&mut self, now: Time, shared: &mut Shared) {
        match self.state {
            ConnectionState::Idle(_) => {
                self.back_off = BackOff::default();
                self.lost_at = None;
                (self.why, self.asked) = (None, None);
                self.is_through = false;
                self.open_socket(now, shared);
            }
            ConnectionState::Reconnecting { .. } => self.open_socket(now, shared),
            ConnectionState::Connecting | ConnectionState::Open(_) | ConnectionState::Closing(_) => {}
        }
    }

    pub(super) fn open_socket(&mut self, now: Time, shared: &mut Shared) {
        let (url, subprotocols) = match self.parse_fields(shared) {
            Ok(parsed) => parsed,
            Err(problem) => {
                self.problem = Some(problem);
                // How an earlier connection ended would contradict the problem beside it.
                self.state = ConnectionState::Idle(None);
                return;
            }
        };
        self.problem = None;
        self.socket = shared.next_socket();
        self.retried = match std::mem::replace(&mut self.state, ConnectionState::Connecting) {
            ConnectionState::Reconnecting { ending, .. } => Some(ending),
            _ => None,
        };
        self.handshake_options =
            HandshakeOptions { tls: url.is_secure(), subprotocols: !subprotocols.names().is_empty() };
        let typed = url.is_completion_of(&self.setup.address).then(|| self.setup.address.clone());
        if typed.is_some() {
            self.change_setup(shared, |setup| setup.address = url.to_string());
        }
        self.note(now, &Note::Connecting { url: url.clone(), typed });
        self.begun_at = now;
        if let (true, Some(loaded)) = (self.is_through, shared.deferred) {
            return loaded.run(|| self.open_through(now, url.to_string(), subprotocols.names().to_vec(), shared));
        }
        shared.effects.push(Effect::Open { connection: self.id, socket: self.socket, url, subprotocols });
    }

    pub(super) fn parse_fields(&self, shared: &Shared) -> Result<(WsUrl, Subprotocols), Problem> {
        let url = WsUrl::parse(&self.setup.address, shared.parse_url);
        let url = url.map_err(|error| problem(Problem::Address, &error))?;
        let subprotocols = self.setup.subprotocols.parse().map_err(|error| problem(Problem::Subprotocols, &error))?;
        Ok((url, subprotocols))
    }

    pub(super) fn close(&mut self, now: Time, frame: CloseFrame, shared: &mut Shared) {
        match &self.state {
            ConnectionState::Idle(_) => {}
            ConnectionState::Reconnecting { .. } => self.stop_retrying(),
            ConnectionState::Connecting => self.end(now, Ending::Cancelled, shared),
            ConnectionState::Open(opened) => {
                self.state = ConnectionState::Closing(opened.clone());
                self.close_deadline = now.after(shared.settings.close_timeout_ms.into());
                self.after_close = Tally::default();
                shared.effects.push(Effect::Close { connection: self.id, frame });
            }
            ConnectionState::Closing(_) => self.end(now, Ending::Unanswered, shared),
        }
    }

    /// Ends a connection whose server does not answer the close frame. A browser would wait for a minute and receive more
    /// messages.
    pub(super) fn cut_off_if_due(&mut self, now: Time, shared: &mut Shared) {
        if matches!(self.state, ConnectionState::Closing(_)) && now >= self.close_deadline {
            self.end(now, Ending::Unanswered, shared);
        }
    }

    fn stop_retrying(&mut self) {
        if let ConnectionState::Reconnecting { ending, .. } = &self.state {
            self.state = ConnectionState::Idle(Some(ending.clone()));
        }
    }

    fn not_connected(&mut self, now: Time, why: String) {
        self.note(now, &Note::NotConnected(why.clone()));
        self.problem = Some(Problem::Address(why));
        self.retried = None;
        self.state = ConnectionState::Idle(None);
    }

    pub(super) fn socket_event(&mut self, now: Time, event: SocketEvent, shared: &mut Shared) {
        match (&self.state, event) {
            (ConnectionState::Connecting, SocketEvent::Open { handshake, protocol, extensions }) => {
                self.opened(now, Opened { handshake, protocol, extensions }, shared);
            }
            (ConnectionState::Connecting, SocketEvent::Refused(why)) => {
                self.not_connected(now, why);
                shared.effects.push(Effect::Release(self.id));
            }
            (ConnectionState::Connecting, SocketEvent::Close(closed)) => self.end(now, Ending::Refused(closed), shared),
            (ConnectionState::Open(_), SocketEvent::Close(closed)) => self.end(now, Ending::of_open(closed), shared),
            (ConnectionState::Closing(_), SocketEvent::Close(closed)) => {
                self.end(now, Ending::of_closing(closed), shared)
            }
            (
                ConnectionState::Connecting | ConnectionState::Open(_) | ConnectionState::Closing(_),
                SocketEvent::WorkerFailed,
            ) => {
                self.end(now, Ending::WorkerFailed, shared);
            }
            (ConnectionState::Open(_), SocketEvent::Cut(bytes)) => self.cut = bytes,
            (ConnectionState::Open(_), SocketEvent::Message(payload)) => self.received(now, payload.content(), shared),
            // A server that ignores the close frame would fill the log.
            (ConnectionState::Closing(_), SocketEvent::Message(payload)) => {
                self.after_close += Tally { messages: 1, bytes: payload.size() as u64 };
            }
            (ConnectionState::Closing(_), SocketEvent::Missed(missed)) => self.after_close += missed,
            (ConnectionState::Open(_), SocketEvent::Missed(missed)) => {
                self.log.count_lost(missed);
                self.note(now, &Note::Missed(missed));
            }
            (ConnectionState::Open(_) | ConnectionState::Closing(_), SocketEvent::Buffered(bytes)) => {
                self.buffered(now, bytes, shared)
            }
            // No browser sends these: a message before the open event, a second open, anything after the end.
            _ => {}
        }
    }

    fn received(&mut self, now: Time, content: Content<'_>, shared: &mut Shared) {
        self.last_message_at = now;
        let cut = std::mem::take(&mut self.cut);
        self.log.push_cut_message(now, Direction::Received, Source::Person, content, cut);
        if let Content::Text(text) = content
            && text.trim_ascii_start().starts_with(['{', '['])
        {
            self.last_json = Some(self.log.last_seq());
        }
        self.tasks_received(now, content, shared);
    }

    pub(super) fn opened(&mut self, now: Time, opened: Opened, shared: &mut Shared) {
        self.note(now, &Note::Opened(opened.clone()));
        if let Some(lost_at) = self.lost_at.take() {
            self.note(now, &Note::DisconnectedFor(now.since(lost_at)));
        }
        if !self.outbox.is_empty() {
            self.note(now, &Note::SendingQueued(self.outbox.len()));
        }
        self.opened_at = now;
        self.last_message_at = now;
        self.retried = None;
        self.state = ConnectionState::Open(opened);
        self.tasks_opened(now);
        self.pump(shared);
    }

    pub(super) fn end(&mut self, now: Time, ending: Ending, shared: &mut Shared) {
        let after_close = std::mem::take(&mut self.after_close);
        if after_close.messages > 0 {
            self.log.count_lost(after_close);
            self.note(now, &Note::AfterClose(after_close));
        }
        self.note(now, &Note::Ended(ending.clone()));
        if let Some(loaded) = shared.deferred {
            loaded.run(|| self.ask_why(now, &ending, shared));
        }
        self.outbox.reset();
        self.tasks_ended(now, shared);
        shared.effects.push(Effect::Release(self.id));
        if matches!(self.state, ConnectionState::Open(_)) {
            self.lost_at = Some(now);
            if now.0 - self.opened_at.0 >= STABLE_AFTER_MS {
                self.back_off = BackOff::default();
            }
        }
        self.retried = None;
        self.state = match self.plan_retry(now, &ending, shared) {
            Some(Retry { attempt, delay_ms }) => {
                ConnectionState::Reconnecting { ending, attempt, until: now.after(f64::from(delay_ms)) }
            }
            None => ConnectionState::Idle(Some(ending)),
        };
    }

    /// The next attempt, if there is to be one; notes in the log what follows.
    fn plan_retry(&mut self, now: Time, ending: &Ending, shared: &mut Shared) -> Option<Retry> {
        if self.setup.reconnect == Reconnect::Never || !ending.allows_reconnect() {
            return None;
        }
        let next = self.back_off.next(shared.settings.retry, &mut shared.random);
        self.note(
            now,
            &match next {
                Some(next) => Note::Retrying(next),
                None => Note::GaveUp(self.back_off.attempts()),
            },
        );
        next
    }

    pub(super) fn retry_if_due(&mut self, now: Time, shared: &mut Shared) {
        if let ConnectionState::Reconnecting { until, .. } = self.state
            && now >= until
        {
            self.open_socket(now, shared);
        }
    }

    /// When the countdown shows the next second, or the attempt begins.
    pub(super) fn next_retry_tick(&self, now: Time) -> Option<Time> {
        let ConnectionState::Reconnecting { until, .. } = self.state else { return None };
        let whole_seconds = ((until.0 - now.0 - 1.0) / 1000.0).floor().max(0.0);
        Some(until.after(-1000.0 * whole_seconds))
    }
}

fn problem(kind: fn(String) -> Problem, error: &dyn std::error::Error) -> Problem {
    kind(error.to_string())
}
