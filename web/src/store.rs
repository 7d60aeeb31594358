//! Owns the workbench, the sockets, the frame to come and what is to be kept: takes in what happens, runs the effects,
//! tells the view. It never tells the view of socket events more than once a frame.

use gloo_render::{AnimationFrame, request_animation_frame};
use gloo_timers::callback::Timeout;
use leptos::prelude::*;
use model::{ConnectionId, ConnectionMsg, Document, Effect, Msg, Time, Workbench};

use crate::dynamic::text;
use crate::pacer::Pacer;
use crate::socket::Socket;
use crate::{clock, start, storage};

/// Bytes that the filter may look through in one frame.
const SCAN: usize = 4 << 20;
/// How long what waits to be sent waits for a look at the browser's buffer at most, in milliseconds.
const LOOK_AFTER: f64 = 50.0;
/// How long what is to be kept waits for more of the kind, in milliseconds.
const KEEP_AFTER: u32 = 300;

/// The view's handle of the page's state.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    inner: StoredValue<Inner, LocalStorage>,
    /// Bumped when the workbench may have changed.
    changed: Trigger,
}

struct Inner {
    workbench: Workbench,
    /// Those that the workbench knows of.
    sockets: Vec<(ConnectionId, Socket)>,
    /// When the view is told of what sockets have reported.
    frame: Option<AnimationFrame>,
    /// Wakes the workbench at the times of its choice.
    pacer: Option<Pacer>,
    /// What has changed and is not kept yet.
    unkept: Vec<Document>,
    /// When it is.
    keeping: Option<Timeout>,
}

impl Store {
    /// The page's state as it was left, with that address in the first connection.
    pub(crate) fn new(address: String) -> Self {
        let inner = Inner {
            workbench: start::workbench(address),
            sockets: Vec::new(),
            frame: None,
            pacer: None,
            unkept: Vec::new(),
            keeping: None,
        };
        let store = Self { inner: StoredValue::new_local(inner), changed: Trigger::new() };
        store.inner.update_value(|inner| inner.pacer = Pacer::new(move || store.wake()));
        store
    }

    /// Reads the workbench and follows it.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Workbench) -> T) -> T {
        self.changed.track();
        self.with_untracked(read)
    }

    /// Reads the workbench as it is now.
    pub(crate) fn with_untracked<T>(self, read: impl FnOnce(&Workbench) -> T) -> T {
        self.inner.with_value(|inner| read(&inner.workbench))
    }

    /// One fact of the workbench, which tells its readers only when it differs.
    pub(crate) fn fact<T>(self, read: impl Fn(&Workbench) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.with(&read))
    }

    /// A text about the workbench.
    pub(crate) fn text(self, read: impl Fn(&Workbench) -> String + Send + Sync + 'static) -> Signal<String> {
        text(move || self.with(&read))
    }

    /// Takes in what the person does. The view follows at once, so that a field never shows what it held before.
    pub(crate) fn dispatch(self, msg: Msg) {
        self.update(clock::now(), msg);
        self.changed.notify();
        self.request_frame();
    }

    /// Takes in what a socket reports. The view follows with the next frame: there may be thousands until then.
    fn report(self, at: Time, msg: Msg) {
        self.update(at, msg);
        self.request_frame();
    }

    /// Does nothing once the page is gone, as a frame or an event may come a moment later.
    fn update(self, at: Time, msg: Msg) {
        self.inner.try_update_value(|inner| {
            inner.update(self, at, msg);
            inner.set_pacer();
        });
    }

    /// The time has come that the workbench wanted to be woken at. Background tabs have no frames, so that this looks
    /// after the sockets, too.
    fn wake(self) {
        self.inner.try_update_value(|inner| inner.pacer.as_mut().map(Pacer::rung));
        self.look_at_sockets();
        self.report(clock::now(), Msg::Tick);
    }

    fn request_frame(self) {
        self.inner.try_update_value(|inner| {
            inner.frame.get_or_insert_with(|| request_animation_frame(move |_| self.frame()));
        });
    }

    /// As long as something waits to be sent, no event tells how much: each frame looks. And the filter goes on.
    fn frame(self) {
        if self.inner.try_update_value(|inner| inner.frame = None).is_none() {
            return;
        }
        let more_waits = self.look_at_sockets();
        let more_to_scan = self.scan();
        self.changed.notify();
        if more_waits || more_to_scan {
            self.request_frame();
        }
    }

    /// Lets the filter of the connection that is seen go on, and tells whether it has more to do.
    fn scan(self) -> bool {
        let id = self.with_untracked(|workbench| workbench.shown().id());
        self.update(clock::now(), Msg::Connection(id, ConnectionMsg::Scan { bytes: SCAN }));
        self.with_untracked(|workbench| workbench.shown().filter().left(workbench.shown().log()) > 0)
    }

    /// Tells the workbench how much waits in the browser, and whether anything does.
    fn look_at_sockets(self) -> bool {
        let amounts = self.inner.try_update_value(|inner| {
            inner.sockets.iter().map(|(id, socket)| (*id, socket.buffered_amount())).collect::<Vec<_>>()
        });
        let mut any = false;
        for (id, buffered) in amounts.unwrap_or_default() {
            any |= buffered > 0;
            self.update(clock::now(), Msg::Connection(id, ConnectionMsg::Buffered(buffered)));
        }
        any
    }

    fn keep(self) {
        self.inner.try_update_value(|inner| {
            inner.keeping = None;
            for document in std::mem::take(&mut inner.unkept) {
                // Without storage the page works all the same, it only starts anew each time.
                let _ = storage::keep(document.key(), &inner.workbench.document(document));
            }
        });
    }
}

