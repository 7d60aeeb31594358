//! Finds out why a connection of the browser's own failed: what the browser says, what other handshakes lead to, and what the
//! relay finds.
//!
//! Other handshakes rather than requests by `fetch`: the page is cross-origin isolated, so the browser hides the answer of
//! nearly every other server from it, and the Content-Security-Policy need not allow more than WebSockets.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use gloo_utils::{document, window};
use js_sys::{Object, Reflect};
use model::why::Attempt;
use relay::event_of;
use relay::why::{Facts, Fetched, Permission, Probe, permission_name};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    PermissionState, PermissionStatus, RequestInit, RequestRedirect, Response, ResponseType,
    SecurityPolicyViolationEvent,
};
use wire::relay::{Event, Request};
use worker::browser_socket::{self, BrowserSocket};

use crate::access::{Access, origin};

/// How long the relay waits for the other server, in milliseconds.
const RELAY_MS: u32 = 8000;

pub(crate) async fn diagnose(attempt: Attempt, access: Option<Access>) -> Facts {
    let local_network = permission(&attempt.url).await;
    let online = window().navigator().on_line();
    let mut facts = Facts { page_origin: origin(), online, local_network, attempt, ..Facts::default() };
    if facts.blocked_by_browser().is_some() || (facts.attempt.was_open && access.is_none()) {
        return facts;
    }
    if !facts.attempt.was_open {
        ask_again(&mut facts).await;
        if facts.violated.is_some() || facts.again == Probe::Opened {
            return facts;
        }
    }
    if let Some(access) = access {
        facts.relay = ask_relay(&facts, access).await;
    }
    if !facts.attempt.was_open && facts.relay_says().is_none() {
        ask_otherwise(&mut facts).await;
    }
    facts
}

/// The state of the permission that the address needs, where the browser has such permissions
/// ([Local Network Access](https://wicg.github.io/local-network-access/#permissions)).
async fn permission(url: &str) -> Permission {
    let Some(name) = permission_name(url, &origin()) else { return Permission::NotNeeded };
    let query = Object::new();
    let asked = Reflect::set(&query, &"name".into(), &name.into()).ok();
    let promise = asked.and_then(|_| window().navigator().permissions().ok()?.query(&query).ok());
    let Some(promise) = promise else { return Permission::NotNeeded };
    match JsFuture::from(promise).await {
        Ok(status) => match status.unchecked_into::<PermissionStatus>().state() {
            PermissionState::Denied => Permission::Denied,
            PermissionState::Prompt => Permission::Prompt,
            _ => Permission::Granted,
        },
        // The browser does not know it.
        Err(_) => Permission::NotNeeded,
    }
}

/// The same handshake again, in the window, where the browser reports what a Content-Security-Policy forbids.
async fn ask_again(facts: &mut Facts) {
    let violated = Rc::<RefCell<Option<String>>>::default();
    let reported = Rc::clone(&violated);
    let _listener = EventListener::new(&document(), "securitypolicyviolation", move |event| {
        let event: &SecurityPolicyViolationEvent = event.unchecked_ref();
        reported.replace(Some(event.effective_directive()));
    });
    facts.again = probe(&facts.attempt.url, &facts.attempt.subprotocols).await;
    facts.violated = violated.take();
}

async fn ask_otherwise(facts: &mut Facts) {
    let Attempt { url, subprotocols, .. } = &facts.attempt;
    if !subprotocols.is_empty() {
        facts.without_subprotocols = probe(url, &[]).await;
    }
    let other = match url.strip_prefix("wss:") {
        Some(rest) => ["ws:", rest].concat(),
        None => url.replacen("ws:", "wss:", 1),
    };
    facts.other_scheme = probe(&other, subprotocols).await;
    let http = url.replacen("ws", "http", 1);
    if http.strip_prefix(&facts.page_origin).is_some_and(|rest| rest.starts_with('/')) {
        facts.fetched = fetched(&http).await;
    }
}

async fn fetched(url: &str) -> Fetched {
    let how = RequestInit::new();
    how.set_redirect(RequestRedirect::Manual);
    match JsFuture::from(window().fetch_with_str_and_init(url, &how)).await {
        Ok(response) => {
            let response: Response = response.unchecked_into();
            match response.type_() {
                ResponseType::Opaqueredirect => Fetched::Redirected,
                _ => Fetched::Answered(response.status()),
            }
        }
        Err(_) => Fetched::Failed,
    }
}

/// Whether a handshake succeeds. The connection is closed at once.
async fn probe(url: &str, subprotocols: &[String]) -> Probe {
    let names: Vec<&str> = subprotocols.iter().map(String::as_str).collect();
    let Ok(socket) = browser_socket::open(url, &names) else { return Probe::Failed };
    let outcome = Rc::<Outcome<Probe>>::default();
    let [opened, closed, silent] = [(); 3].map(|()| Rc::clone(&outcome));
    let _socket =
        BrowserSocket::new(socket, move |_| opened.end(Probe::Opened), |_| {}, move |_| closed.end(Probe::Failed));
    let _patience = Timeout::new(Facts::PATIENCE_MS, move || silent.end(Probe::Silent));
    poll_fn(|context| outcome.poll(context)).await
}

/// What the relay finds with the same address, subprotocols and origin.
async fn ask_relay(facts: &Facts, access: Access) -> Option<Vec<Event>> {
    let mut request = Request::new("", &facts.attempt.url);
    request.open_timeout_ms = RELAY_MS;
    request.subprotocols.clone_from(&facts.attempt.subprotocols);
    request.headers.push(("Origin".to_owned(), facts.page_origin.clone()));
    let socket = browser_socket::open(access.url(), &[]).ok()?;
    let first = access.first_message(request);
    let outcome = Rc::<Outcome<Vec<Event>>>::default();
    let [told, ended] = [(); 2].map(|()| Rc::clone(&outcome));
    let opening = socket.clone();
    let events = RefCell::new(Vec::new());
    let _socket = BrowserSocket::new(
        socket,
        // Where it fails the close event follows.
        move |_| drop(opening.send_with_str(&first)),
        move |message| {
            let Some(event) = message.data().as_string().as_deref().and_then(event_of) else { return };
            let is_last = matches!(event, Event::Opened { .. } | Event::Failed { .. });
            events.borrow_mut().push(event);
            if is_last {
                told.end(events.take());
            }
        },
        move |_| ended.end(Vec::new()),
    );
    let events = poll_fn(|context| outcome.poll(context)).await;
    (!events.is_empty()).then_some(events)
}

/// What a socket has come to.
struct Outcome<T> {
    value: Cell<Option<T>>,
    waker: Cell<Option<Waker>>,
}

impl<T> Default for Outcome<T> {
    fn default() -> Self {
        Self { value: Cell::new(None), waker: Cell::new(None) }
    }
}

impl<T> Outcome<T> {
    fn end(&self, value: T) {
        self.value.set(Some(value));
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<T> {
        match self.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.waker.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}
