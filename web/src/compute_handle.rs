//! The page's end of the port to its compute worker (`web/compute`): code that is loaded when it is first needed, and what
//! takes longer than a frame.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::{Rc, Weak};

use compute::protocol::{Request, Response, decode, encode};
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use gloo_utils::document;
use js_sys::{Array, ArrayBuffer, Function, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, MessageChannel, MessageEvent, MessagePort, Worker, WorkerOptions, WorkerType};

use crate::worker_handle::LOADER;

/// A worker that has not started by then is given up.
const START_LIMIT_MS: u32 = 10_000;

/// The compute worker. It starts with the first request, and again with the next one after it has failed.
#[derive(Clone, Default)]
pub struct ComputeHandle(Rc<RefCell<Option<Rc<Running>>>>);

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComputeError {
    /// Its code did not arrive.
    NotLoaded,
    /// It stopped while it worked.
    Failed,
    /// It took longer than it was given.
    TimedOut,
}

/// What came back.
pub struct Answer {
    head: Vec<u8>,
    file: Option<Blob>,
}

struct Running {
    worker: Worker,
    port: MessagePort,
    /// The worker's end of the channel, in which requests wait until the worker is ready.
    waiting: RefCell<Option<MessagePort>>,
    /// How to resolve and reject each promised answer, oldest first.
    promised: RefCell<VecDeque<(Function, Function)>>,
    limit: RefCell<Option<Timeout>>,
    /// For the request that is under way, in milliseconds.
    time_limit: Cell<Option<u32>>,
    /// Ends the worker, and every request that waits.
    fail: Rc<dyn Fn(ComputeError)>,
    listeners: RefCell<Vec<EventListener>>,
}

impl ComputeHandle {
    /// Posts a request, with a file or a buffer if it needs one, and waits for its answer.
    pub fn ask(
        &self,
        request: &Request<'_>,
        attached: Option<&JsValue>,
    ) -> impl Future<Output = Result<Answer, ComputeError>> + 'static + use<> {
        let promised = self.running().map(|running| running.post(request, attached));
        async move {
            match JsFuture::from(promised.ok_or(ComputeError::NotLoaded)?).await {
                Ok(post) => {
                    let post: Array = post.unchecked_into();
                    Ok(Answer { head: Uint8Array::new(&post.get(0)).to_vec(), file: post.get(1).dyn_into().ok() })
                }
                Err(why) => {
                    Err(ComputeError::ALL.into_iter().find(|error| why == *error as u8).unwrap_or(ComputeError::Failed))
                }
            }
        }
    }

    /// As [`Self::ask`], and ends the worker where it takes longer than this. The time begins when the worker is ready.
    /// Only for a handle with one request at a time.
    pub fn ask_within(
        &self,
        request: &Request<'_>,
        milliseconds: u32,
    ) -> impl Future<Output = Result<Answer, ComputeError>> + 'static + use<> {
        let answer = self.ask(request, None);
        if let Some(running) = &*self.0.borrow() {
            running.time_limit.set(Some(milliseconds));
            if running.waiting.borrow().is_none() {
                running.limit_time(milliseconds);
            }
        }
        answer
    }

    fn running(&self) -> Option<Rc<Running>> {
        if let Some(running) = &*self.0.borrow() {
            return Some(Rc::clone(running));
        }
        let running = Running::start(&Rc::downgrade(&self.0))?;
        self.0.replace(Some(Rc::clone(&running)));
        Some(running)
    }
}

impl Answer {
    /// What the worker said.
    pub fn response(&self) -> Result<Response<'_>, ComputeError> {
        decode(&self.head).map_err(|_| ComputeError::Failed)
    }

    /// The file that came with it.
    pub fn file(&self) -> Option<&Blob> {
        self.file.as_ref()
    }
}

