//! Owns the model, the socket and the frame to come: takes in what happens, runs the effects, tells the view. It never
//! tells the view of socket events more than once a frame.

use gloo_render::{AnimationFrame, request_animation_frame};
use leptos::prelude::*;
use model::{Effect, Model, Msg, Time};

use crate::clock;
use crate::socket::Socket;

/// The view's handle of the page's state.
#[derive(Clone, Copy)]
pub(crate) struct Store {
    inner: StoredValue<Inner, LocalStorage>,
    /// Bumped when the model may have changed.
    changed: Trigger,
}

struct Inner {
    model: Model,
    /// The socket that the model knows of, while it has one.
    socket: Option<Socket>,
    /// When the view is told of what sockets have reported.
    frame: Option<AnimationFrame>,
}

impl Store {
    pub(crate) fn new(model: Model) -> Self {
        Self { inner: StoredValue::new_local(Inner { model, socket: None, frame: None }), changed: Trigger::new() }
    }

    /// Reads the model and follows it.
    pub(crate) fn with<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        self.changed.track();
        self.with_untracked(read)
    }

    /// Reads the model as it is now.
    pub(crate) fn with_untracked<T>(self, read: impl FnOnce(&Model) -> T) -> T {
        self.inner.with_value(|inner| read(&inner.model))
    }

    /// One fact of the model, which tells its readers only when it differs.
    pub(crate) fn fact<T>(self, read: impl Fn(&Model) -> T + Send + Sync + 'static) -> Memo<T>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.with(&read))
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
        self.inner.try_update_value(|inner| inner.update(self, at, msg));
    }

    fn request_frame(self) {
        self.inner.try_update_value(|inner| {
            inner.frame.get_or_insert_with(|| request_animation_frame(move |_| self.frame()));
        });
    }

    /// As long as something waits to be sent, no event tells how much: each frame looks.
    fn frame(self) {
        let buffered = self.inner.try_update_value(|inner| {
            inner.frame = None;
            inner.socket.as_ref().map_or(0, Socket::buffered_amount)
        });
        let Some(buffered) = buffered else { return };
        self.update(clock::now(), Msg::Buffered(buffered));
        self.changed.notify();
        if buffered > 0 {
            self.request_frame();
        }
    }
}

impl Inner {
    fn update(&mut self, store: Store, at: Time, msg: Msg) {
        for effect in self.model.update(at, msg) {
            if let Some(report) = self.run(store, effect) {
                self.update(store, at, report);
            }
        }
    }

    /// Runs an effect; what became of it, where the model wants to know.
    fn run(&mut self, store: Store, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Open { id, url, subprotocols } => {
                let report = move |at, event| store.report(at, Msg::Socket(id, event));
                match Socket::open(&url, &subprotocols, report) {
                    Ok(socket) => self.socket = Some(socket),
                    Err(why) => return Some(Msg::NotConnected(why)),
                }
                None
            }
            Effect::Send(payload) => {
                let sent = self.socket.as_ref().is_some_and(|socket| socket.send(&payload).is_ok());
                Some(if sent { Msg::Sent(payload) } else { Msg::NotSent(payload) })
            }
            Effect::Close(frame) => {
                if let Some(socket) = &self.socket {
                    socket.close(&frame);
                }
                None
            }
            Effect::Release => {
                self.socket = None;
                None
            }
        }
    }
}
