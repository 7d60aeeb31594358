//! The page's end of the port to its worker, in which the sockets and the timer live (`web/worker`). Where no worker
//! starts, or when it fails, the same code runs in the window.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use gloo_utils::document;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{MessageChannel, MessageEvent, MessagePort, Worker, WorkerOptions, WorkerType, console};
use worker::Engine;
use worker::protocol::{Command, DecodeError, Event, SocketKey, SocketReport, decode, encode};

/// What starts the page's WebAssembly in a worker. Trunk puts it beside the page.
pub(crate) const LOADER: &str = "worker.js";
/// Time limit for the worker to start, after which the window does its work: its files may never arrive.
const START_LIMIT_MS: u32 = 3000;

/// One for all sockets, because a worker takes longer to start than a handshake.
#[derive(Clone)]
pub struct WorkerHandle(Rc<Inner>);

struct Inner {
    port: RefCell<Port>,
    /// Empty only while it changes.
    host: Cell<Option<EngineHost>>,
    /// How many sockets were ever opened.
    opened: Cell<u32>,
    sockets: RefCell<Vec<(SocketKey, Rc<dyn SocketListener>)>>,
    on_alarm: Box<dyn Fn()>,
}

/// Gets the events of one socket.
pub(crate) trait SocketListener {
    fn on_report(&self, event: SocketReport<'_>);

    /// The worker failed, and the socket with it.
    fn on_worker_failure(&self);
}

/// The page's end of a channel.
struct Port {
    port: MessagePort,
    _listener: EventListener,
}

/// Where the other end is.
enum EngineHost {
    /// Commands wait in that end until the worker is ready.
    Starting {
        worker: Worker,
        engine_port: MessagePort,
        listeners: [EventListener; 3],
        _limit: Timeout,
    },
    Worker {
        worker: Worker,
        _listeners: [EventListener; 3],
    },
    Window {
        _engine: Engine,
    },
}

impl WorkerHandle {
    /// Starts the worker; `on_alarm` is called at each time set by [`Self::wake_after`].
    pub fn start(on_alarm: impl Fn() + 'static) -> Self {
        let glue = document().query_selector("script[data-glue]").ok().flatten();
        match glue.and_then(|script| script.get_attribute("data-glue")) {
            Some(glue) => Self::start_with(LOADER, &glue, on_alarm),
            None => Self::in_window(on_alarm),
        }
    }

    /// As [`Self::start`], with that loader, which imports that glue.
    pub fn start_with(loader: &str, glue: &str, on_alarm: impl Fn() + 'static) -> Self {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let Ok(worker) = Worker::new_with_options(loader, &options) else { return Self::in_window(on_alarm) };
        // The browser has compiled it already.
        let program = Array::of2(&glue.into(), &wasm_bindgen::module());
        if worker.post_message(&program).is_err() {
            return Self::in_window(on_alarm);
        }
        Self::new(on_alarm, |engine_port, inner| {
            let listeners = [
                EventListener::new(&worker, "message", on(inner, Inner::worker_is_ready)),
                EventListener::new(&worker, "error", on(inner, |inner, _| inner.worker_has_failed())),
                EventListener::new(&worker, "messageerror", on(inner, |inner, _| inner.worker_has_failed())),
            ];
            let limit = timeout(inner, START_LIMIT_MS, Inner::worker_has_failed);
            EngineHost::Starting { worker, engine_port, listeners, _limit: limit }
        })
    }

    /// Without a worker.
    pub fn in_window(on_alarm: impl Fn() + 'static) -> Self {
        Self::new(on_alarm, |engine_port, _| EngineHost::Window { _engine: Engine::new(engine_port) })
    }

    fn new(on_alarm: impl Fn() + 'static, host: impl FnOnce(MessagePort, &Weak<Inner>) -> EngineHost) -> Self {
        Self(Rc::new_cyclic(|inner| {
            let (port, engine_port) = channel(inner);
            Inner {
                port: port.into(),
                host: Some(host(engine_port, inner)).into(),
                opened: Cell::default(),
                sockets: RefCell::default(),
                on_alarm: Box::new(on_alarm),
            }
        }))
    }

    /// Calls `on_alarm` of [`Self::start`] after this time, in place of the time set before.
    pub fn wake_after(&self, milliseconds: u32) {
        self.post(&Command::Wake(milliseconds));
    }

    /// Opens a socket that reports to what is made for its key.
    pub(crate) fn open(
        &self,
        url: &str,
        subprotocols: Vec<&str>,
        listener: impl FnOnce(SocketKey) -> Rc<dyn SocketListener>,
    ) -> SocketKey {
        let socket = SocketKey(self.0.opened.get());
        self.0.opened.set(socket.0 + 1);
        self.0.sockets.borrow_mut().push((socket, listener(socket)));
        self.post(&Command::Open { socket, url, subprotocols });
        socket
    }

