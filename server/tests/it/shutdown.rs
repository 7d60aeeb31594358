//! How the server leaves.

use std::{sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use server::{Config, Limits};
use tokio::{net::TcpStream, sync::Semaphore};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Peer, Program, TestServer, peer::handshake, within};

#[tokio::test]
async fn every_client_gets_a_close_frame_1001() {
    let server = TestServer::start().await;
    let mut clients = [server.connect("/").await, server.connect("/echo").await, server.connect("/?ping=1h").await];
    let stopped = server.stop();
    for client in &mut clients {
        client.expect_close(1001, "server is shutting down").await;
    }
    within("the server's end", stopped).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn an_answer_that_waits_goes_out_before_the_goodbye() {
    let (mut program, port) = Program::on_free_port(&[]).await;
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/?delay=1h")).await;
    client.send("late").await;
    while program.line().await != "Received from client: late" {}
    program.signal("TERM").await;
    assert_eq!(client.recv().await, Message::text("Server received: late"));
    client.expect_close(1001, "server is shutting down").await;
}

#[tokio::test]
async fn no_new_connection_is_accepted() {
    let server = TestServer::start().await;
    let address = server.address;
    server.stop_and_wait().await;
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_client_that_never_leaves_is_cut_off_in_time() {
    let limits = Limits { drain_timeout: Duration::from_millis(50).into(), ..Limits::default() };
    let config = Config { limits, ..Config::default() };
    let server = TestServer::with(config).await;
    let mute = Peer::open(server.address, "/echo").await;
    let silent = server.peer().await;
    server.stop_and_wait().await;
    drop((mute, silent));
}

/// The status of the answer to a GET.
async fn status(server: &TestServer, path: &str) -> String {
    let mut peer = server.peer().await;
    peer.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
    peer.read_head().await.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn while_it_drains_it_lives_but_is_not_ready_and_opens_nothing() {
    let server = TestServer::start().await;
    assert_eq!(status(&server, "/healthz").await, "200");
    assert_eq!(status(&server, "/readyz").await, "200");
    // It does not answer the goodbye, so the server waits for it.
    let mut mute = Peer::open(server.address, "/echo").await;
    server.signal();
    assert_eq!(mute.read_frame().await.0, 0x88);
    assert_eq!(status(&server, "/healthz").await, "200");
    assert_eq!(status(&server, "/readyz").await, "503");
    let mut late = server.peer().await;
    late.write(handshake("/echo")).await;
    let answer = late.read_head().await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(answer.contains("retry-after: "), "{answer}");
    drop(mute);
    server.stop_and_wait().await;
}

/// How many echoes a client has seen when it counts as busy.
const BUSY: u64 = 5;

/// Sends numbered messages without end and counts the echoes that come in order, until the server says goodbye; returns
/// `busy` when it is.
async fn keep_busy(url: String, busy: Arc<Semaphore>) -> u64 {
    let (mut sender, mut receiver) = Client::connect(&url).await.split();
    let sending = async {
        let mut number = 0u64;
        while sender.send(Message::text(number.to_string())).await.is_ok() {
            number += 1;
            // A window's worth of messages is under way at all times, and the others get their turn.
            tokio::time::sleep(Duration::from_millis(u64::from(number.is_multiple_of(8)))).await;
        }
        std::future::pending::<()>().await
    };
    let receiving = async {
        let mut echoes = 0u64;
        loop {
            match receiver.next().await {
                Some(Ok(Message::Text(text))) => {
                    assert_eq!(text.as_str(), echoes.to_string());
                    echoes += 1;
                    if echoes == BUSY {
                        busy.add_permits(1);
                    }
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    assert_eq!(u16::from(frame.code), 1001);
                    return echoes;
                }
                other => panic!("expected a close frame after {echoes} echoes, not {other:?}"),
            }
        }
    };
    tokio::select! {
        () = sending => unreachable!("it never ends by itself"),
        echoes = receiving => echoes,
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_busy_clients_lose_nothing_that_was_accepted_and_all_see_1001() {
    // Its own thousand sockets, and those of the tests beside it.
    rlimit::increase_nofile_limit(4096).unwrap();
    let (mut program, port) = Program::on_free_port(&["--drain-timeout", "50s"]).await;
    let busy = Arc::new(Semaphore::new(0));
    let url = format!("ws://127.0.0.1:{port}/echo");
    let clients: Vec<_> = (0..1000).map(|_| tokio::spawn(keep_busy(url.clone(), Arc::clone(&busy)))).collect();
    let _all = within("all to be busy", busy.acquire_many(1000)).await.unwrap();
    program.signal("TERM").await;
    let mut echoes = 0;
    for client in clients {
        echoes += within("a client's goodbye", client).await.unwrap();
    }
    let last = loop {
        let line = program.line().await;
        if line.starts_with("WebSocket server stopped") {
            break line;
        }
    };
    assert!(echoes >= 1000 * BUSY);
    assert_eq!(last, format!("WebSocket server stopped. Clients: 1000, messages received: {echoes}, sent: {echoes}"));
    println!("{last}");
    assert_eq!(within("the program's end", program.child().wait()).await.unwrap().code(), Some(0));
}
