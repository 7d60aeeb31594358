//! Owns the workbench (the model) and everything that runs its effects: sockets, the timer, local storage.
//!
//! Everything that happens comes in as a `Msg`; [`Workbench::update`] returns effects; running an effect may give another
//! `Msg`. A person's action is rendered at once by its listener. Socket events arrive by the thousand: they
//! change the workbench silently, and one animation frame renders them together.

mod matcher;
mod persistence;
mod relay;
mod restore;

use dom::PartHandle;
use gloo_events::EventListener;
use gloo_render::{AnimationFrame, request_animation_frame};
use gloo_utils::window;
use model::{ConnectionId, ConnectionMsg, Document, Effect, Entry, Msg, Time, Workbench};

use wasm_bindgen::JsCast;
use web_sys::PageTransitionEvent;

use self::matcher::Matcher;
use self::persistence::Persistence;
use crate::alarm::Alarm;
use crate::browser::clock;
use crate::browser::task::Task;
use crate::deferred::Deferred;
use crate::relay_handle::RelayHandle;
use crate::socket_handle::SocketHandle;
use crate::worker_handle::WorkerHandle;

/// Bytes of log that the filter searches in a frame.
const SCAN_BYTES_PER_FRAME: usize = 4 << 20;

pub(crate) struct Store {
    workbench: Workbench,
    /// At most one for each connection.
    sockets: Vec<(ConnectionId, SocketHandle)>,
    /// The next animation frame, if it has been requested. It renders what the sockets have reported.
    frame: Option<AnimationFrame>,
    worker: WorkerHandle,
    /// Gives the workbench `Msg::Tick` at the time of its choice.
    alarm: Alarm,
    matcher: Matcher,
    relay: RelayHandle,
    /// Ask the relay's program something; at most one for each connection.
    tasks: Vec<(ConnectionId, Task)>,
    /// Whether the browser has kept the page in its back/forward cache since it was loaded.
    was_cached: bool,
    persistence: Persistence,
    _pageshow: EventListener,
    _pagehide: EventListener,
    _storage_event: EventListener,
    handle: PartHandle<Self>,
}

impl Store {
    /// Restores the workbench. `address` is for a connection that has none saved.
    pub(crate) fn new(address: String, relay: RelayHandle, handle: PartHandle<Self>) -> Self {
        let [tick, save, pageshow, pagehide, storage_event] = std::array::from_fn(|_| handle.clone());
        let worker = WorkerHandle::start(move || tick.update_silently(Self::tick));
        Self {
            workbench: restore::restore(address),
            sockets: Vec::new(),
            frame: None,
            alarm: Alarm::new(worker.clone()),
            worker,
            matcher: Matcher::default(),
            relay,
            tasks: Vec::new(),
            was_cached: false,
            _pageshow: EventListener::new(&window(), "pageshow", move |event| {
                let event: &PageTransitionEvent = event.unchecked_ref();
                let was_cached = event.persisted();
                pageshow.update_silently(move |store| store.was_cached |= was_cached);
            }),
            persistence: Persistence::new(move || save.update_silently(Self::save)),
            _pagehide: EventListener::new(&window(), "pagehide", move |_| pagehide.update_silently(Self::save)),
            _storage_event: EventListener::new(&window(), "storage", move |_| storage_event.update(Self::load_changes)),
            handle,
        }
    }

    pub(crate) fn relay(&self) -> &RelayHandle {
        &self.relay
    }

    pub(crate) fn workbench(&self) -> &Workbench {
        &self.workbench
    }

    /// Runs what has waited for deferred code, or says that it will not come.
    pub(crate) fn deferred_loaded(&mut self, deferred: &Deferred) {
        if let Some(loaded) = deferred.loaded() {
            self.dispatch(Msg::DeferredLoaded(loaded));
        }
        self.matcher.deferred_loaded(deferred);
        self.match_next();
    }

    /// Handles an action of the person.
    pub(crate) fn dispatch(&mut self, msg: Msg) {
        self.dispatch_at(clock::now(), msg);
    }

    /// Handles an event of that time; the next frame renders it at the latest.
    fn dispatch_at(&mut self, at: Time, msg: Msg) {
        self.drive(at, msg);
        self.request_frame();
    }

