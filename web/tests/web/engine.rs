//! The worker's end of the port, in the window: what it answers to each command that needs no server.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Uint8Array;
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{MessageChannel, MessageEvent, MessagePort};
use worker::Engine;
use worker::protocol::{Command, Data, Event, SocketKey, SocketReport, decode, encode};

use crate::wait::until;

const SOCKET: SocketKey = SocketKey(3);

/// An engine, and the events that it has posted, as text.
struct Client {
    port: MessagePort,
    events: Rc<RefCell<Vec<String>>>,
    _listener: EventListener,
    _engine: Engine,
}

impl Client {
    fn new() -> Self {
        let channel = MessageChannel::new().unwrap();
        let port = channel.port1();
        let events = Rc::<RefCell<Vec<String>>>::default();
        let listener = EventListener::new(&port, "message", {
            let events = Rc::clone(&events);
            move |event| {
                let post = Uint8Array::new(&event.unchecked_ref::<MessageEvent>().data()).to_vec();
                events.borrow_mut().extend(decode::<Event<'_>>(&post).map(|event| format!("{:?}", event.unwrap())));
            }
        });
        port.start();
        Self { port, events, _listener: listener, _engine: Engine::new(channel.port2()) }
    }

    /// Posts commands together.
    fn post(&self, commands: &[Command<'_>]) {
        let mut post = Vec::new();
        commands.iter().for_each(|command| encode(command, &mut post));
        self.port.post_message(&Uint8Array::from(&*post).buffer()).unwrap();
    }

    /// Waits for that many events in all.
    async fn events(&self, count: usize) -> Vec<String> {
        until("the events", || (self.events.borrow().len() >= count).then(|| self.events.borrow().clone())).await
    }
}

fn open(url: &str) -> Command<'_> {
    Command::Open { socket: SOCKET, url, subprotocols: vec!["chat"] }
}

fn is(event: &str, expected: &Event<'_>) -> bool {
    event == format!("{expected:?}")
}

#[wasm_bindgen_test]
async fn a_url_that_the_browser_refuses_is_reported_and_commands_for_it_change_nothing() {
    let client = Client::new();
    let send = Command::Send { socket: SOCKET, data: Data::Text("lost") };
    let close = Command::Close { socket: SOCKET, code: 1000, reason: "" };
    client.post(&[open("ftp://localhost"), send, close, Command::Resume(SOCKET), Command::Drop(SOCKET)]);
    let events = client.events(2).await;
    assert!(events[0].starts_with("Socket(SocketKey(3), Refused("), "{events:?}");
    assert!(is(&events[1], &Event::Socket(SOCKET, SocketReport::Released)), "{events:?}");
    assert_eq!(events.len(), 2);
}

#[wasm_bindgen_test]
async fn a_message_before_the_open_event_comes_back() {
    let client = Client::new();
    client.post(&[open("ws://127.0.0.1:1/"), Command::Send { socket: SOCKET, data: Data::Binary(&[1, 2]) }]);
    let events = client.events(1).await;
    assert!(is(&events[0], &Event::Socket(SOCKET, SocketReport::Unsent(Data::Binary(&[1, 2])))), "{events:?}");
}

#[wasm_bindgen_test]
async fn a_connection_that_fails_is_reported_in_a_batch() {
    let client = Client::new();
    client.post(&[open("ws://127.0.0.1:1/")]);
    let events = client.events(2).await;
    assert!(events[0].contains("Close { ") && events[0].contains("code: 1006"), "{events:?}");
    assert!(is(&events[1], &Event::Socket(SOCKET, SocketReport::BatchEnd)), "{events:?}");
}

#[wasm_bindgen_test]
async fn only_the_time_that_was_set_last_wakes_the_page() {
    let client = Client::new();
    client.post(&[Command::Wake(1), Command::Wake(20), Command::Wake(10)]);
    let events = client.events(1).await;
    assert!(is(&events[0], &Event::Woken), "{events:?}");
    client.post(&[Command::Wake(30)]);
    assert_eq!(client.events(2).await.len(), 2, "one for each time that was not replaced");
}

#[wasm_bindgen_test]
async fn after_a_drop_only_the_release_is_posted() {
    let client = Client::new();
    client.post(&[open("ws://127.0.0.1:1/"), Command::Drop(SOCKET), Command::Wake(200)]);
    let events = client.events(2).await;
    assert!(is(&events[0], &Event::Socket(SOCKET, SocketReport::Released)), "{events:?}");
    assert!(is(&events[1], &Event::Woken), "{events:?}");
}
