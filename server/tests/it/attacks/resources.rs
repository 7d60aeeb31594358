//! Attacks on memory, sockets and time: against the program in a process of its own, whose memory can be read.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, SocketAddr};

use server::{Config, Limits};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::Duration};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Client, Peer, Program, TestServer,
    peer::{frame, handshake},
    program::canyon,
    within,
};

const MIB: u64 = 1024;

fn address(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

async fn is_alive(port: u16) {
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
    client.send("alive?").await;
    assert_eq!(client.recv().await, Message::text("alive?"));
}

/// Writes without ever reading, until the server hangs up or so much has gone out; gives how much.
async fn flood(stream: &mut TcpStream, bytes: &[u8], most: usize) -> usize {
    let mut sent = 0;
    let flood = async {
        while sent < most {
            match stream.write(&bytes[sent % bytes.len()..]).await {
                Ok(written) => sent += written,
                Err(_) => break,
            }
        }
    };
    within("the server to hang up", flood).await;
    sent
}

/// The header of a frame that is never sent.
fn announced(length: u64) -> Vec<u8> {
    [&[0x82, 0xff], &length.to_be_bytes()[..], &[1, 2, 3, 4]].concat()
}

#[tokio::test]
async fn announced_lengths_take_no_memory() {
    let (program, port) = Program::on_free_port(&[]).await;
    is_alive(port).await;
    let (size, resident) = (program.usage().address_space, program.usage().resident);
    let mut peers = Vec::new();
    for _ in 0..50 {
        let mut beyond = Peer::open(address(port), "/echo").await;
        beyond.write(announced(16 << 20)).await;
        assert_eq!(beyond.read_close().await.0, 1009);
        let mut within_limits = Peer::open(address(port), "/echo").await;
        // The pong shows that the server has read what is behind it.
        within_limits.write([frame(0x89, b""), announced(1 << 20)].concat()).await;
        assert_eq!(within_limits.read_frame().await.0, 0x8a);
        peers.push(within_limits);
    }
    is_alive(port).await;
    let more = program.usage().resident.saturating_sub(resident);
    assert!(more < 16 * MIB, "{more} KiB resident more");
    let more = program.usage().address_space.saturating_sub(size);
    assert!(more < 256 * MIB, "{more} KiB of address space more");
}

#[tokio::test]
async fn a_deflate_bomb_stops_at_the_limit() {
    let (program, port) = Program::on_free_port(&[]).await;
    is_alive(port).await;
    // A MiB of zeros so flushed that it refers to nothing before it, 1024 times.
    let mut block = Vec::with_capacity(8 << 10);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(&vec![0; 1 << 20], &mut block, flate2::FlushCompress::Full)
        .unwrap();
    let bomb = block.repeat(1024);
    assert!(bomb.len() < 2 << 20, "{} bytes", bomb.len());
    let resident = program.usage().peak;
    let mut peer = Peer::open_deflate(address(port), "/echo").await;
    let (mut reader, mut writer) = peer.stream.split();
    let bytes = frame(0xc2, &bomb);
    let mut answer = Vec::new();
    let (_, read) = within("the server's verdict", async {
        tokio::join!(writer.write_all(&bytes), tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut answer))
    })
    .await;
    drop(read);
    assert_eq!(answer[..4], [0x88, answer[1], 0x03, 0xf1], "1009");
    let more = program.usage().peak.saturating_sub(resident);
    assert!(more < 8 * MIB, "{more} KiB resident more");
}

/// 34 KiB that are answered with 1 MiB: what repeats lies within the client's window, beyond that of the server's compressor.
fn noise() -> Vec<u8> {
    let mut state = 13_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    });
    let noise: Vec<u8> = noise.take(24 << 10).collect();
    let message: Vec<u8> = noise.iter().copied().cycle().take(1 << 20).collect();
    let mut payload = Vec::with_capacity(64 << 10);
    flate2::Compress::new(flate2::Compression::best(), false)
        .compress_vec(&message, &mut payload, flate2::FlushCompress::Sync)
        .unwrap();
    payload.truncate(payload.len() - 4);
    frame(0xc2, &payload)
}