    /// See [`Workbench::load`].
    pub(crate) fn load(&mut self, log: usize, entries: &[Entry<'_>]) {
        self.workbench.load(log, entries);
        self.request_frame();
    }

    fn request_frame(&mut self) {
        let handle = &self.handle;
        self.frame.get_or_insert_with(|| {
            let handle = handle.clone();
            request_animation_frame(move |_| handle.update(Self::frame))
        });
    }

    /// Called by the alarm.
    fn tick(&mut self) {
        self.alarm.unset();
        self.dispatch_at(clock::now(), Msg::Tick);
    }

    /// Called once in an animation frame. Asks for another one while the filter, which searches a part of the log at a
    /// time, has not searched all of it.
    fn frame(&mut self) {
        self.frame = None;
        if self.search() {
            self.request_frame();
        }
    }

    /// Lets the filter search on, and returns whether anything is left to search.
    fn search(&mut self) -> bool {
        let id = self.workbench.shown().id();
        self.drive(clock::now(), Msg::Connection(id, ConnectionMsg::Scan { bytes: SCAN_BYTES_PER_FRAME }));
        let (filter, log) = (self.workbench.shown().filter(), self.workbench.shown().log());
        // The next batch follows the answer to this one.
        filter.left(log) > 0 && !filter.is_waiting()
    }

    fn save(&mut self) {
        let result = self.persistence.save(|document| self.workbench.document(document));
        self.dispatch_at(clock::now(), Msg::Persisted(result));
    }

    /// Loads the changes and deletions of another tab. Otherwise the next save of this tab would undo them.
    /// Connections are left out: each tab has its own.
    fn load_changes(&mut self) {
        for document in Document::ALL {
            if document == Document::Setups || self.persistence.is_dirty(document) {
                continue;
            }
            match Persistence::load(document) {
                Some(text) if text == self.workbench.document(document) => {}
                Some(text) => restore::restore_document(&mut self.workbench, document, &text),
                None => self.workbench.clear_document(document),
            }
        }
    }

    /// Updates the workbench, applies the effects, and sets the timer to [`Workbench::due`].
    fn drive(&mut self, at: Time, msg: Msg) {
        self.update(at, msg);
        self.alarm.set(self.workbench.due(clock::now()));
    }

    fn update(&mut self, at: Time, msg: Msg) {
        for effect in self.workbench.update(at, msg) {
            if let Some(result) = self.apply(effect) {
                self.update(at, result);
            }
        }
    }

    /// Applies an effect, and returns its result if the workbench needs it.
    fn apply(&mut self, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Open { connection, socket, url, subprotocols } => {
                let handle = self.handle.clone();
                let report = move |at, event| {
                    let msg = Msg::Connection(connection, ConnectionMsg::Socket(socket, event));
                    handle.update_silently(move |store| store.dispatch_at(at, msg));
                };
                self.release(connection);
                let socket = SocketHandle::open(&self.worker, &url, &subprotocols, report);
                self.sockets.push((connection, socket));
            }
            Effect::OpenThrough { connection, socket, url, subprotocols } => {
                if let Some(loaded) = self.workbench.deferred() {
                    loaded.run(|| self.open_through(connection, socket, &url, &subprotocols, loaded));
                }
            }
            Effect::Diagnose { connection, socket, attempt } => {
                if let Some(loaded) = self.workbench.deferred() {
                    loaded.run(|| self.diagnose(connection, socket, *attempt));
                }
            }
            Effect::Send { connection, message } => {
                let socket = self.socket(connection);
                let sent = socket.is_some_and(|socket| socket.send(&message.payload).is_ok());
                let buffered = socket.map_or(0, SocketHandle::buffered_amount);
                let result =
                    if sent { ConnectionMsg::Sent { message, buffered } } else { ConnectionMsg::NotSent(message) };
                return Some(Msg::Connection(connection, result));
            }
            Effect::Close { connection, frame } => {
                if let Some(socket) = self.socket(connection) {
                    socket.close(&frame);
                }
            }
            Effect::Release(connection) => {
                self.release(connection);
                if let (None, Some(loaded)) = (self.workbench.connection(connection), self.workbench.deferred()) {
                    loaded.run(|| self.forget(connection));
                }
            }
            Effect::Match { connection, request } => self.match_later(connection, request),
            Effect::Persist(document) => self.persistence.mark_dirty(document),
            Effect::ClearStorage => self.persistence.clear(),
        }
        None
    }

    fn socket(&self, connection: ConnectionId) -> Option<&SocketHandle> {
        self.sockets.iter().find(|(id, _)| *id == connection).map(|(_, socket)| socket)
    }

    fn release(&mut self, connection: ConnectionId) {
        self.sockets.retain(|(id, _)| *id != connection);
    }
}
