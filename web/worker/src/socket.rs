//! One socket of the page, with what waits for the page.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_timers::callback::Timeout;
use js_sys::{JsString, Uint8Array};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::wasm_bindgen;
use web_sys::{CloseEvent, MessageEvent, Performance, WebSocket};

use crate::browser_socket::{self, BrowserSocket};
use crate::engine::Events;
use crate::inbox::{Inbox, MAX_KEPT, Total};
use crate::protocol::{Data, Event, SocketKey, SocketReport};
use crate::send_progress::SendProgress;

/// Between two batches of a flood: a quarter of a frame, and the least that browsers grant a nested timer
/// ([MDN](https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout#nested_timeouts)).
const FLOOD_PAUSE_MS: u32 = 4;
/// Between two polls of `bufferedAmount`.
const BUFFER_POLL_MS: u32 = 4;

#[wasm_bindgen]
extern "C" {
    /// In a worker and in a window alike.
    #[wasm_bindgen(thread_local_v2, js_name = performance)]
    static PERFORMANCE: Performance;
}

/// A [`WebSocket`](https://developer.mozilla.org/en-US/docs/Web/API/WebSocket) with what waits for its page. Dropped, it
/// is closed and reports nothing more.
pub(crate) struct Socket {
    shared: Rc<SocketState>,
    _listening: BrowserSocket,
}

/// What the socket's listeners and timers share.
struct SocketState {
    key: SocketKey,
    socket: WebSocket,
    /// When the constructor was called, as `performance.now()` counts.
    begun: f64,
    events: Events,
    inbox: RefCell<Inbox>,
    progress: RefCell<SendProgress>,
    /// Set while the next batch of a flood is put off.
    pause: Cell<Option<Deadline>>,
    /// Set while something waits for the network.
    next_poll: Cell<Option<Deadline>>,
}

/// A timer that may be late: in a hidden window, where a browser delays timers by a second or more, the next event does its
/// work.
struct Deadline {
    /// As `performance.now()` counts.
    at: f64,
    _timer: Timeout,
}

impl Deadline {
    fn is_over(&self) -> bool {
        PERFORMANCE.with(Performance::now) >= self.at
    }
}

impl Socket {
    /// Begins the handshake. A URL that the browser refuses is reported, and there is no socket.
    pub(crate) fn open(key: SocketKey, url: &str, subprotocols: &[&str], events: Events, total: Total) -> Option<Self> {
        let begun = PERFORMANCE.with(Performance::now);
        let socket = match browser_socket::open(url, subprotocols) {
            Ok(socket) => socket,
            Err(why) => {
                events.post(&Event::Socket(key, SocketReport::Refused(&why)));
                return None;
            }
        };
        let shared = Rc::new(SocketState {
            key,
            socket,
            begun,
            events,
            inbox: Inbox::new(key, total).into(),
            progress: RefCell::default(),
            pause: Cell::default(),
            next_poll: Cell::default(),
        });
        let listening = BrowserSocket::new(
            shared.socket.clone(),
            shared.listener(SocketState::opened),
            shared.listener(SocketState::received),
            shared.listener(SocketState::closed),
        );
        Some(Self { shared, _listening: listening })
    }

    /// Sends a message, or reports it as unsent.
    pub(crate) fn send(&self, data: Data<'_>) {
        let SocketState { socket, progress, .. } = &*self.shared;
        progress.borrow_mut().add(data.size());
        // A closing socket accepts a message, throws nothing and loses it.
        let is_open = socket.ready_state() == WebSocket::OPEN;
        let send = |data| match data {
            Data::Text(text) => socket.send_with_str(text),
            Data::Binary(bytes) => socket.send_with_u8_array(bytes),
        };
        if !is_open || send(data).is_err() {
            self.shared.report(SocketReport::Unsent(data));
        }
        self.shared.poll_soon();
    }

    /// Sends a close frame behind what waits.
    pub(crate) fn close(&self, code: u16, reason: &str) {
        // It fails only for a code or a reason that the page's own types do not allow.
        let _ = self.shared.socket.close_with_code_and_reason(code, reason);
    }

    /// The page is done with the last batch.
    pub(crate) fn resume(&self) {
        self.shared.inbox.borrow_mut().resume();
        self.shared.post_next();
    }

    /// Holds a guard until all that the socket has received has been posted.
    pub(crate) fn hold(&self, guard: &Rc<dyn Any>) {
        self.shared.inbox.borrow_mut().hold(guard);
    }
}

impl SocketState {
    fn listener<E>(self: &Rc<Self>, act: fn(&Rc<Self>, E)) -> impl FnMut(E) + 'static
    where
        E: 'static,
    {
        let shared = Rc::downgrade(self);
        move |event| {
            if let Some(shared) = shared.upgrade() {
                act(&shared, event);
            }
        }
    }

