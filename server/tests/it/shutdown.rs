//! How the server leaves.

use std::time::Duration;

use server::Config;
use tokio::net::TcpStream;

use crate::support::{Peer, TestServer, within};

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
    let config = Config { drain_timeout: Duration::from_millis(50).into(), ..Config::default() };
    let server = TestServer::with(config).await;
    let mute = Peer::open(server.address, "/echo").await;
    let silent = server.peer().await;
    server.stop_and_wait().await;
    drop((mute, silent));
}
