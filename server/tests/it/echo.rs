//! What the server answers when all goes well.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Peer, TestServer, peer::frame, within};
use server::{Config, Limits};

#[tokio::test]
async fn the_tutorial_answers_text_with_its_prefix() {
    let server = TestServer::start().await;
    let mut client = server.connect("/").await;
    client.send("hello").await;
    assert_eq!(client.recv().await, Message::text("Server received: hello"));
}

#[tokio::test]
async fn the_tutorial_returns_binary_as_it_is() {
    let server = TestServer::start().await;
    let mut client = server.connect("/").await;
    client.send(vec![0, 159, 146, 150]).await;
    assert_eq!(client.recv().await, Message::binary(vec![0, 159, 146, 150]));
}

#[tokio::test]
async fn echo_returns_the_same_type_the_same_bytes_in_the_same_order() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo").await;
    let messages: Vec<Message> = (0..300)
        .map(|n| match n % 3 {
            0 => Message::text(format!("№ {n}")),
            1 => Message::binary(vec![n as u8; n * 200]),
            _ => Message::text("☃".repeat(n)),
        })
        .collect();
    for batch in messages.chunks(20) {
        for message in batch {
            client.send(message.clone()).await;
        }
        for message in batch {
            assert_eq!(&client.recv().await, message);
        }
    }
}

#[tokio::test]
async fn empty_messages_and_one_of_the_largest_size_come_back() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo").await;
    for message in [Message::text(""), Message::binary(vec![]), Message::binary(vec![7; 1024 * 1024])] {
        client.send(message.clone()).await;
        assert_eq!(client.recv().await, message);
    }
}

#[tokio::test]
async fn a_fragmented_message_comes_back_whole() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo").await;
    peer.write(frame(0x01, b"He")).await;
    peer.write(frame(0x00, b"ll")).await;
    peer.write(frame(0x89, b"between")).await;
    peer.write(frame(0x80, b"o")).await;
    assert_eq!(peer.read_frame().await, (0x8a, b"between".to_vec()));
    assert_eq!(peer.read_frame().await, (0x81, b"Hello".to_vec()));
}

#[tokio::test]
async fn a_ping_is_answered_with_the_same_payload() {
    let server = TestServer::start().await;
    let mut client = server.connect("/").await;
    client.send(Message::Ping("are you there?".into())).await;
    assert_eq!(client.recv().await, Message::Pong("are you there?".into()));
}

#[tokio::test]
async fn frames_that_come_with_the_handshake_are_answered() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    let mut bytes = crate::support::peer::handshake("/echo").into_bytes();
    bytes.extend(frame(0x81, b"early"));
    peer.write(bytes).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 101 "));
    assert_eq!(peer.read_frame().await, (0x81, b"early".to_vec()));
}

#[tokio::test]
async fn an_answer_is_sent_in_fragments_of_the_asked_size() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo?fragment=3").await;
    peer.write(frame(0x81, b"abcdefg")).await;
    assert_eq!(peer.read_frame().await, (0x01, b"abc".to_vec()));
    assert_eq!(peer.read_frame().await, (0x00, b"def".to_vec()));
    assert_eq!(peer.read_frame().await, (0x80, b"g".to_vec()));
}

#[tokio::test]
async fn an_answer_waits_for_the_asked_delay() {
    let server = TestServer::start().await;
    let mut client = server.connect("/?delay=80ms").await;
    let sent = Instant::now();
    client.send("late").await;
    assert_eq!(client.recv().await, Message::text("Server received: late"));
    assert!(sent.elapsed().as_millis() >= 80, "{:?}", sent.elapsed());
}

#[tokio::test]
async fn a_ping_is_answered_however_many_answers_wait() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo?delay=1s").await;
    for text in ["one", "two", "three"] {
        client.send(text).await;
    }
    client.send(Message::Ping("now".into())).await;
    assert_eq!(client.recv().await, Message::Pong("now".into()));
    for text in ["one", "two", "three"] {
        assert_eq!(client.recv().await, Message::text(text));
    }
}

#[tokio::test]
async fn a_close_frame_is_answered_however_many_answers_wait() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo?delay=1h").await;
    for _ in 0..100 {
        client.send("never answered").await;
    }
    client.close(None).await;
    assert_eq!(client.recv().await, Message::Close(None));
}

/// Waits until the server has no connection but the one that asks.
async fn nobody_is_left(server: &TestServer) {
    within("the server to have nobody left", async {
        loop {
            let mut peer = server.peer().await;
            peer.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
            if String::from_utf8(peer.read_to_end().await).unwrap().contains(r#""connections":1,"#) {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn who_leaves_while_answers_wait_is_let_go_at_once() {
    let limits = Limits { ping_interval: Duration::ZERO.into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for n in 0..20 {
        let mut client = server.connect("/echo?delay=1h").await;
        for _ in 0..n % 4 {
            client.send("never answered").await;
        }
        if n % 2 == 0 {
            client.close(None).await;
            assert_eq!(client.recv().await, Message::Close(None));
        }
    }
    nobody_is_left(&server).await;
}

#[tokio::test]
async fn who_leaves_behind_more_than_the_server_reads_is_let_go() {
    let limits = Limits { ping_interval: Duration::ZERO.into(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    for leaves_by_reset in [true, false] {
        let mut peer = Peer::open(server.address, "/echo?delay=1h").await;
        // Half of this may wait; the rest stays in the socket.
        peer.write(frame(0x82, &[7; 1024]).repeat(128)).await;
        if leaves_by_reset {
            peer.stream.set_zero_linger().unwrap();
        }
    }
    nobody_is_left(&server).await;
}

#[tokio::test]
async fn pings_come_as_often_as_asked() {
    let server = TestServer::start().await;
    let mut client = server.connect("/echo?ping=100ms").await;
    // Long before the first ping of the keep-alive.
    let pings = async {
        for _ in 0..3 {
            assert_eq!(client.recv().await, Message::Ping("".into()));
        }
    };
    tokio::time::timeout(Duration::from_secs(10), pings).await.unwrap();
    client.send("still here").await;
    within("the answer between pings", async { while client.recv().await != Message::text("still here") {} }).await;
}

#[tokio::test]
async fn a_client_that_only_ends_its_own_side_gets_the_answer_that_waits() {
    let server = TestServer::start().await;
    let mut peer = Peer::open(server.address, "/echo?delay=1h").await;
    peer.write(frame(0x81, b"first")).await;
    peer.stream.shutdown().await.unwrap();
    assert_eq!(peer.read_to_end().await, b"\x81\x05first");
}

#[tokio::test]
async fn a_hundred_clients_are_served_at_once() {
    let server = TestServer::start().await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(server.connect("/echo").await);
    }
    for (n, client) in clients.iter_mut().enumerate() {
        client.send(format!("client {n}")).await;
    }
    for (n, client) in clients.iter_mut().enumerate() {
        assert_eq!(client.recv().await, Message::text(format!("client {n}")));
    }
}
