//! The page's handle to one WebSocket, which lives in the worker. Keeps no message and never reconnects.

use std::cell::Cell;
use std::rc::Rc;

use model::{CloseFrame, Closed, Content, Loaded, Payload, SocketEvent, Subprotocols, Tally, Time, WsUrl};
use worker::protocol::{self, Command, Data, SocketKey};

use crate::browser::clock;
use crate::worker_handle::{SocketListener, WorkerHandle};

/// A [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket). Dropped, it is closed if it was not, and
/// reports nothing more than [`SocketEvent::Unsent`].
pub struct SocketHandle {
    key: SocketKey,
    worker: WorkerHandle,
    counters: Rc<Counters>,
    /// Whether texts have the relay's letter in front.
    is_relayed: bool,
}

type OnEvent = dyn Fn(Time, &str);

/// Makes a socket one of Canyon's relay, see [`wire::relay`].
pub struct Relayed {
    /// The first message.
    pub request: String,
    /// Gets each text that is an event of the relay. Deferred code.
    pub on_event: Box<OnEvent>,
    pub loaded: Loaded,
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
        let names = subprotocols.names().iter().map(String::as_str).collect();
        Self::open_boxed(worker, url.as_str(), names, Box::new(report), None)
    }

    /// The same to the relay at that URL. It is open when the relay has opened it, which one of its events says.
    pub fn open_relayed(
        worker: &WorkerHandle,
        url: &str,
        report: impl Fn(Time, SocketEvent) + 'static,
        relayed: Relayed,
    ) -> Self {
        Self::open_boxed(worker, url, Vec::new(), Box::new(report), Some(relayed))
    }

    fn open_boxed(
        worker: &WorkerHandle,
        url: &str,
        names: Vec<&str>,
        report: Box<dyn Fn(Time, SocketEvent)>,
        relayed: Option<Relayed>,
    ) -> Self {
        let counters = Rc::<Counters>::default();
        let is_relayed = relayed.is_some();
        let listener = |key| {
            let to_relay = relayed.map(|relayed| (worker.clone(), key, relayed));
            Rc::new(Reporter { counters: Rc::clone(&counters), report, relayed: to_relay }) as Rc<dyn SocketListener>
        };
        Self { key: worker.open(url, names, listener), worker: worker.clone(), counters, is_relayed }
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
        let relayed;
        let data = match payload.content() {
            Content::Text(text) if self.is_relayed => {
                relayed = ["t", text].concat();
                Data::Text(&relayed)
            }
            Content::Text(text) => Data::Text(text),
            Content::Binary(bytes) => Data::Binary(bytes),
        };
        self.counters.given.update(|given| given + data.size() as u64);
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
    relayed: Option<(WorkerHandle, SocketKey, Relayed)>,
}

impl SocketListener for Reporter {
    fn on_report(&self, event: protocol::SocketReport<'_>) {
        use protocol::SocketReport as Report;
        let Some(event) = self.unwrap(event) else { return };
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
    /// What the other server did, of what the relay says: a text is without its letter.
    fn unwrap<'a>(&self, report: protocol::SocketReport<'a>) -> Option<protocol::SocketReport<'a>> {
        use protocol::SocketReport as Report;
        let Some((worker, socket, relayed)) = &self.relayed else { return Some(report) };
        match report {
            Report::Open { .. } => {
                worker.post(&Command::Send { socket: *socket, data: Data::Text(&relayed.request) });
                self.counters.is_open.set(true);
                self.counters.given.set(relayed.request.len() as u64);
                None
            }
            Report::Message { at, data: Data::Text(text) } => match text.strip_prefix('t') {
                Some(text) => Some(Report::Message { at, data: Data::Text(text) }),
                None => {
                    if !self.counters.is_dropped.get() {
                        relayed.loaded.run(|| (relayed.on_event)(clock::since_1970(at), text));
                    }
                    None
                }
            },
            Report::Unsent(Data::Text(text)) => Some(Report::Unsent(Data::Text(text.get(1..).unwrap_or_default()))),
            report => Some(report),
        }
    }

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
