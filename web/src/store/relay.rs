//! Connections through the relay of the page's own server, and why connections fail. Code that is loaded after the start.

use js_sys::{Array, Function, Uint8Array};
use model::why::{Attempt, Told, Why};
use model::{ConnectionId, ConnectionMsg, Loaded, Msg, SocketEvent, SocketId};
use wasm_bindgen::{JsCast, JsValue};
use worker::protocol::{decode, encode};

use super::Store;
use crate::browser::task::Task;
use crate::socket_handle::{Relayed, SocketHandle};

/// What a rejected promise says where the program could not be loaded, which is no text of it.
const NOT_LOADED: &str = "a part of the page could not be loaded: try again, or reload the page";

impl Store {
    /// Asks `web/relay` for the way to the relay, and connects.
    pub(super) fn open_through(
        &mut self,
        connection: ConnectionId,
        socket: SocketId,
        url: &str,
        subprotocols: &[String],
        loaded: Loaded,
    ) {
        self.release(connection);
        let stored = self.workbench.connection(connection).map(|known| known.setup().relay.clone());
        let names: Array = subprotocols.iter().map(JsValue::from).collect();
        let arguments =
            Array::of4(&connection.number().into(), &url.into(), &names, &stored.unwrap_or_default().into());
        let way = self.relay.clone().ask("connect", arguments);
        let handle = self.handle.clone();
        let task = Task::spawn(async move {
            let way = way.await;
            handle.update_silently(move |store| match way {
                Ok(way) => store.open_relayed(connection, socket, &way.unchecked_into(), loaded),
                Err(why) => {
                    let refused = SocketEvent::Refused(why.as_string().unwrap_or_else(|| NOT_LOADED.to_owned()));
                    store.dispatch(Msg::Connection(connection, ConnectionMsg::Socket(socket, refused)));
                }
            });
        });
        self.set_task(connection, task);
    }

    /// `way` has the relay's URL, the first message, and what reads its texts.
    fn open_relayed(&mut self, connection: ConnectionId, socket: SocketId, way: &Array, loaded: Loaded) {
        let [url, request] = [0, 1].map(|index| way.get(index).as_string().unwrap_or_default());
        let read: Function = way.get(2).unchecked_into();
        let (handle, told) = (self.handle.clone(), self.handle.clone());
        let report = move |at, event| {
            let msg = Msg::Connection(connection, ConnectionMsg::Socket(socket, event));
            handle.update_silently(move |store| store.dispatch_at(at, msg));
        };
        let on_event = Box::new(move |at, text: &str| {
            for one in read.call1(&JsValue::NULL, &text.into()).map(|post| told_in(&post)).unwrap_or_default() {
                let msg = Msg::Connection(connection, ConnectionMsg::Relayed(socket, one));
                told.update_silently(move |store| store.dispatch_at(at, msg));
            }
        });
        let opened = SocketHandle::open_relayed(&self.worker, &url, report, Relayed { request, on_event, loaded });
        self.sockets.push((connection, opened));
    }

    /// Asks `web/relay`, and gives the model what was found.
    pub(super) fn diagnose(&mut self, connection: ConnectionId, socket: SocketId, mut attempt: Attempt) {
        attempt.was_cached = self.was_cached;
        let mut post = Vec::new();
        encode(&attempt, &mut post);
        let answer = self.relay.clone().ask("diagnose", Array::of1(&Uint8Array::from(&*post)));
        let handle = self.handle.clone();
        let task = Task::spawn(async move {
            let why = answer.await.ok().and_then(|post| why_in(&post)).map(Box::new);
            let msg = Msg::Connection(connection, ConnectionMsg::Diagnosed(socket, why));
            handle.update(move |store| store.dispatch(msg));
        });
        self.set_task(connection, task);
    }

    /// The connection was removed.
    pub(super) fn forget(&mut self, connection: ConnectionId) {
        self.tasks.retain(|(id, _)| *id != connection);
        if self.relay.is_loaded() {
            let forgetting = self.relay.clone().run("forget", Array::of1(&connection.number().into()));
            self.set_task(connection, Task::spawn(async move { drop(forgetting.await) }));
        }
    }

    fn set_task(&mut self, connection: ConnectionId, task: Task) {
        self.tasks.retain(|(id, _)| *id != connection);
        self.tasks.push((connection, task));
    }
}

/// In a post of `web/relay`.
fn told_in(post: &JsValue) -> Vec<Told> {
    decode(&Uint8Array::new(post).to_vec()).next().and_then(Result::ok).unwrap_or_default()
}

/// The same; `None` where it knows nothing.
fn why_in(post: &JsValue) -> Option<Why> {
    decode(&Uint8Array::new(post).to_vec()).next()?.ok()
}
