//! The worker that does not start, or fails; and the timer that it has for the page.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::Array;
use model::{Closed, Payload, SocketEvent, Subprotocols, WsUrl};
use wasm_bindgen_test::wasm_bindgen_test;
use web::alarm::Alarm;
use web::browser::{clock, url};
use web::socket_handle::SocketHandle;
use web::worker_handle::WorkerHandle;
use web_sys::{Blob, BlobPropertyBag, Url};
use worker::protocol::{Data, Event, SocketKey, SocketReport, encode};

use crate::wait::until;

/// The URL of a loader that holds this script.
fn loader(script: &str) -> String {
    let options = BlobPropertyBag::new();
    options.set_type("text/javascript");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&script.into()), &options).unwrap();
    Url::create_object_url_with_blob(&blob).unwrap()
}

/// A socket to nobody, and the last event that it has reported.
fn ending(worker: &WorkerHandle) -> (Rc<RefCell<Option<SocketEvent>>>, SocketHandle) {
    let last = Rc::new(RefCell::new(None));
    let report = {
        let last = Rc::clone(&last);
        move |_, event| drop(last.replace(Some(event)))
    };
    let nobody = WsUrl::parse("ws://127.0.0.1:1/", url::parse).unwrap();
    (last, SocketHandle::open(worker, &nobody, &Subprotocols::default(), report))
}

fn nobody_there() -> SocketEvent {
    SocketEvent::Close(Closed { code: 1006, reason: String::new(), was_clean: false })
}

#[wasm_bindgen_test]
async fn where_no_worker_starts_sockets_live_in_the_window() {
    let worker = WorkerHandle::start_with(&loader("throw new Error('no start');"), "", || {});
    let (last, _socket) = ending(&worker);
    assert_eq!(until("the socket's end", || last.take()).await, nobody_there());
}

#[wasm_bindgen_test]
async fn a_worker_that_never_starts_is_given_up() {
    let worker = WorkerHandle::start_with(&loader(""), "", || {});
    let (last, _socket) = ending(&worker);
    assert_eq!(until("the socket's end", || last.take()).await, nobody_there());
}

#[wasm_bindgen_test]
async fn a_worker_that_posts_something_unreadable_has_failed() {
    let script = "onmessage = () => {
        onmessage = ({ ports: [port] }) => {
            port.onmessage = () => port.postMessage(new Uint8Array([255]).buffer);
        };
        postMessage('ready');
    };";
    let worker = WorkerHandle::start_with(&loader(script), "", || {});
    let (last, _socket) = ending(&worker);
    assert_eq!(until("the socket's end", || last.take()).await, SocketEvent::WorkerFailed);
}

#[wasm_bindgen_test]
async fn what_a_worker_has_posted_before_it_failed_is_taken_in() {
    let script = format!(
        "onmessage = () => {{
            onmessage = ({{ ports: [port] }}) => {{
                port.onmessage = () => {{
                    port.postMessage(new Uint8Array({:?}).buffer);
                    throw new Error('failed later');
                }};
            }};
            postMessage('ready');
        }};",
        encoded(SocketReport::Refused("before the failure")),
    );
    let worker = WorkerHandle::start_with(&loader(&script), "", || {});
    let seen = Rc::<RefCell<Vec<SocketEvent>>>::default();
    let report = {
        let seen = Rc::clone(&seen);
        move |_, event| seen.borrow_mut().push(event)
    };
    let nobody = WsUrl::parse("ws://127.0.0.1:1/", url::parse).unwrap();
    let _socket = SocketHandle::open(&worker, &nobody, &Subprotocols::default(), report);
    until("both events", || (seen.borrow().len() == 2).then_some(())).await;
    assert_eq!(*seen.borrow(), [SocketEvent::Refused("before the failure".to_owned()), SocketEvent::WorkerFailed]);
}