    fn opened(self: &Rc<Self>, event: web_sys::Event) {
        let (protocol, extensions) = (&*self.socket.protocol(), &*self.socket.extensions());
        let handshake = event.time_stamp() - self.begun;
        self.report(SocketReport::Open { at: time_of(&event), handshake, protocol, extensions });
    }

    fn received(self: &Rc<Self>, event: MessageEvent) {
        let at = time_of(&event);
        match event.data().dyn_into::<JsString>() {
            Ok(text) => {
                let begin = piece(&text, 0, MAX_KEPT as u32);
                let is_whole = begin.length() == text.length();
                let begin = String::from(begin);
                let kept = &begin[..begin.floor_char_boundary(MAX_KEPT)];
                let size = if is_whole { begin.len() as u64 } else { utf_8_size(&text) };
                let cut = size - kept.len() as u64;
                self.inbox.borrow_mut().add_cut(at, Data::Text(kept), cut);
            }
            Err(buffer) => {
                let bytes = Uint8Array::new(&buffer);
                let kept = bytes.subarray(0, MAX_KEPT as u32).to_vec();
                let cut = u64::from(bytes.length()) - kept.len() as u64;
                self.inbox.borrow_mut().add_cut(at, Data::Binary(&kept), cut);
            }
        }
        self.post_next();
        if let Some(poll) = self.next_poll.take() {
            self.poll_at(poll);
        }
    }

    fn closed(self: &Rc<Self>, event: CloseEvent) {
        let (at, code, was_clean) = (time_of(&event), event.code(), event.was_clean());
        self.inbox.borrow_mut().end(SocketReport::Close { at, code, reason: &event.reason(), was_clean });
        self.post_next();
    }

    /// Posts the next batch, unless the page is busy with the last one or a flood is put off.
    fn post_next(self: &Rc<Self>) {
        if let Some(pause) = self.pause.take().filter(|pause| !pause.is_over()) {
            return self.pause.set(Some(pause));
        }
        let Some(batch) = self.inbox.borrow_mut().next_batch() else { return };
        if batch.is_flood() {
            self.pause.set(Some(self.after(FLOOD_PAUSE_MS, |shared| {
                shared.pause.take();
                shared.post_next();
            })));
        }
        self.events.post_bytes(batch.bytes());
        self.inbox.borrow_mut().recycle(batch);
    }

    /// Polls `bufferedAmount` until it is 0, for which there is no event. That of a closed socket stays as it is.
    fn poll_soon(self: &Rc<Self>) {
        let poll = self.next_poll.take().unwrap_or_else(|| self.after(BUFFER_POLL_MS, Self::poll_buffered));
        self.poll_at(poll);
    }

    fn poll_at(self: &Rc<Self>, poll: Deadline) {
        if poll.is_over() {
            self.poll_buffered();
        } else {
            self.next_poll.set(Some(poll));
        }
    }

    fn poll_buffered(self: &Rc<Self>) {
        self.next_poll.take();
        let buffered = self.socket.buffered_amount();
        if let Some(sent) = self.progress.borrow_mut().update(buffered) {
            self.report(SocketReport::Sent(sent));
        }
        if buffered > 0 && self.socket.ready_state() != WebSocket::CLOSED {
            self.poll_soon();
        }
    }

    fn after(self: &Rc<Self>, milliseconds: u32, act: fn(&Rc<Self>)) -> Deadline {
        let shared: Weak<Self> = Rc::downgrade(self);
        let timer = Timeout::new(milliseconds, move || {
            if let Some(shared) = shared.upgrade() {
                act(&shared);
            }
        });
        Deadline { at: PERFORMANCE.with(Performance::now) + f64::from(milliseconds), _timer: timer }
    }

    fn report(&self, event: SocketReport<'_>) {
        self.events.post(&Event::Socket(self.key, event));
    }
}

/// About so many UTF-16 units of a text, from that one on, that split no character.
fn piece(text: &JsString, start: u32, units: u32) -> JsString {
    let end = (start + units).min(text.length());
    let splits = end < text.length() && (0xd800..0xdc00).contains(&(text.char_code_at(end - 1) as u32));
    text.slice(start, if splits { end + 1 } else { end })
}

/// In bytes, measured piece by piece: the whole as UTF-8 might not fit into memory.
fn utf_8_size(text: &JsString) -> u64 {
    let (mut size, mut start) = (0, 0);
    while start < text.length() {
        let piece = piece(text, start, 1 << 20);
        start += piece.length();
        size += String::from(piece).len() as u64;
    }
    size
}

/// Since 1970: the clocks of a page and of its worker begin when each of them does.
fn time_of(event: &web_sys::Event) -> f64 {
    PERFORMANCE.with(Performance::time_origin) + event.time_stamp()
}