    /// Ends a socket. What was posted to it and is too late to be sent is still reported.
    pub(crate) fn drop_socket(&self, socket: SocketKey) {
        self.post(&Command::Drop(socket));
    }

    pub(crate) fn post(&self, command: &Command<'_>) {
        self.0.port.borrow().post(command);
    }
}

impl Inner {
    fn on_post(self: &Rc<Self>, event: &web_sys::Event) {
        let post = Uint8Array::new(&event.unchecked_ref::<MessageEvent>().data()).to_vec();
        for event in decode(&post) {
            match event {
                Err(DecodeError) => {
                    console::error_1(&"the worker has posted an unreadable event".into());
                    self.worker_has_failed();
                }
                Ok(Event::Woken) => (self.on_alarm)(),
                Ok(Event::Socket(socket, SocketReport::BatchEnd)) => self.port.borrow().post(&Command::Resume(socket)),
                Ok(Event::Socket(socket, SocketReport::Released)) => {
                    self.sockets.borrow_mut().retain(|(key, _)| *key != socket)
                }
                Ok(Event::Socket(socket, event)) => {
                    if let Some(listener) = self.listener(socket) {
                        listener.on_report(event);
                    }
                }
            }
        }
    }

    fn listener(&self, socket: SocketKey) -> Option<Rc<dyn SocketListener>> {
        self.sockets.borrow().iter().find(|(key, _)| *key == socket).map(|(_, listener)| Rc::clone(listener))
    }

    /// Transfers the port to the worker, with the commands that were posted meanwhile.
    fn worker_is_ready(self: &Rc<Self>, _: &web_sys::Event) {
        let host = self.host.take().map(|host| match host {
            EngineHost::Starting { worker, engine_port, listeners, .. } => {
                let _ = worker.post_message_with_transfer(&JsValue::NULL, &Array::of1(&engine_port));
                EngineHost::Worker { worker, _listeners: listeners }
            }
            host => host,
        });
        self.host.set(host);
    }

    /// It never started, or has panicked. New sockets and the timer live in the window.
    fn worker_has_failed(self: &Rc<Self>) {
        match self.host.take() {
            Some(EngineHost::Starting { worker, engine_port, .. }) => {
                worker.terminate();
                self.host.set(Some(EngineHost::Window { _engine: Engine::new(engine_port) }));
            }
            Some(EngineHost::Worker { worker, .. }) => {
                worker.terminate();
                self.replace_failed_worker();
            }
            host => self.host.set(host),
        }
    }

    fn replace_failed_worker(self: &Rc<Self>) {
        let (port, engine_port) = channel(&Rc::downgrade(self));
        self.port.replace(port);
        self.host.set(Some(EngineHost::Window { _engine: Engine::new(engine_port) }));
        let lost = std::mem::take(&mut *self.sockets.borrow_mut());
        lost.iter().for_each(|(_, socket)| socket.on_worker_failure());
        // Its timer was in the failed worker.
        (self.on_alarm)();
    }
}

impl Port {
    fn post(&self, command: &Command<'_>) {
        let mut bytes = Vec::new();
        encode(command, &mut bytes);
        let buffer: ArrayBuffer = Uint8Array::from(&*bytes).buffer();
        // It fails only for what cannot be cloned or transferred.
        let _ = self.port.post_message_with_transferable(&buffer, &Array::of1(&buffer));
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.port.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        match self.host.take() {
            Some(EngineHost::Starting { worker, .. } | EngineHost::Worker { worker, .. }) => worker.terminate(),
            Some(EngineHost::Window { .. }) | None => {}
        }
    }
}

/// This end of a new channel, and the other one.
fn channel(inner: &Weak<Inner>) -> (Port, MessagePort) {
    let channel = MessageChannel::new().expect_throw("its constructor does not throw");
    let port = channel.port1();
    let listener = EventListener::new(&port, "message", on(inner, |inner, event| inner.on_post(event)));
    // Unlike `onmessage`, a listener does not start the port.
    port.start();
    (Port { port, _listener: listener }, channel.port2())
}

fn on(inner: &Weak<Inner>, act: fn(&Rc<Inner>, &web_sys::Event)) -> impl FnMut(&web_sys::Event) + 'static {
    let inner = Weak::clone(inner);
    move |event| {
        if let Some(inner) = inner.upgrade() {
            act(&inner, event);
        }
    }
}

fn timeout(inner: &Weak<Inner>, milliseconds: u32, act: fn(&Rc<Inner>)) -> Timeout {
    let inner = Weak::clone(inner);
    Timeout::new(milliseconds, move || {
        if let Some(inner) = inner.upgrade() {
            act(&inner);
        }
    })
}