#[wasm_bindgen_test]
async fn a_worker_that_fails_takes_its_sockets_along_and_the_window_goes_on() {
    let rings = Rc::new(Cell::new(0));
    let count = Rc::clone(&rings);
    // It answers no command: what ends the socket is that the worker fails.
    let script = "onmessage = () => {
        onmessage = () => { throw new Error('failed later'); };
        postMessage('ready');
    };";
    let worker = WorkerHandle::start_with(&loader(script), "", move || count.set(count.get() + 1));
    let (last, _socket) = ending(&worker);
    assert_eq!(until("the socket's end", || last.take()).await, SocketEvent::WorkerFailed);
    until("the page is woken, to set its alarm once more", || (rings.get() == 1).then_some(())).await;
    worker.wake_after(1);
    until("an alarm in the window", || (rings.get() == 2).then_some(())).await;
}

fn encoded(event: SocketReport<'_>) -> Vec<u8> {
    let mut post = Vec::new();
    encode(&Event::Socket(SocketKey(0), event), &mut post);
    post
}

/// In place of the worker: the connection ends while the page sends.
#[wasm_bindgen_test]
async fn a_message_that_crossed_the_close_comes_back_after_its_socket_was_dropped() {
    let script = format!(
        "const answers = [{:?}, {:?}, {:?}];
        onmessage = () => {{
            onmessage = ({{ ports: [port] }}) => {{
                port.onmessage = ({{ data }}) => {{
                    const kind = new Uint8Array(data)[0];
                    const answer = {{ 0: 0, 1: 1, 4: 2 }}[kind];
                    port.postMessage(new Uint8Array(answers[answer]).buffer);
                }};
            }};
            postMessage('ready');
        }};",
        encoded(SocketReport::Open { at: 0.0, handshake: 0.0, protocol: "", extensions: "" }),
        [
            encoded(SocketReport::Close { at: 0.0, code: 1006, reason: "", was_clean: false }),
            encoded(SocketReport::Unsent(Data::Text("crossed"))),
        ]
        .concat(),
        encoded(SocketReport::Released),
    );
    let worker = WorkerHandle::start_with(&loader(&script), "", || {});
    let (socket, events) = (Rc::<RefCell<Option<SocketHandle>>>::default(), Rc::<RefCell<Vec<SocketEvent>>>::default());
    let report = {
        let (socket, events) = (Rc::clone(&socket), Rc::clone(&events));
        move |_, event| {
            // As the page does.
            if matches!(event, SocketEvent::Close(_)) {
                socket.take();
            }
            events.borrow_mut().push(event);
        }
    };
    let nobody = WsUrl::parse("ws://127.0.0.1:1/", url::parse).unwrap();
    let open = SocketHandle::open(&worker, &nobody, &Subprotocols::default(), report);
    socket.replace(Some(open));
    until("the open event", || (events.borrow().len() == 1).then_some(())).await;
    let crossed = Payload::Text("crossed".to_owned());
    socket.borrow().as_ref().unwrap().send(&crossed).unwrap();
    until("all events", || (events.borrow().len() == 3).then_some(())).await;
    assert_eq!(events.borrow()[2], SocketEvent::Unsent(crossed));
    until("the listener is dropped", || (Rc::strong_count(&events) == 1).then_some(())).await;
}

/// An alarm, and how often it has fired.
fn counting() -> (Rc<Cell<u32>>, Alarm) {
    let rings = Rc::new(Cell::new(0));
    let count = Rc::clone(&rings);
    (rings, Alarm::new(WorkerHandle::in_window(move || count.set(count.get() + 1))))
}

#[wasm_bindgen_test]
async fn an_alarm_goes_off_at_the_time_that_was_set_last() {
    let (rings, mut alarm) = counting();
    let begun = clock::now();
    alarm.set(Some(begun.after(1.0)));
    alarm.set(Some(begun.after(60_000.0)));
    alarm.set(Some(begun.after(30.0)));
    until("it fires", || (rings.get() > 0).then_some(())).await;
    // Their clocks may be rounded differently, by 0.1 ms.
    assert!(clock::now().0 >= begun.0 + 29.8);
    assert_eq!(rings.get(), 1);
}

#[wasm_bindgen_test]
async fn an_alarm_that_is_dropped_does_not_go_off() {
    let (rings, mut alarm) = counting();
    alarm.set(Some(clock::now().after(10.0)));
    drop(alarm);
    let (later, mut alarm) = counting();
    alarm.set(Some(clock::now().after(50.0)));
    until("another fires", || (later.get() > 0).then_some(())).await;
    assert_eq!(rings.get(), 0);
}
