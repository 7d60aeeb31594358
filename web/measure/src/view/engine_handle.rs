//! The view's end of the port to the engine, which runs in a worker of its own.

use std::cell::RefCell;

use dom::Handle;
use gloo_events::EventListener;
use js_sys::{Array, ArrayBuffer, Uint8Array};
use measure::protocol::{Command, Event, decode, encode};
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use web_sys::{MessageChannel, MessageEvent, MessagePort, Worker, WorkerOptions, WorkerType};

use super::Measure;

/// Starts a program in a worker; Trunk puts it beside the page.
const LOADER: &str = "worker.js";

pub(super) struct EngineHandle {
    /// Where the program's JavaScript is.
    glue: String,
    handle: Handle<Measure>,
    running: RefCell<Option<Running>>,
}

struct Running {
    worker: Worker,
    port: MessagePort,
    /// The worker's end, in which commands wait until it is ready.
    waiting: RefCell<Option<MessagePort>>,
    _listeners: [EventListener; 3],
}

impl EngineHandle {
    pub(super) fn start(glue: String, handle: Handle<Measure>) -> Self {
        let engine = Self { glue, handle, running: RefCell::default() };
        engine.restart_if_failed();
        engine
    }

    /// Does nothing while it runs.
    pub(super) fn restart_if_failed(&self) {
        if self.running.borrow().is_none() {
            self.running.replace(Running::start(&self.glue, &self.handle));
        }
    }

    /// Ends all that it does.
    pub(super) fn restart(&self) {
        self.running.replace(None);
        self.restart_if_failed();
    }

    pub(super) fn post(&self, command: &Command) {
        if let Some(running) = &*self.running.borrow() {
            let buffer: ArrayBuffer = Uint8Array::from(&*encode(command)).buffer();
            // It fails only for what cannot be cloned or transferred.
            let _ = running.port.post_message_with_transferable(&buffer, &Array::of1(&buffer));
        }
    }

    fn is_ready(&self) {
        if let Some(running) = &*self.running.borrow()
            && let Some(port) = running.waiting.take()
        {
            let _ = running.worker.post_message_with_transfer(&JsValue::NULL, &Array::of1(&port));
        }
    }

    fn has_failed(&self) -> &'static str {
        match self.running.take() {
            Some(failed) if failed.waiting.borrow().is_some() => {
                "the part of the page that measures could not be started: reload the page"
            }
            _ => "the part of the page that measures has failed: start again",
        }
    }
}

impl Running {
    fn start(glue: &str, handle: &Handle<Measure>) -> Option<Self> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(LOADER, &options).ok()?;
        // The browser has compiled it already.
        worker.post_message(&Array::of2(&glue.into(), &wasm_bindgen::module())).ok()?;
        let channel = MessageChannel::new().expect_throw("its constructor does not throw");
        let (ready, failed, posted) = (handle.clone(), handle.clone(), handle.clone());
        let port = channel.port1();
        let listeners = [
            EventListener::new(&worker, "message", move |_| ready.update(|measure| measure.engine.is_ready())),
            EventListener::new(&worker, "error", move |_| {
                failed.update(|measure| measure.failure = measure.engine.has_failed());
            }),
            EventListener::new(&port, "message", move |event| {
                let post = Uint8Array::new(&event.unchecked_ref::<MessageEvent>().data()).to_vec();
                // The same program has written it.
                let event: Event = decode(&post).ok().expect_throw("an unreadable event");
                posted.update(move |measure| measure.on_event(event));
            }),
        ];
        // Unlike `onmessage`, a listener does not start the port.
        port.start();
        Some(Self { worker, port, waiting: RefCell::new(Some(channel.port2())), _listeners: listeners })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
        self.port.close();
    }
}
