//! The only user of WebSockets, which live in a worker (`web/sockets.js`): one handle, one kind of event. It never keeps
//! a message and never reconnects.

mod piece;

use std::cell::Cell;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::{Array, ArrayBuffer, JsString, Uint8Array};
use model::{CloseFrame, Closed, Payload, SocketEvent, Subprotocols, Tally, Time, WsUrl};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Event, MessageChannel, MessageEvent, MessagePort, Worker};

use crate::browser::clock;

/// What the worker runs; see there for the reason. Trunk puts it beside the page.
const SCRIPT: &str = "sockets.js";

thread_local! {
    /// One for all sockets, for a worker takes longer to start than a handshake does.
    static WORKER: Result<Worker, String> = Worker::new(SCRIPT).map_err(message_of);
}

/// Starts the worker, so that the first socket need not wait for it.
pub fn prepare() {
    WORKER.with(|_| ());
}

/// A [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket). Dropped, it says no more, and is closed if
/// it was not.
#[derive(Debug)]
pub struct Socket {
    /// Leads to the socket in the worker, and to no other.
    port: MessagePort,
    line: Rc<Line>,
    /// Detached when it is dropped.
    _listener: EventListener,
}

/// What is known of the socket.
#[derive(Debug, Default)]
struct Line {
    /// Between the open event and the end, whoever begins that.
    is_open: Cell<bool>,
    /// Bytes handed over for sending, since it is there.
    handed: Cell<u64>,
    /// Bytes of those that the network has taken, as told last.
    taken: Cell<u64>,
}

/// The message was not sent, because the socket was not open any more; a close event comes or has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen;

impl Socket {
    /// Begins the handshake. Each event is reported with the time when the browser made it.
    ///
    /// # Errors
    /// The browser's own words, where it lets no worker start: show them.
    pub fn open(
        url: &WsUrl,
        subprotocols: &Subprotocols,
        report: impl Fn(Time, SocketEvent) + 'static,
    ) -> Result<Self, String> {
        let names: Array = subprotocols.names().iter().map(|name| JsValue::from_str(name)).collect();
        let channel = MessageChannel::new().map_err(message_of)?;
        let (port, line) = (channel.port1(), Rc::<Line>::default());
        let listener = EventListener::new(&port, "message", {
            let (port, line) = (port.clone(), Rc::clone(&line));
            move |event| line.hear(&port, event, &report)
        });
        // A port that is listened to like this waits until it is told to start.
        port.start();
        let wish = Array::of2(&url.as_str().into(), &names);
        let far_end = Array::of1(&channel.port2());
        WORKER.with(|worker| {
            worker.as_ref().map_err(String::clone)?.post_message_with_transfer(&wish, &far_end).map_err(message_of)
        })?;
        Ok(Self { port, line, _listener: listener })
    }

    /// Hands a message to the browser, which sends it as soon as the network takes it. One that is handed over in the very
    /// moment in which the socket closes comes back, as [`SocketEvent::Unsent`].
    ///
    /// # Errors
    /// [`NotOpen`], where the browser would throw or, worse, lose the message in silence: keep it.
    pub fn send(&self, payload: &Payload) -> Result<(), NotOpen> {
        if !self.line.is_open.get() {
            return Err(NotOpen);
        }
        let size = payload.size() as u64;
        let (data, transferred) = match payload {
            Payload::Text(text) => (JsValue::from_str(text), Array::new()),
            Payload::Binary(bytes) => {
                let buffer = Uint8Array::from(&**bytes).buffer();
                (JsValue::from(&buffer), Array::of1(&buffer))
            }
        };
        self.line.handed.set(self.line.handed.get() + size);
        tell(&self.port, &Array::of3(&"send".into(), &data, &(size as f64).into()), &transferred);
        Ok(())
    }

    /// Sends a close frame after what is still waiting; the close event tells the end.
    pub fn close(&self, frame: &CloseFrame) {
        self.line.is_open.set(false);
        let (code, reason) = (u16::from(frame.code), frame.reason.as_str());
        tell(&self.port, &Array::of3(&"close".into(), &code.into(), &reason.into()), &Array::new());
    }

    /// Bytes handed over that the network has not taken yet.
    pub fn buffered_amount(&self) -> u64 {
        self.line.handed.get() - self.line.taken.get()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        tell(&self.port, &Array::of1(&"end".into()), &Array::new());
    }
}

impl Line {
    /// Takes in what the worker tells: a word, and what belongs to it.
    fn hear(&self, port: &MessagePort, event: &Event, report: &dyn Fn(Time, SocketEvent)) {
        let news: Array = event.unchecked_ref::<MessageEvent>().data().unchecked_into();
        let number = |index| news.get(index).as_f64().unwrap_or_default();
        let text = |index| news.get(index).as_string().unwrap_or_default();
        match text(0).as_str() {
            "open" => {
                self.is_open.set(true);
                report(clock::since_1970(number(1)), SocketEvent::Open { protocol: text(2), extensions: text(3) });
            }
            "messages" => {
                let buffer: ArrayBuffer = news.get(1).unchecked_into();
                let bytes = Uint8Array::new_with_byte_offset_and_length(&buffer, 0, number(2) as u32).to_vec();
                for (at, payload) in piece::messages(&bytes) {
                    report(clock::since_1970(at), SocketEvent::Message(payload));
                }
                let missed = Tally { messages: number(3) as u64, bytes: number(4) as u64 };
                if missed != Tally::default() {
                    report(clock::now(), SocketEvent::Missed(missed));
                }
                tell(port, &Array::of2(&"more".into(), &buffer), &Array::of1(&buffer));
            }
            "taken" => self.taken.set(number(1) as u64),
            "unsent" => report(clock::now(), SocketEvent::Unsent(payload_of(news.get(1)))),
            "refused" => report(clock::now(), SocketEvent::Refused(text(1))),
            "close" => {
                self.is_open.set(false);
                let closed = Closed { code: number(2) as u16, reason: text(3), was_clean: news.get(4).is_truthy() };
                report(clock::since_1970(number(1)), SocketEvent::Close(closed));
            }
            // The worker has no other words.
            _ => {}
        }
    }
}

/// Tells the worker something, and gives it what is transferred.
fn tell(port: &MessagePort, wish: &Array, transferred: &Array) {
    // All of it can be cloned, and what is transferred has been made for this.
    let _ = port.post_message_with_transferable(wish, transferred);
}

fn payload_of(data: JsValue) -> Payload {
    match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Payload::Binary(Uint8Array::new(&buffer).to_vec()),
        Err(text) => Payload::Text(text.unchecked_into::<JsString>().into()),
    }
}

/// The browser throws a `DOMException`, which is an `Error`.
fn message_of(thrown: JsValue) -> String {
    thrown
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the browser has no workers for this page".to_owned(), |error| String::from(error.message()))
}