impl Inner {
    fn update(&mut self, store: Store, at: Time, msg: Msg) {
        for effect in self.workbench.update(at, msg) {
            if let Some(report) = self.run(store, effect) {
                self.update(store, at, report);
            }
        }
    }

    fn set_pacer(&mut self) {
        let now = clock::now();
        let mut due = self.workbench.due(now);
        // What waits for the browser goes on in a background tab, too, where there are no frames.
        if self.workbench.connections().iter().any(|connection| !connection.outbox().is_empty()) {
            let look = now.after(LOOK_AFTER);
            due = Some(due.filter(|due| *due < look).unwrap_or(look));
        }
        if let Some(pacer) = &mut self.pacer {
            pacer.set(due);
        }
    }

    /// Runs an effect; what became of it, where the workbench wants to know.
    fn run(&mut self, store: Store, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Open { connection, socket, url, subprotocols } => {
                let report = move |at, event| {
                    store.report(at, Msg::Connection(connection, ConnectionMsg::Socket(socket, event)));
                };
                self.release(connection);
                match Socket::open(&url, &subprotocols, report) {
                    Ok(socket) => self.sockets.push((connection, socket)),
                    Err(why) => return Some(Msg::Connection(connection, ConnectionMsg::NotConnected(why))),
                }
            }
            Effect::Send { connection, message } => {
                let socket = self.socket(connection);
                let sent = socket.is_some_and(|socket| socket.send(&message.payload).is_ok());
                let buffered = socket.map_or(0, Socket::buffered_amount);
                let became =
                    if sent { ConnectionMsg::Sent { message, buffered } } else { ConnectionMsg::NotSent(message) };
                return Some(Msg::Connection(connection, became));
            }
            Effect::Close { connection, frame } => {
                if let Some(socket) = self.socket(connection) {
                    socket.close(&frame);
                }
            }
            Effect::Release(connection) => self.release(connection),
            Effect::Keep(document) => {
                if !self.unkept.contains(&document) {
                    self.unkept.push(document);
                }
                self.keeping.get_or_insert_with(|| Timeout::new(KEEP_AFTER, move || store.keep()));
            }
            Effect::Forget => {
                self.unkept.clear();
                Document::ALL.iter().for_each(|document| storage::forget(document.key()));
            }
        }
        None
    }

    fn socket(&self, connection: ConnectionId) -> Option<&Socket> {
        self.sockets.iter().find(|(id, _)| *id == connection).map(|(_, socket)| socket)
    }

    fn release(&mut self, connection: ConnectionId) {
        self.sockets.retain(|(id, _)| *id != connection);
    }
}
