//! What clients and the server do when the system has run out of something.
#![cfg(target_os = "linux")]

use std::net::Ipv4Addr;

use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::support::{Peer, Program, peer::handshake, program::canyon_after, within};

#[tokio::test]
async fn without_file_descriptors_clients_get_503_and_the_server_recovers() {
    let mut program = Program::start(canyon_after("ulimit -n 40", "--host 127.0.0.1 --port 0"));
    let port: u16 = loop {
        let line = program.line().await;
        if let Some(url) = line.strip_prefix("WebSocket server started on ") {
            break url.rsplit_once(':').unwrap().1.parse().unwrap();
        }
    };
    let mut crowd = Vec::new();
    for _ in 0..60 {
        let stream = within("a connection", TcpStream::connect((Ipv4Addr::LOCALHOST, port))).await.unwrap();
        crowd.push(stream);
    }
    let before = program.usage().processor;
    let start = Instant::now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (used, passed) = (program.usage().processor - before, start.elapsed());
    // Less than a twentieth of a processor; a server that spins takes all of one.
    assert!(used <= passed / 20, "{used:?} of a processor in {passed:?}");
    let refused = crowd.iter().filter(|stream| {
        let mut answer = [0; 12];
        stream.try_read(&mut answer).is_ok() && answer == *b"HTTP/1.1 503"
    });
    assert!(refused.count() >= 20, "a client for which there is no descriptor gets a 503");
    drop(crowd);
    within("the server to recover", async {
        loop {
            let mut peer = Peer::connect((Ipv4Addr::LOCALHOST, port).into()).await;
            if peer.stream.write_all(handshake("/echo").as_bytes()).await.is_ok()
                && peer.try_read_head().await.is_some_and(|head| head.starts_with("HTTP/1.1 101 "))
            {
                break;
            }
        }
    })
    .await;
    program.signal("TERM").await;
    let mut complaints = 0;
    while let Some(line) = program.line_or_end().await {
        complaints += usize::from(line.contains("cannot accept connections"));
    }
    assert!(complaints > 0, "there were descriptors enough");
    assert!(complaints as u64 <= start.elapsed().as_secs() + 1, "{complaints} lines in {:?}", start.elapsed());
}
