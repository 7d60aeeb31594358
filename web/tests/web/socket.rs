//! The socket, alone and against the real server.

use futures_channel::mpsc::{UnboundedReceiver, unbounded};
use futures_util::StreamExt;
use model::{CloseCode, CloseFrame, Closed, Payload, Reason, SocketEvent, Subprotocols, Time, WsUrl};
use wasm_bindgen_test::wasm_bindgen_test;
use web::socket_handle::{NotOpen, SocketHandle};
use web::worker_handle::WorkerHandle;

use crate::wait::within;

const ECHO_URL: &str = env!("ECHO_URL");
/// Nothing listens there.
const NOBODY: &str = "ws://127.0.0.1:1/";

struct Client {
    socket: SocketHandle,
    events: UnboundedReceiver<(Time, SocketEvent)>,
}

impl Client {
    fn connecting(address: &str) -> Self {
        let (report, events) = unbounded();
        let report = move |at, event| {
            // Refused only once the test is over.
            let _ = report.unbounded_send((at, event));
        };
        // As typed: the model would refuse what the browser refuses.
        let address = WsUrl::parse(address, |typed| Some(typed.to_owned())).unwrap();
        let worker = WorkerHandle::in_window(|| {});
        Self { socket: SocketHandle::open(&worker, &address, &Subprotocols::default(), report), events }
    }

    async fn open() -> Self {
        let mut client = Self::connecting(&format!("{ECHO_URL}/echo"));
        let event = client.event("the open event").await;
        assert!(matches!(event, SocketEvent::Open { ref protocol, .. } if protocol.is_empty()), "{event:?}");
        client
    }

    async fn event(&mut self, what: &str) -> SocketEvent {
        within(what, self.events.next()).await.unwrap().1
    }

    /// The next event that is no [`SocketEvent::Buffered`].
    async fn answer(&mut self, what: &str) -> SocketEvent {
        loop {
            match self.event(what).await {
                SocketEvent::Buffered(_) => {}
                event => return event,
            }
        }
    }

    async fn echoes(&mut self, payload: Payload) {
        self.socket.send(&payload).unwrap();
        assert_eq!(self.answer("the echo").await, SocketEvent::Message(payload));
    }
}

fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

fn binary(size: usize) -> Payload {
    Payload::Binary((0..size).map(|index| (index % 251) as u8).collect())
}

#[wasm_bindgen_test]
async fn a_server_that_is_not_there_is_a_close_event_with_1006() {
    let mut client = Client::connecting(NOBODY);
    let closed = Closed { code: 1006, reason: String::new(), was_clean: false };
    assert_eq!(client.event("the close event").await, SocketEvent::Close(closed));
}

#[wasm_bindgen_test]
fn nothing_is_sent_before_the_socket_is_open() {
    let client = Client::connecting(NOBODY);
    assert_eq!(client.socket.send(&text("early")), Err(NotOpen));
    assert_eq!(client.socket.buffered_amount(), 0);
}

#[wasm_bindgen_test]
async fn an_address_that_the_browser_refuses_is_told_in_its_words() {
    let mut client = Client::connecting("ws://[::nonsense]/");
    let event = client.event("the refusal").await;
    assert!(matches!(event, SocketEvent::Refused(ref why) if why.contains("[::nonsense]")), "{event:?}");
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn text_and_binary_come_back_as_they_went() {
    let mut client = Client::open().await;
    client.echoes(text("héllo\n€\u{0}")).await;
    client.echoes(text("")).await;
    client.echoes(Payload::Binary((0..=255).collect())).await;
    client.echoes(Payload::Binary(Vec::new())).await;
}

/// More than the worker carries at once, and larger than what it carries in.
#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn many_messages_of_all_sizes_come_in_their_order() {
    let mut client = Client::open().await;
    let sizes = (0..2_000).chain([20_000, 300_000, 900_000, 1]);
    let payloads: Vec<_> =
        sizes.map(|size| if size % 3 == 0 { binary(size) } else { text(&"é".repeat(size / 2)) }).collect();
    for payload in &payloads {
        client.socket.send(payload).unwrap();
    }
    for payload in payloads {
        // Compared without `assert_eq`, which would print a megabyte.
        assert!(client.answer("an echo").await == SocketEvent::Message(payload));
    }
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn what_was_handed_over_waits_until_the_network_has_taken_it() {
    let mut client = Client::open().await;
    client.socket.send(&binary(100_000)).unwrap();
    client.socket.send(&text("€")).unwrap();
    assert_eq!(client.socket.buffered_amount(), 100_003);
    let mut reported = 100_003;
    while reported > 0 {
        if let SocketEvent::Buffered(bytes) = client.event("what is still buffered").await {
            assert!(bytes < reported, "{bytes} after {reported}");
            reported = bytes;
        }
    }
    assert_eq!(client.socket.buffered_amount(), 0);
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn sockets_do_not_hear_each_other() {
    let (mut one, mut other) = (Client::open().await, Client::open().await);
    other.socket.send(&text("for the other")).unwrap();
    one.echoes(text("for the one")).await;
    assert_eq!(other.answer("the echo").await, SocketEvent::Message(text("for the other")));
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn a_close_is_answered_with_its_code_and_reason() {
    let mut client = Client::open().await;
    let reason = Reason::try_from("bye €".to_owned()).unwrap();
    client.socket.close(&CloseFrame { code: CloseCode::try_from(4000).unwrap(), reason });
    assert_eq!(client.socket.send(&text("late")), Err(NotOpen));
    let closed = Closed { code: 4000, reason: "bye €".to_owned(), was_clean: true };
    assert_eq!(client.event("the close event").await, SocketEvent::Close(closed));
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn events_carry_the_time_when_the_browser_made_them() {
    let before = web::browser::clock::now();
    let mut client = Client::connecting(&format!("{ECHO_URL}/echo"));
    let (at, _) = within("the open event", client.events.next()).await.unwrap();
    // Their clocks are the same, but may be rounded differently, by 0.1 ms.
    assert!(at.0 > before.0 - 0.2 && at.0 < web::browser::clock::now().0 + 0.2, "{at:?}, begun at {before:?}");
}

#[wasm_bindgen_test]
#[cfg_attr(not(echo_url), ignore = "needs a server: set ECHO_URL when building")]
async fn a_dropped_socket_says_no_more() {
    let Client { socket, mut events } = Client::open().await;
    socket.send(&text("answered too late")).unwrap();
    drop(socket);
    // The listeners went with the socket, and the sender of these events with them.
    assert_eq!(within("the end of the events", events.next()).await, None);
    Client::open().await.echoes(text("another socket works")).await;
}