impl Running {
    fn start(slot: &Weak<RefCell<Option<Rc<Self>>>>) -> Option<Rc<Self>> {
        let glue = document().query_selector("script[data-compute]").ok()??.get_attribute("data-compute")?;
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(LOADER, &options).ok()?;
        worker.post_message(&Array::of1(&glue.into())).ok()?;
        let channel = MessageChannel::new().expect_throw("its constructor does not throw");
        let slot = Weak::clone(slot);
        let fail: Rc<dyn Fn(ComputeError)> = Rc::new(move |error| {
            if let Some(failed) = slot.upgrade().and_then(|slot| slot.take()) {
                failed.reject_all(error);
            }
        });
        let running = Rc::new(Self {
            worker,
            port: channel.port1(),
            waiting: RefCell::new(Some(channel.port2())),
            promised: RefCell::default(),
            limit: RefCell::default(),
            time_limit: Cell::default(),
            fail: Rc::clone(&fail),
            listeners: RefCell::default(),
        });
        let at_limit = Rc::clone(&fail);
        running.limit.replace(Some(Timeout::new(START_LIMIT_MS, move || at_limit(ComputeError::NotLoaded))));
        let (ready, answered) = (Rc::downgrade(&running), Rc::downgrade(&running));
        running.listeners.replace(vec![
            EventListener::new(&running.worker, "message", move |_| {
                ready.upgrade().iter().for_each(|running| running.is_ready());
            }),
            EventListener::new(&running.worker, "error", {
                let (running, fail) = (Rc::downgrade(&running), Rc::clone(&fail));
                move |_| fail(running.upgrade().map_or(ComputeError::Failed, |running| running.error()))
            }),
            EventListener::new(&running.worker, "messageerror", move |_| fail(ComputeError::Failed)),
            EventListener::new(&running.port, "message", move |event| {
                answered.upgrade().iter().for_each(|running| running.answered(event.unchecked_ref()));
            }),
        ]);
        // Unlike `onmessage`, a listener does not start the port.
        running.port.start();
        Some(running)
    }

    /// Posts a request. The promise is kept by the answer, and broken where there will be none.
    fn post(&self, request: &Request<'_>, attached: Option<&JsValue>) -> Promise {
        let buffer: ArrayBuffer = Uint8Array::from(&*encode(request)).buffer();
        let post = Array::of1(&buffer);
        let transferred = Array::of1(&buffer);
        if let Some(attached) = attached {
            post.push(attached);
            if attached.has_type::<ArrayBuffer>() {
                transferred.push(attached);
            }
        }
        // It fails only for what cannot be cloned or transferred.
        let _ = self.port.post_message_with_transferable(&post, &transferred);
        Promise::new(&mut |resolve, reject| self.promised.borrow_mut().push_back((resolve, reject)))
    }

    fn is_ready(self: &Rc<Self>) {
        self.limit.take();
        if let Some(port) = self.waiting.take() {
            let _ = self.worker.post_message_with_transfer(&JsValue::NULL, &Array::of1(&port));
        }
        if let Some(milliseconds) = self.time_limit.get() {
            self.limit_time(milliseconds);
        }
    }

    fn limit_time(self: &Rc<Self>, milliseconds: u32) {
        let running = Rc::downgrade(self);
        self.limit.replace(Some(Timeout::new(milliseconds, move || {
            let Some(running) = running.upgrade() else { return };
            // Where the page itself was busy, the answer may be here, behind the timer: it comes before a second one.
            let fail = Rc::clone(&running.fail);
            running.limit.replace(Some(Timeout::new(1, move || fail(ComputeError::TimedOut))));
        })));
    }

    /// What it means that the worker has failed now.
    fn error(&self) -> ComputeError {
        if self.waiting.borrow().is_some() { ComputeError::NotLoaded } else { ComputeError::Failed }
    }

    fn answered(&self, event: &MessageEvent) {
        if self.time_limit.take().is_some() {
            self.limit.take();
        }
        if let Some((resolve, _)) = self.promised.borrow_mut().pop_front() {
            // What resolves a promise does not throw.
            let _ = resolve.call1(&JsValue::NULL, &event.data());
        }
    }

    fn reject_all(&self, error: ComputeError) {
        for (_, reject) in self.promised.take() {
            let _ = reject.call1(&JsValue::NULL, &(error as u8).into());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.worker.terminate();
        self.port.close();
    }
}

impl ComputeError {
    const ALL: [Self; 3] = [Self::NotLoaded, Self::Failed, Self::TimedOut];
}

impl fmt::Display for ComputeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotLoaded => "a part of the page could not be loaded: try again, or reload the page",
            Self::Failed => "a part of the page has failed: try again",
            Self::TimedOut => "it took too long",
        })
    }
}
