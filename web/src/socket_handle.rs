//! The page's handle to one WebSocket, which lives in the worker. Keeps no message and never reconnects.

use std::cell::Cell;
use std::rc::Rc;

use model::{CloseFrame, Closed, Content, Payload, SocketEvent, Subprotocols, Tally, Time, WsUrl};
use worker::protocol::{self, Command, Data, SocketKey};

use crate::browser::clock;
use crate::worker_handle::{SocketListener, WorkerHandle};

/// A [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket). Dropped, it is closed if it was not, and
/// reports nothing more than [`SocketEvent::Unsent`].
pub struct SocketHandle {
    key: SocketKey,
    worker: WorkerHandle,
    counters: Rc<Counters>,
}

/// The state of the socket as last reported.
#[derive(Debug, Default)]
struct Counters {
    /// From the open event until either side closes.
    is_open: Cell<bool>,
    is_dropped: Cell<bool>,
    /// Bytes given to it for sending, since it was opened.
    given: Cell<u64>,
    /// Bytes of those that were written to the network, as reported last.
    sent: Cell<u64>,
}

/// The message was not sent, because the socket is not open any more; a close event comes or has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen;

impl SocketHandle {
    /// Begins the handshake. Each event is reported with the time when the browser made it.
    pub fn open(
        worker: &WorkerHandle,
        url: &WsUrl,
        subprotocols: &Subprotocols,
        report: impl Fn(Time, SocketEvent) + 'static,
    ) -> Self {
        let counters = Rc::<Counters>::default();
        let reporter = Reporter { counters: Rc::clone(&counters), report: Box::new(report) };
        let names = subprotocols.names().iter().map(String::as_str).collect();
        Self { key: worker.open(url.as_str(), names, Rc::new(reporter)), worker: worker.clone(), counters }
    }

    /// Queues a message in the browser. One that reaches the worker after the socket was closed comes back as
    /// [`SocketEvent::Unsent`].
    ///
    /// # Errors
    /// [`NotOpen`], where the browser would throw or, worse, lose the message in silence: keep it.
    pub fn send(&self, payload: &Payload) -> Result<(), NotOpen> {
        if !self.counters.is_open.get() {
            return Err(NotOpen);
        }
        self.counters.given.update(|given| given + payload.size() as u64);
        let data = match payload.content() {
            Content::Text(text) => Data::Text(text),
            Content::Binary(bytes) => Data::Binary(bytes),
        };
        self.worker.post(&Command::Send { socket: self.key, data });
        Ok(())
    }

    /// Sends a close frame after the waiting messages; the close event reports the end.
    pub fn close(&self, frame: &CloseFrame) {
        self.counters.is_open.set(false);
        let (code, reason) = (u16::from(frame.code), frame.reason.as_str());
        self.worker.post(&Command::Close { socket: self.key, code, reason });
    }

    /// Bytes that wait to be written to the network.
    pub fn buffered_amount(&self) -> u64 {
        self.counters.buffered()
    }
}

impl Counters {
    fn buffered(&self) -> u64 {
        self.given.get() - self.sent.get()
    }
}

impl Drop for SocketHandle {
    fn drop(&mut self) {
        self.counters.is_dropped.set(true);
        self.worker.drop_socket(self.key);
    }
}

/// Turns reports of the worker into events of the page.
struct Reporter {
    counters: Rc<Counters>,
    report: Box<dyn Fn(Time, SocketEvent)>,
}

impl SocketListener for Reporter {
    fn on_report(&self, event: protocol::SocketReport<'_>) {
        use protocol::SocketReport as Report;
        let (at, event) = match event {
            Report::Open { at, handshake, protocol, extensions } => {
                self.counters.is_open.set(true);
                let handshake = Time(handshake).since(Time(0.0));
                (Some(at), SocketEvent::Open { handshake, protocol: protocol.into(), extensions: extensions.into() })
            }
            Report::Refused(why) => (None, SocketEvent::Refused(why.into())),
            Report::Message { at, data } => (Some(at), SocketEvent::Message(payload(data))),
            Report::Cut(bytes) => (None, SocketEvent::Cut(bytes)),
            Report::Missed { messages, bytes } => (None, SocketEvent::Missed(Tally { messages, bytes })),
            Report::BatchEnd | Report::Released => return,
            Report::Sent(bytes) => {
                self.counters.sent.set(bytes);
                (None, SocketEvent::Buffered(self.counters.buffered()))
            }
            Report::Unsent(data) => (None, SocketEvent::Unsent(payload(data))),
            Report::Close { at, code, reason, was_clean } => {
                self.counters.is_open.set(false);
                (Some(at), SocketEvent::Close(Closed { code, reason: reason.into(), was_clean }))
            }
        };
        self.report(at.map_or_else(clock::now, clock::since_1970), event);
    }

    fn on_worker_failure(&self) {
        self.counters.is_open.set(false);
        self.report(clock::now(), SocketEvent::WorkerFailed);
    }
}

impl Reporter {
    fn report(&self, at: Time, event: SocketEvent) {
        if !self.counters.is_dropped.get() || matches!(event, SocketEvent::Unsent(_)) {
            (self.report)(at, event);
        }
    }
}

fn payload(data: Data<'_>) -> Payload {
    match data {
        Data::Text(text) => Payload::Text(text.to_owned()),
        Data::Binary(bytes) => Payload::Binary(bytes.to_vec()),
    }
}