#[tokio::test]
async fn memory_that_waiting_answers_took_is_given_back_when_their_peers_are_gone() {
    let (program, port) = Program::on_free_port(&["--log", "error", "--max-memory", "128MiB"]).await;
    is_alive(port).await;
    let resident = program.usage().resident;
    let messages = noise().repeat(2);
    let mut peers = Vec::new();
    for _ in 0..150 {
        let mut peer = Peer::open_deflate(address(port), "/echo").await;
        peer.write(&messages).await;
        peers.push(peer);
    }
    within("answers to wait", async {
        while program.usage().resident < resident + 90 * MIB {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    drop(peers);
    within("their memory to be given back", async {
        while program.usage().resident > resident + 50 * MIB {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let more = program.usage().peak.saturating_sub(resident);
    assert!(more < 160 * MIB, "{more} KiB resident more: beyond 1.25 times the budget");
}

#[tokio::test]
async fn pings_to_a_server_whose_pongs_are_never_read_take_no_memory() {
    let (program, port) = Program::on_free_port(&["--write-timeout", "1s", "--ping-interval", "0s"]).await;
    is_alive(port).await;
    let resident = program.usage().resident;
    let mut peer = Peer::open(address(port), "/echo").await;
    let pings = frame(0x89, &[b'x'; 125]).repeat(500);
    let sent = flood(&mut peer.stream, &pings, 1 << 30).await;
    assert!((1 << 20..1 << 30).contains(&sent), "{sent} bytes were taken");
    let more = program.usage().peak.saturating_sub(resident);
    assert!(more < 8 * MIB, "{more} KiB resident more");
    is_alive(port).await;
}

#[tokio::test]
async fn a_client_that_never_reads_is_stopped_and_then_cut_off() {
    let (program, port) = Program::on_free_port(&["--write-timeout", "1s", "--ping-interval", "0s"]).await;
    is_alive(port).await;
    let resident = program.usage().resident;
    let mut peer = Peer::open(address(port), "/echo").await;
    let messages = frame(0x82, &[0; 1024]).repeat(64);
    let sent = flood(&mut peer.stream, &messages, 1 << 30).await;
    assert!((1 << 20..1 << 28).contains(&sent), "{sent} bytes were taken");
    let more = program.usage().peak.saturating_sub(resident);
    assert!(more < 8 * MIB, "{more} KiB resident more");
}

#[tokio::test]
async fn a_client_that_reads_slowly_but_steadily_gets_all() {
    let (_program, port) = Program::on_free_port(&["--write-timeout", "5s"]).await;
    let mut peer = Peer::open(address(port), "/echo").await;
    let messages = frame(0x82, &[5; 1 << 20]).repeat(4);
    let (mut reader, mut writer) = peer.stream.split();
    let reading = async {
        let mut rest = 4 * ((1 << 20) + 10);
        while rest > 0 {
            // Some 300 KiB a second.
            let mut part = vec![0; rest.min(30_000)];
            tokio::io::AsyncReadExt::read_exact(&mut reader, &mut part).await.unwrap();
            rest -= part.len();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (written, ()) = within("all of it", async { tokio::join!(writer.write_all(&messages), reading) }).await;
    written.unwrap();
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_the_others_go_on() {
    let limits = Limits { max_connections: 20.try_into().unwrap(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let mut clients = Vec::new();
    for _ in 0..20 {
        clients.push(server.connect("/echo").await);
    }
    for _ in 0..10 {
        let mut peer = server.peer().await;
        peer.write(handshake("/echo")).await;
        let answer = String::from_utf8(peer.read_to_end().await).unwrap();
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        assert!(answer.contains("\r\nretry-after: 1\r\n"), "{answer}");
    }
    for client in &mut clients {
        client.send("mine").await;
        assert_eq!(client.recv().await, Message::text("mine"));
    }
    let mut leaving = clients.pop().unwrap();
    leaving.close(None).await;
    leaving.recv().await;
    leaving.expect_end().await;
    // Its place is free once the server has seen the end of it.
    within("room for another", async {
        loop {
            let mut peer = server.peer().await;
            peer.write(handshake("/echo")).await;
            if peer.read_head().await.starts_with("HTTP/1.1 101 ") {
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let limits = Limits { max_connections_per_address: 2.try_into().ok(), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let _clients = [server.connect("/echo").await, server.connect("/echo").await];
    let mut peer = server.peer().await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 503 "));
    let from_elsewhere = tokio::net::TcpSocket::new_v4().unwrap();
    from_elsewhere.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = Peer { stream: from_elsewhere.connect(server.address).await.unwrap() };
    other.write(handshake("/echo")).await;
    assert!(other.read_head().await.starts_with("HTTP/1.1 101 "));
}

#[tokio::test]
async fn ten_thousand_aborted_connections_leave_nothing_behind() {
    let (program, port) = Program::on_free_port(&["--log", "warn"]).await;
    is_alive(port).await;
    let before = program.usage().descriptors;
    let request = handshake("/echo");
    let message = frame(0x82, &[7; 3000]);
    for n in 0..10_000 {
        let mut stream = TcpStream::connect(address(port)).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        if n % 4 == 0 {
            // Its answer is awaited, so that the abort hits an open WebSocket; else it may hit anything.
            tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 64]).await.unwrap();
        }
        stream.write_all(&message[..n % 3000]).await.ok();
        stream.set_zero_linger().unwrap();
    }
    within("all of them to be gone", async {
        while program.usage().descriptors > before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    // The one connection that is left is the question itself.
    let expected = r#"{"status":"ok","connections":1,"opened":"#;
    let health = within("all of them to be forgotten", async {
        loop {
            let mut peer = Peer::connect(address(port)).await;
            peer.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
            let health = String::from_utf8(peer.read_to_end().await).unwrap();
            if health.contains(expected) {
                break health;
            }
        }
    })
    .await;
    // The memory of that connection is counted: its largest head, and what HTTP takes beside it.
    assert!(health.contains(r#""panics":0,"failed_workers":0,"restarts":0,"memory":24576}"#), "{health}");
}

#[tokio::test]
async fn without_deflate_nothing_is_compressed() {
    let (_program, port) = Program::on_free_port(&["--no-deflate"]).await;
    let mut peer = Peer::connect(address(port)).await;
    let request = handshake("/echo").replace("Host:", "Sec-WebSocket-Extensions: permessage-deflate\r\nHost:");
    peer.write(request).await;
    let head = peer.read_head().await;
    assert!(!head.contains("sec-websocket-extensions"), "{head}");
}

#[tokio::test]
async fn a_client_that_ignores_the_goodbye_does_not_keep_the_program() {
    let (mut program, port) = Program::on_free_port(&["--drain-timeout", "300ms"]).await;
    let mute = Peer::open(address(port), "/echo").await;
    program.signal("TERM").await;
    let status = within("the program's end", program.child().wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    drop(mute);
}

#[tokio::test]
async fn nothing_that_others_send_reaches_the_log_unescaped() {
    let mut program = Program::start(canyon(&["--host", "127.0.0.1", "--port", "0", "--log", "trace"]));
    let url = program.url().await;
    let port: u16 = url.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut peer = Peer::open(address(port), "/echo").await;
    peer.write(frame(0x81, b"\x1b[2J\r\nClient 1.2.3.4 disconnected")).await;
    peer.read_frame().await;
    peer.write(frame(0x88, b"\x0f\xa0\x1b[2J<script>\n")).await;
    assert_eq!(peer.read_close().await, (4000, "\u{1b}[2J<script>\n".to_owned()));
    let mut bad = Peer::connect(address(port)).await;
    bad.write("GET /%1b%5b2J\u{1b} HTTP/1.1\r\nHost: evil\x1b[2J\r\nUpgrade: websocket\r\n\r\n").await;
    bad.read_to_end().await;
    program.signal("TERM").await;
    let mut text = String::new();
    while let Some(line) = program.line_or_end().await {
        text.push_str(&line);
        assert!(!line.starts_with("Client 1.2.3.4"), "{line}");
    }
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(text.contains(r"Received from client: \u{1b}[2J\r\nClient 1.2.3.4 disconnected"), "{text}");
}
