//! The worker's end of the port: the sockets of a run, and the clock that it goes by.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use gloo_timers::callback::{Interval, Timeout};
use js_sys::{Array, ArrayBuffer, JsString, Reflect, Uint8Array};
use measure::clock;
use measure::echo::Kind;
use measure::plan::Plan;
use measure::protocol::{Clock, Command, Event, decode, encode};
use measure::run::{Phase, Run, Step};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use wasm_bindgen_futures::spawn_local;
use web_sys::{CloseEvent, MessageChannel, MessageEvent, MessagePort, WebSocket};
use worker::browser_socket::{self, BrowserSocket};

use crate::browser_clock::now;
use crate::comparing::compare;

/// Between two posts of a run's state.
const REPORT_MS: u32 = 100;
/// Messages that a connection sends before events of sockets have their turn.
const BURST: u32 = 128;
/// Browsers grant a nested timer no less than 4 ms
/// ([MDN](https://developer.mozilla.org/en-US/docs/Web/API/Window/setTimeout#nested_timeouts)): what is due sooner is waited
/// for by posts that the worker makes to itself.
const TIMER_MS: f64 = 5.0;

/// Serves one page. Dropped, its run ends.
pub(crate) struct Engine {
    _state: Rc<State>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

struct State {
    port: MessagePort,
    active: RefCell<Option<Active>>,
    /// What is posted to one end comes back, behind what the sockets have received by then, at the other.
    turn: MessagePort,
    _on_turn: Closure<dyn FnMut()>,
}

struct Active {
    run: Run,
    sockets: Vec<Option<BrowserSocket>>,
    /// Of the message that is sent or received.
    buffer: Vec<u8>,
    /// For the message that is due next, and when that is.
    timer: Option<(f64, Timeout)>,
    /// Whether a turn is on its way.
    has_turn: bool,
    _reports: Interval,
}

impl Engine {
    pub(crate) fn new(port: MessagePort) -> Self {
        let channel = MessageChannel::new().expect_throw("its constructor does not throw");
        let state = Rc::new_cyclic(|state: &Weak<State>| {
            let taken = Weak::clone(state);
            let on_turn = Closure::new(move || {
                if let Some(state) = taken.upgrade() {
                    state.with(|active| active.has_turn = false);
                    state.drive_all();
                }
            });
            channel.port1().set_onmessage(Some(on_turn.as_ref().unchecked_ref()));
            State { port: port.clone(), active: RefCell::default(), turn: channel.port2(), _on_turn: on_turn }
        });
        state.post(&Event::Clock(measured_clock()));
        let obeying = Rc::downgrade(&state);
        let on_message = Closure::new(move |event: MessageEvent| {
            let post = Uint8Array::new(&event.data()).to_vec();
            // The page sees that the worker fails.
            let command = decode(&post).ok().expect_throw("an unreadable command");
            if let Some(state) = obeying.upgrade() {
                state.obey(command);
            }
        });
        // `onmessage` starts the port.
        port.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Self { _state: state, _on_message: on_message }
    }
}

/// A few thousand readings: 2 ms for a clock of 5 µs, and at most 100 steps of a coarse one.
fn measured_clock() -> Clock {
    let resolution = clock::resolution(now, 100, 200_000).unwrap_or_default();
    let isolated = Reflect::get(&js_sys::global(), &"crossOriginIsolated".into());
    Clock {
        resolution: (resolution * 1e6).round() as u64,
        isolated: isolated.is_ok_and(|isolated| isolated == JsValue::TRUE),
    }
}

impl State {
    fn obey(self: &Rc<Self>, command: Command) {
        match command {
            Command::Start(plan) => self.start(plan),
            Command::Compare(plan) => {
                let comparing = Rc::clone(self);
                spawn_local(compare(plan, move |found| comparing.post(&Event::Compared(Box::new(found.clone())))));
            }
            Command::Cancel => {
                self.with(|active| active.run.cancel(now()));
                self.report();
            }
        }
    }

    fn start(self: &Rc<Self>, plan: Plan) {
        let reporting = Rc::downgrade(self);
        let reports = Interval::new(REPORT_MS, move || {
            if let Some(state) = reporting.upgrade() {
                state.report();
                // What was given up makes room for the next message.
                state.drive_all();
            }
        });
        let (url, connections) = (plan.url.clone(), plan.connections);
        let begun = now();
        let mut active = Active {
            run: Run::new(plan),
            sockets: Vec::new(),
            buffer: Vec::new(),
            timer: None,
            has_turn: false,
            _reports: reports,
        };
        for connection in 0..connections {
            let socket = browser_socket::open(&url, &[]).map(|socket| self.listen(socket, connection, begun));
            active.sockets.push(match socket {
                Ok(socket) => Some(socket),
                Err(why) => {
                    active.run.ended(connection, why, begun);
                    None
                }
            });
        }
        self.active.replace(Some(active));
        self.report();
    }

