//! The event loop without its thread.

use std::sync::atomic::Ordering;

use bytes::BytesMut;
use futures_util::FutureExt;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    Config,
    connection::{Connected, Guards, Load},
    protocol::{Protocol, Reply},
};

/// An event loop that does not run, its handle, and a connection for it, which has `read_ahead` to answer, with its client.
async fn loop_and_connection(
    read_ahead: &[u8],
) -> (EventLoop, EventLoopHandle, (TcpStream, Protocol, Reply, Connected, Guards), TcpStream) {
    let shared = Arc::new(Shared::new(Config::default()));
    let (event_loop, handle) = EventLoopHandle::with_event_loop(&shared).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let protocol = Protocol::new(BytesMut::from(read_ahead), shared.frame_limits(), None);
    let permit = shared.admission.admit(peer.ip()).unwrap();
    let guards = Guards::new(permit, Load::add(&Arc::default()), TaskTracker::new().token(), Arc::clone(&shared));
    let connected = Connected::new(peer, shared);
    (event_loop, handle, (stream, protocol, Reply::Echo { prefix: "" }, connected, guards), client)
}

#[tokio::test]
async fn a_connection_whose_task_is_dropped_wakes_the_loop_all_the_same() {
    let (mut event_loop, handle, (stream, protocol, reply, connected, guards), _client) =
        loop_and_connection(b"").await;
    assert!(handle.register(stream, protocol, reply, connected, guards).now_or_never().is_none());
    let mut events = Events::with_capacity(1);
    event_loop.poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
    assert!(events.iter().any(|event| event.token() == WAKER));
    assert!(!handle.wakes_soon.load(Ordering::Acquire), "the next one would not wake it");
}

#[tokio::test]
async fn a_connection_that_yielded_has_one_turn_whatever_else_wants_it_served() {
    // Four turns' worth of what needs no answer: pongs.
    let pongs = testkit::frame::frame(0x8a, b"").repeat((1 << 20) / 6);
    let (mut event_loop, _handle, (stream, protocol, reply, connected, guards), _client) =
        loop_and_connection(&pongs).await;
    event_loop.register(Registration::new(stream, protocol, reply, connected, guards).unwrap());
    assert_eq!(event_loop.busy, [0]);
    // Events and deadlines, and one turn of its own.
    for _ in 0..8 {
        event_loop.serve(0);
    }
    event_loop.serve_busy(1);
    assert_eq!(event_loop.busy, [0]);
    assert!(event_loop.registrations[0].has_input(), "it had more turns than two");
    while !event_loop.busy.is_empty() {
        event_loop.serve_busy(1);
    }
    assert!(!event_loop.registrations[0].has_input());
}

#[tokio::test]
async fn a_connection_that_comes_when_the_loop_has_ended_is_closed_with_1011() {
    let (event_loop, handle, (stream, protocol, reply, connected, guards), mut client) = loop_and_connection(b"").await;
    drop(event_loop);
    handle.register(stream, protocol, reply, connected, guards).await;
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"\x88\x10\x03\xf3internal error");
}
