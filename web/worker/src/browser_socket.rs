//! The browser's [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket) with its listeners: the only place
//! in Canyon that opens one.

use js_sys::Array;
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

/// A socket that reports to listeners. Dropped, it is closed and reports nothing more.
pub struct BrowserSocket {
    pub socket: WebSocket,
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_close: Closure<dyn FnMut(CloseEvent)>,
}

/// Begins the handshake. Binary messages come as `ArrayBuffer`s.
///
/// # Errors
/// What the browser says about an address or a subprotocol that it refuses.
pub fn open(url: &str, subprotocols: &[&str]) -> Result<WebSocket, String> {
    let names: Array = subprotocols.iter().copied().map(JsValue::from_str).collect();
    let socket = WebSocket::new_with_str_sequence(url, &names).map_err(|thrown| message_of(&thrown))?;
    socket.set_binary_type(BinaryType::Arraybuffer);
    Ok(socket)
}

impl BrowserSocket {
    /// Sets the socket's listeners. There is no listener for errors: an error tells nothing, and a close follows it.
    pub fn new(
        socket: WebSocket,
        on_open: impl FnMut(Event) + 'static,
        on_message: impl FnMut(MessageEvent) + 'static,
        on_close: impl FnMut(CloseEvent) + 'static,
    ) -> Self {
        let (on_open, on_message) = (Closure::new(on_open), Closure::new(on_message));
        let on_close = Closure::new(on_close);
        socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        socket.set_onclose(Some(on_close.as_ref().unchecked_ref()));
        Self { socket, _on_open: on_open, _on_message: on_message, _on_close: on_close }
    }
}

impl Drop for BrowserSocket {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        let _ = self.socket.close();
    }
}

/// The browser throws a `DOMException`, which is an `Error`.
fn message_of(thrown: &JsValue) -> String {
    thrown.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default()
}
