//! The worker's end of the port: runs the page's commands on sockets and on the one timer.
//!
//! Boundary: knows neither whether it runs in a worker or in a window, nor what a message means.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, UnwrapThrowExt};
use web_sys::{MessageEvent, MessagePort};

use crate::inbox::Total;
use crate::protocol::{Command, Event, SocketKey, SocketReport, decode, encode};
use crate::socket::Socket;

/// Serves one page. Dropped, its sockets are closed.
pub struct Engine {
    port: MessagePort,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Engine {
    /// Runs the commands posted to that port, those that wait in it first.
    pub fn new(port: MessagePort) -> Self {
        let state = Rc::new(EngineState {
            events: Events(port.clone()),
            sockets: RefCell::default(),
            waiting: Total::default(),
            alarm: Cell::default(),
        });
        let on_message = Closure::new(move |event: MessageEvent| {
            let post = Uint8Array::new(&event.data()).to_vec();
            // The page gets an error event, and replaces this worker.
            decode(&post).for_each(|command| state.run(command.expect_throw("an unreadable command")));
        });
        // `onmessage` starts the port.
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self { port, _on_message: on_message }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.port.set_onmessage(None);
        self.port.close();
    }
}

struct EngineState {
    events: Events,
    /// As many as the page has connections.
    sockets: RefCell<Vec<(SocketKey, Socket)>>,
    /// Bytes of all sockets that wait for the page.
    waiting: Total,
    /// What [`Command::Wake`] has set.
    alarm: Cell<Option<Timeout>>,
}

/// Posts [`Event::Woken`] when it is dropped.
struct Woken(Events);

impl Drop for Woken {
    fn drop(&mut self) {
        self.0.post(&Event::Woken);
    }
}

impl EngineState {
    fn run(self: &Rc<Self>, command: Command<'_>) {
        match command {
            Command::Open { socket, url, subprotocols } => {
                if let Some(open) = Socket::open(socket, url, &subprotocols, self.events.clone(), self.waiting.clone())
                {
                    self.sockets.borrow_mut().push((socket, open));
                }
            }
            Command::Send { socket, data } => self.with(socket, |socket| socket.send(data)),
            Command::Close { socket, code, reason } => self.with(socket, |socket| socket.close(code, reason)),
            Command::Resume(socket) => self.with(socket, Socket::resume),
            Command::Drop(socket) => {
                self.sockets.borrow_mut().retain(|(key, _)| *key != socket);
                self.events.post(&Event::Socket(socket, SocketReport::Released));
            }
            Command::Wake(milliseconds) => {
                let state = Rc::downgrade(self);
                self.alarm.set(Some(Timeout::new(milliseconds.min(MAX_DELAY), move || {
                    if let Some(state) = state.upgrade() {
                        state.wake();
                    }
                })));
            }
        }
    }

    /// Posts [`Event::Woken`] behind what the sockets have received by now: to the page, a reply that came in time is
    /// not late because it waits in an inbox.
    fn wake(&self) {
        self.alarm.take();
        let woken: Rc<dyn Any> = Rc::new(Woken(self.events.clone()));
        self.sockets.borrow().iter().for_each(|(_, socket)| socket.hold(&woken));
    }

    /// Ignores commands for a socket that was refused.
    fn with(&self, socket: SocketKey, run: impl FnOnce(&Socket)) {
        if let Some((_, socket)) = self.sockets.borrow().iter().find(|(key, _)| *key == socket) {
            run(socket);
        }
    }
}

/// Milliseconds after which a browser's timer overflows and ends at once, see
/// [MDN](https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout#maximum_delay_value).
const MAX_DELAY: u32 = i32::MAX.unsigned_abs();

/// The way to the page.
#[derive(Debug, Clone)]
pub(crate) struct Events(MessagePort);

impl Events {
    pub(crate) fn post(&self, event: &Event<'_>) {
        let mut bytes = Vec::new();
        encode(event, &mut bytes);
        self.post_bytes(&bytes);
    }

    pub(crate) fn post_bytes(&self, bytes: &[u8]) {
        let buffer: ArrayBuffer = Uint8Array::from(bytes).buffer();
        // It fails only for what cannot be cloned or transferred.
        let _ = self.0.post_message_with_transferable(&buffer, &Array::of1(&buffer));
    }
}
