//! Owns the workbench, the sockets, the frame to come and what is to be kept: takes in what happens, runs the effects,
//! tells the view. It never tells the view of socket events more than once a frame.

use gloo_timers::callback::Timeout;
use gloo_utils::window;
use model::{ConnectionId, ConnectionMsg, Document, Effect, Msg, Time, Workbench};

use crate::browser::frame::Frame;
use crate::browser::listener::Listener;
use crate::browser::{clock, storage};
use crate::dom::Handle;
use crate::pacer::Pacer;
use crate::page::Page;
use crate::socket::Socket;
use crate::start;

/// Bytes that the filter may look through in one frame.
const SCAN: usize = 4 << 20;
/// How long what waits to be sent waits for a look at the browser's buffer at most, in milliseconds.
const LOOK_AFTER: f64 = 50.0;
/// How long what is to be kept waits for more of the kind, in milliseconds.
const KEEP_AFTER: u32 = 300;

/// The page's state but for what only the view needs to know.
pub(crate) struct Store {
    workbench: Workbench,
    /// Those that the workbench knows of.
    sockets: Vec<(ConnectionId, Socket)>,
    /// When the view is told of what sockets have reported.
    frame: Frame,
    /// Wakes the workbench at the times of its choice.
    pacer: Option<Pacer>,
    /// What has changed and is not kept yet.
    unkept: Vec<Document>,
    /// When it is.
    keeping: Option<Timeout>,
    /// It is kept at once when the page is left.
    _leaving: Listener,
    /// What another tab keeps or forgets is taken over.
    _elsewhere: Listener,
    /// For what happens later.
    page: Handle<Page>,
}

impl Store {
    /// The page's state as it was left, with that address in the first connection.
    pub(crate) fn new(address: String, page: Handle<Page>) -> Self {
        let (woken, drawn, left, elsewhere) = (page.clone(), page.clone(), page.clone(), page.clone());
        Self {
            workbench: start::workbench(address),
            sockets: Vec::new(),
            frame: Frame::new(move || drawn.act(|page| page.store.frame())),
            pacer: Pacer::new(move || woken.note(|page| page.store.wake())),
            unkept: Vec::new(),
            keeping: None,
            _leaving: Listener::new(&window(), "pagehide", move |_| left.note(|page| page.store.keep())),
            _elsewhere: Listener::new(&window(), "storage", move |_| elsewhere.act(|page| page.store.take_over())),
            page,
        }
    }

    pub(crate) fn workbench(&self) -> &Workbench {
        &self.workbench
    }

    /// Takes in what the person does.
    pub(crate) fn dispatch(&mut self, msg: Msg) {
        self.report(clock::now(), msg);
    }

    /// Takes in what has happened at that time. The view follows with the next frame at the latest: there may be
    /// thousands until then.
    fn report(&mut self, at: Time, msg: Msg) {
        self.update(at, msg);
        self.frame.ask();
    }

    /// The time has come that the workbench wanted to be woken at. Background tabs have no frames, so that this looks
    /// after the sockets, too.
    fn wake(&mut self) {
        self.pacer.as_mut().map(Pacer::rung);
        self.look_at_sockets();
        self.report(clock::now(), Msg::Tick);
    }

    /// As long as something waits to be sent, no event tells how much: each frame looks. And the filter goes on.
    fn frame(&mut self) {
        self.frame.come();
        let more_waits = self.look_at_sockets();
        let more_to_scan = self.scan();
        if more_waits || more_to_scan {
            self.frame.ask();
        }
    }

    /// Lets the filter of the connection that is seen go on, and tells whether it has more to do.
    fn scan(&mut self) -> bool {
        let id = self.workbench.shown().id();
        self.update(clock::now(), Msg::Connection(id, ConnectionMsg::Scan { bytes: SCAN }));
        self.workbench.shown().filter().left(self.workbench.shown().log()) > 0
    }

    /// Tells the workbench how much waits in the browser, and whether anything does.
    fn look_at_sockets(&mut self) -> bool {
        let amounts: Vec<_> = self.sockets.iter().map(|(id, socket)| (*id, socket.buffered_amount())).collect();
        let mut any = false;
        for (id, buffered) in amounts {
            any |= buffered > 0;
            self.update(clock::now(), Msg::Connection(id, ConnectionMsg::Buffered(buffered)));
        }
        any
    }

    /// What the browser does not keep now is offered to it again together with what changes next.
    fn keep(&mut self) {
        self.keeping = None;
        let mut kept = Ok(());
        self.unkept.retain(|&document| {
            let result = storage::keep(document.key(), &self.workbench.document(document));
            kept = kept.and(result);
            result.is_err()
        });
        self.report(clock::now(), Msg::Persisted(kept));
    }

    /// Else two tabs would undo what the other one keeps, and keep what it has forgotten.
    fn take_over(&mut self) {
        for document in Document::ALL {
            if document == Document::Setups || self.unkept.contains(&document) {
                continue;
            }
            match storage::read(document.key()) {
                Some(text) if text == self.workbench.document(document) => {}
                Some(text) => {
                    // What is wrong with it is shown.
                    let _ = self.workbench.restore(document, &text);
                }
                None => self.workbench.forget_document(document),
            }
        }
    }

    fn update(&mut self, at: Time, msg: Msg) {
        self.run_all(at, msg);
        self.set_pacer();
    }

    fn run_all(&mut self, at: Time, msg: Msg) {
        for effect in self.workbench.update(at, msg) {
            if let Some(report) = self.run(effect) {
                self.run_all(at, report);
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
    fn run(&mut self, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Open { connection, socket, url, subprotocols } => {
                let page = self.page.clone();
                let report = move |at, event| {
                    let msg = Msg::Connection(connection, ConnectionMsg::Socket(socket, event));
                    page.note(move |page| page.store.report(at, msg));
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
            Effect::Persist(document) => {
                if !self.unkept.contains(&document) {
                    self.unkept.push(document);
                }
                let page = &self.page;
                self.keeping.get_or_insert_with(|| {
                    let page = page.clone();
                    Timeout::new(KEEP_AFTER, move || page.note(|page| page.store.keep()))
                });
            }
            Effect::ClearStorage => {
                self.unkept.clear();
                for document in Document::ALL {
                    storage::forget(document.key());
                    storage::forget(&document.quarantine_key());
                }
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
