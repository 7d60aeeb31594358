//! The event loop without its thread.

use std::sync::atomic::Ordering;

use bytes::BytesMut;
use futures_util::FutureExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::task::TaskTracker;

use super::*;
use crate::{
    Config,
    budget::Charge,
    connection::{Connected, Guards, Load},
    peer::Peer,
    protocol::{Protocol, Reply},
    socket::Socket,
};

/// An event loop that does not run, its handle, and a connection for it, which has `read_ahead` to answer, with its client.
async fn loop_and_connection(
    read_ahead: &[u8],
) -> (EventLoop, EventLoopHandle, (Socket, Protocol, Connected, Guards), TcpStream) {
    let shared = Arc::new(Shared::new(Config::default()));
    let (event_loop, handle) = EventLoopHandle::with_event_loop(&shared).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let (stream, peer) = (Socket::from(stream), Peer::Tcp(peer));
    let protocol = Protocol::new(Reply::Echo { prefix: "" }, BytesMut::from(read_ahead), shared.frame_limits(), None);
    let permit = shared.admission.admit(peer).unwrap();
    let charge = Charge::new(&shared.budget, None);
    let (load, tracked) = (Load::add(&Arc::default()), TaskTracker::new().token());
    let guards = Guards::new(permit, charge, load, tracked, Arc::clone(&shared));
    let connected = Connected::new(peer, guards.connection, shared);
    (event_loop, handle, (stream, protocol, connected, guards), client)
}

#[tokio::test]
async fn a_connection_whose_task_is_dropped_wakes_the_loop_all_the_same() {
    let (mut event_loop, handle, (stream, protocol, connected, guards), _client) = loop_and_connection(b"").await;
    assert!(handle.register(stream, protocol, connected, guards).now_or_never().is_none());
    let mut events = Events::with_capacity(1);
    event_loop.poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
    assert!(events.iter().any(|event| event.token() == WAKER));
    assert!(!handle.wakes_soon.load(Ordering::Acquire), "the next one would not wake it");
}

#[tokio::test]
async fn a_connection_that_yielded_has_one_turn_whatever_else_wants_it_served() {
    // Four turns' worth of what needs no answer: pongs.
    let pongs = testkit::frame::frame(0x8a, b"").repeat((1 << 20) / 6);
    let (mut event_loop, _handle, (stream, protocol, connected, guards), _client) = loop_and_connection(&pongs).await;
    event_loop.register(Registration::new(stream, protocol, connected, guards).unwrap());
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
    let (event_loop, handle, (stream, protocol, connected, guards), mut client) = loop_and_connection(b"").await;
    drop(event_loop);
    handle.register(stream, protocol, connected, guards).await;
    let mut bytes = Vec::new();
    client.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"\x88\x10\x03\xf3internal error");
}

#[tokio::test]
async fn who_sends_little_waits_for_a_slice_of_those_who_send_much_and_not_for_all_of_them() {
    const FLOODS: usize = 100;
    let pongs = testkit::frame::frame(0x8a, b"").repeat((1 << 20) / 6);
    let (mut event_loop, _handle, (stream, protocol, connected, guards), mut client) = loop_and_connection(b"").await;
    let polite = Registration::new(stream, protocol, connected, guards).unwrap();
    event_loop.register(polite);
    let mut clients = Vec::new();
    for _ in 0..FLOODS {
        let (_, _, (stream, protocol, connected, guards), client) = loop_and_connection(&pongs).await;
        event_loop.register(Registration::new(stream, protocol, connected, guards).unwrap());
        clients.push(client);
    }
    let last = *event_loop.busy.back().unwrap();
    event_loop.serve_busy(FLOODS);
    assert_ne!(*event_loop.busy.back().unwrap(), last, "nobody had a turn");
    assert!(event_loop.busy.contains(&last) && event_loop.busy.len() == FLOODS, "they had more than a slice");
    let turns = event_loop.busy.iter().rev().position(|index| *index == last).unwrap();
    assert!(turns < FLOODS - 1, "all of them had a turn");
    client.write_all(&testkit::frame::frame(0x81, b"now")).await.unwrap();
    let mut events = Events::with_capacity(EVENTS);
    event_loop.poll(&mut events).unwrap();
    event_loop.registrations[0].socket.expect_input();
    event_loop.serve(0);
    let mut answer = [0; 5];
    client.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, *b"\x81\x03now");
}

#[tokio::test]
async fn a_peer_is_judged_after_what_it_has_sent_was_read() {
    let (mut event_loop, _handle, (stream, protocol, connected, guards), mut client) = loop_and_connection(b"").await;
    event_loop.register(Registration::new(stream, protocol, connected, guards).unwrap());
    let times = event_loop.shared.ping_times();
    let mut unlogged = 0;
    let shared = Arc::clone(&event_loop.shared);
    // The ping is due, and its answer comes while the process is stopped: there is no event for it.
    let ping_due = event_loop.registrations[0].deadline();
    event_loop.registrations[0].expire(&shared, ping_due, &mut unlogged);
    event_loop.serve(0);
    let mut ping = [0; 2];
    client.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping, [0x89, 0]);
    client.write_all(&testkit::frame::frame(0x8a, b"")).await.unwrap();
    let long_after = ping_due + times.interval + 2 * times.timeout;
    event_loop.registrations[0].expire(&shared, long_after, &mut unlogged);
    event_loop.serve(0);
    client.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping, [0x89, 0], "the next ping, and no close frame");
    // Now it says nothing.
    event_loop.registrations[0].expire(&shared, long_after + times.interval + 2 * times.timeout, &mut unlogged);
    event_loop.serve(0);
    client.read_exact(&mut ping).await.unwrap();
    assert_eq!(ping[0], 0x88);
}