    fn listen(self: &Rc<Self>, socket: WebSocket, connection: u32, begun: f64) -> BrowserSocket {
        let [opened, received, closed] = [Rc::downgrade(self), Rc::downgrade(self), Rc::downgrade(self)];
        BrowserSocket::new(
            socket,
            move |event| {
                let Some(state) = opened.upgrade() else { return };
                state.with(|active| active.run.opened(connection, event.time_stamp() - begun, now()));
                state.drive_all();
            },
            move |event| {
                let Some(state) = received.upgrade() else { return };
                if state.with(|active| active.received(connection, &event)) == Some(Phase::Done) {
                    state.report();
                } else {
                    state.drive(connection..connection + 1);
                }
            },
            move |event| {
                let Some(state) = closed.upgrade() else { return };
                state.with(|active| active.run.ended(connection, ending(&event), now()));
                state.report();
                state.drive_all();
            },
        )
    }

    fn with<T>(&self, change: impl FnOnce(&mut Active) -> T) -> Option<T> {
        self.active.borrow_mut().as_mut().map(change)
    }

    fn drive_all(self: &Rc<Self>) {
        let connections = self.with(|active| active.sockets.len() as u32).unwrap_or_default();
        self.drive(0..connections);
    }

    /// Sends what is due on these connections, and sees to it that it is called for what is due next.
    fn drive(self: &Rc<Self>, connections: std::ops::Range<u32>) {
        self.with(|active| {
            let next = connections.filter_map(|connection| active.send(connection)).reduce(f64::min);
            // A turn, or a timer that ends before, asks all connections.
            let is_waited_for = |next: &f64| active.timer.as_ref().is_some_and(|(at, _)| at <= next);
            let Some(next) = next.filter(|next| !active.has_turn && !is_waited_for(next)) else { return };
            let left = next - now();
            if left < TIMER_MS {
                active.has_turn = true;
                // It fails only for what cannot be cloned.
                let _ = self.turn.post_message(&JsValue::NULL);
                return;
            }
            let waiting = Rc::downgrade(self);
            let timer = Timeout::new((left - TIMER_MS + 1.0) as u32, move || {
                if let Some(state) = waiting.upgrade() {
                    state.with(|active| active.timer = None);
                    state.drive_all();
                }
            });
            active.timer = Some((next, timer));
        });
    }

    /// Posts the state of the run, and ends it when it is done.
    fn report(&self) {
        let Some((summary, sockets)) = self.with(|active| {
            let now = now();
            active.run.tick(now);
            let summary = active.run.summary(now);
            let is_done = summary.phase == Phase::Done;
            (summary, is_done.then(|| std::mem::take(&mut active.sockets)))
        }) else {
            return;
        };
        self.post(&Event::Progress(Box::new(summary)));
        if let Some(sockets) = sockets {
            for socket in sockets.into_iter().flatten() {
                // Fails only for a code that is not allowed.
                let _ = socket.socket.close_with_code(1000);
            }
            self.active.replace(None);
        }
    }

    fn post(&self, event: &Event) {
        let buffer: ArrayBuffer = Uint8Array::from(&*encode(event)).buffer();
        // It fails only for what cannot be cloned or transferred.
        let _ = self.port.post_message_with_transferable(&buffer, &Array::of1(&buffer));
    }
}

impl Active {
    /// Sends what is due on a connection. Returns when it is to be asked again, if not by an event of its socket.
    fn send(&mut self, connection: u32) -> Option<f64> {
        let socket = &self.sockets[connection as usize].as_ref()?.socket;
        for _ in 0..BURST {
            let at = now();
            match self.run.next(connection, at, socket.buffered_amount(), &mut self.buffer) {
                Step::Send(kind) => {
                    // On a closed socket nothing is thrown: its close event counts the message as missing.
                    let _ = match kind {
                        Kind::Text => std::str::from_utf8(&self.buffer).map(|text| socket.send_with_str(text)).ok(),
                        Kind::Binary => Some(socket.send_with_u8_array(&self.buffer)),
                    };
                }
                Step::Until(due) => return Some(due),
                // The buffer has no event; it is looked at again after a turn of the other events.
                Step::ForBuffer => return Some(at),
                Step::ForEvent => return None,
            }
        }
        Some(now())
    }

    fn received(&mut self, connection: u32, event: &MessageEvent) -> Phase {
        let at = event.time_stamp();
        match event.data().dyn_into::<JsString>() {
            Ok(text) => self.run.received(connection, Kind::Text, String::from(text).as_bytes(), at),
            Err(buffer) => {
                let bytes = Uint8Array::new(&buffer);
                self.buffer.resize(bytes.length() as usize, 0);
                bytes.copy_to(&mut self.buffer);
                self.run.received(connection, Kind::Binary, &self.buffer, at);
            }
        }
        self.run.phase(now())
    }
}

/// Why a connection ended, as far as a browser tells.
fn ending(event: &CloseEvent) -> String {
    match (event.code(), event.reason()) {
        (1006, _) => "a connection did not open, or was cut (close code 1006)".to_owned(),
        (code, reason) if reason.is_empty() => format!("the server closed a connection with code {code}"),
        (code, reason) => format!("the server closed a connection with code {code}: {reason}"),
    }
}
