//! The only user of the browser's [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket): one handle,
//! one kind of event. It never keeps a message and never reconnects.

use gloo_events::EventListener;
use js_sys::{Array, ArrayBuffer, JsString, Uint8Array};
use model::{CloseFrame, Closed, Payload, SocketEvent, Subprotocols, Time, WsUrl};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// A WebSocket with its listeners. Dropped, it says no more, and is closed if it was not.
#[derive(Debug)]
pub struct Socket {
    websocket: WebSocket,
    /// Detached when they are dropped. None for `error`: it carries nothing, and `close` follows it.
    _listeners: [EventListener; 3],
}

/// The message was not sent, because the socket was not open any more; a close event comes or has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotOpen;

impl Socket {
    /// Begins the handshake. Each event is reported with the time when the browser made it.
    ///
    /// # Errors
    /// The browser's own words, where it refuses the address without trying it: show them.
    pub fn open(
        url: &WsUrl,
        subprotocols: &Subprotocols,
        report: impl Fn(Time, SocketEvent) + Clone + 'static,
    ) -> Result<Self, String> {
        let names: Array = subprotocols.names().iter().map(|name| JsValue::from_str(name)).collect();
        let websocket = WebSocket::new_with_str_sequence(url.as_str(), &names).map_err(message_of)?;
        websocket.set_binary_type(BinaryType::Arraybuffer);
        let listen = |name: &'static str, read: fn(&WebSocket, &Event) -> SocketEvent| {
            let (websocket, report) = (websocket.clone(), report.clone());
            EventListener::new(&websocket.clone(), name, move |event| {
                report(Time(event.time_stamp()), read(&websocket, event));
            })
        };
        let listeners = [listen("open", read_open), listen("message", read_message), listen("close", read_close)];
        Ok(Self { websocket, _listeners: listeners })
    }

    /// Hands a message to the browser, which sends it as soon as the network takes it.
    ///
    /// # Errors
    /// [`NotOpen`], where the browser would throw or, worse, lose the message in silence: keep it.
    pub fn send(&self, payload: &Payload) -> Result<(), NotOpen> {
        if self.websocket.ready_state() != WebSocket::OPEN {
            return Err(NotOpen);
        }
        match payload {
            Payload::Text(text) => self.websocket.send_with_str(text),
            Payload::Binary(bytes) => self.websocket.send_with_u8_array(bytes),
        }
        .map_err(|_| NotOpen)
    }

    /// Sends a close frame after what is still waiting; the close event tells the end.
    pub fn close(&self, frame: &CloseFrame) {
        self.websocket
            .close_with_code_and_reason(frame.code.into(), frame.reason.as_str())
            .expect("a browser takes every CloseCode and Reason");
    }

    /// Bytes handed over that the network has not taken yet.
    pub fn buffered_amount(&self) -> u64 {
        self.websocket.buffered_amount().into()
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // Without a code it never fails, in no state.
        let _ = self.websocket.close();
    }
}

fn read_open(websocket: &WebSocket, _: &Event) -> SocketEvent {
    SocketEvent::Open { protocol: websocket.protocol(), extensions: websocket.extensions() }
}

fn read_message(_: &WebSocket, event: &Event) -> SocketEvent {
    let data = event.unchecked_ref::<MessageEvent>().data();
    SocketEvent::Message(match data.dyn_into::<ArrayBuffer>() {
        Ok(buffer) => Payload::Binary(Uint8Array::new(&buffer).to_vec()),
        Err(text) => Payload::Text(text.unchecked_into::<JsString>().into()),
    })
}

fn read_close(_: &WebSocket, event: &Event) -> SocketEvent {
    let event = event.unchecked_ref::<CloseEvent>();
    SocketEvent::Close(Closed { code: event.code(), reason: event.reason(), was_clean: event.was_clean() })
}

/// The browser throws a `DOMException`, which is an `Error`.
fn message_of(thrown: JsValue) -> String {
    thrown
        .dyn_ref::<js_sys::Error>()
        .map_or_else(|| "the browser refused the address".to_owned(), |error| String::from(error.message()))
}
