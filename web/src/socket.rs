//! The page's handle to one WebSocket, which lives in the worker. Keeps no message and never reconnects.

use std::cell::Cell;
use std::rc::Rc;

use model::{CloseFrame, Closed, Content, Payload, SocketEvent, Subprotocols, Tally, Time, WsUrl};
use worker::protocol::{self, Command, Data, SocketKey};

use crate::browser::clock;
use crate::worker::{Hear, WorkerHandle};

/// A [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket). Dropped, it reports nothing more, and is
/// closed if it was not.
pub struct Socket {
    key: SocketKey,
    worker: WorkerHandle,
    account: Rc<Account>,
}

/// What is known of the socket.
#[derive(Debug, Default)]
struct Account {
    /// Between the open event and the end, whoever begins that.
    is_open: Cell<bool>,
    /// Bytes handed over for sending, since it is there.
    handed: Cell<u64>,
    /// Bytes of those that the network has taken, as reported last.
    taken: Cell<u64>,
}

/// The message was not sent, because the socket is not open any more; a close event comes or has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen;

impl Socket {
    /// Begins the handshake. Each event is reported with the time when the browser made it.
    pub fn open(
        worker: &WorkerHandle,
        url: &WsUrl,
        subprotocols: &Subprotocols,
        report: impl Fn(Time, SocketEvent) + 'static,
    ) -> Self {
        let account = Rc::<Account>::default();
        let line = Line { account: Rc::clone(&account), report: Box::new(report) };
        let names = subprotocols.names().iter().map(String::as_str).collect();
        Self { key: worker.open(url.as_str(), names, Rc::new(line)), worker: worker.clone(), account }
    }

    /// Hands a message to the browser, which sends it as soon as the network takes it. One that is handed over in the very
    /// moment in which the socket closes comes back, as [`SocketEvent::Unsent`].
    ///
    /// # Errors
    /// [`NotOpen`], where the browser would throw or, worse, lose the message in silence: keep it.
    pub fn send(&self, payload: &Payload) -> Result<(), NotOpen> {
        if !self.account.is_open.get() {
            return Err(NotOpen);
        }
        self.account.handed.update(|handed| handed + payload.size() as u64);
        let data = match payload.content() {
            Content::Text(text) => Data::Text(text),
            Content::Binary(bytes) => Data::Binary(bytes),
        };
        self.worker.post(&Command::Send { socket: self.key, data });
        Ok(())
    }

    /// Sends a close frame after what is still waiting; the close event tells the end.
    pub fn close(&self, frame: &CloseFrame) {
        self.account.is_open.set(false);
        let (code, reason) = (u16::from(frame.code), frame.reason.as_str());
        self.worker.post(&Command::Close { socket: self.key, code, reason });
    }

    /// Bytes handed over that the network has not taken yet.
    pub fn buffered_amount(&self) -> u64 {
        self.account.handed.get() - self.account.taken.get()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.worker.drop_socket(self.key);
    }
}

/// The way of a socket's events into the page.
struct Line {
    account: Rc<Account>,
    report: Box<dyn Fn(Time, SocketEvent)>,
}

impl Hear for Line {
    fn hear(&self, event: protocol::SocketEvent<'_>) {
        use protocol::SocketEvent as Told;
        let (at, event) = match event {
            Told::Open { at, protocol, extensions } => {
                self.account.is_open.set(true);
                (Some(at), SocketEvent::Open { protocol: protocol.into(), extensions: extensions.into() })
            }
            Told::Refused(why) => (None, SocketEvent::Refused(why.into())),
            Told::Message { at, data } => (Some(at), SocketEvent::Message(payload(data))),
            Told::Missed { messages, bytes } => (None, SocketEvent::Missed(Tally { messages, bytes })),
            Told::BatchEnd => return,
            Told::Taken(bytes) => return self.account.taken.set(bytes),
            Told::Unsent(data) => (None, SocketEvent::Unsent(payload(data))),
            Told::Close { at, code, reason, was_clean } => {
                self.account.is_open.set(false);
                (Some(at), SocketEvent::Close(Closed { code, reason: reason.into(), was_clean }))
            }
        };
        (self.report)(at.map_or_else(clock::now, clock::since_1970), event);
    }

    fn lose(&self) {
        // RFC 6455, section 7.1.5: the code of a connection that ended without a close frame.
        let lost = Closed { code: 1006, reason: String::new(), was_clean: false };
        self.account.is_open.set(false);
        (self.report)(clock::now(), SocketEvent::Close(lost));
    }
}

fn payload(data: Data<'_>) -> Payload {
    match data {
        Data::Text(text) => Payload::Text(text.to_owned()),
        Data::Binary(bytes) => Payload::Binary(bytes.to_vec()),
    }
}
