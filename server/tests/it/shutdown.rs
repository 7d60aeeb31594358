//! How the server leaves.

use std::time::Duration;

use server::{Config, Limits};
use tokio::net::TcpStream;

use crate::support::{Peer, TestServer, peer::handshake, within};

#[tokio::test]
async fn every_client_gets_a_close_frame_1001() {
    let server = TestServer::start().await;
    let mut clients = [server.connect("/").await, server.connect("/echo").await, server.connect("/?delay=1h").await];
    clients[2].send("still waiting for its answer").await;
    let stopped = server.stop();
    for client in &mut clients {
        client.expect_close(1001, "server is shutting down").await;
    }
    within("the server's end", stopped).await.unwrap();
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
