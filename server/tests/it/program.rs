//! The program `canyon`: its lines, its arguments, its exit codes.

use std::{net::Ipv6Addr, process::Stdio, time::Instant};

use tokio::{io::AsyncReadExt, net::TcpListener};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Peer, Program, peer::handshake, program::canyon, within};

#[tokio::test]
async fn it_says_the_words_of_the_tutorial() {
    let mut program = Program::start(canyon(&["--port", "0"]));
    let url = program.url().await;
    let port = url.strip_prefix("ws://localhost:").unwrap();
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}")).await;
    let line = program.line().await;
    let peer = line.strip_prefix("Client connected from ").unwrap().to_owned();
    assert!(peer.starts_with("127.0.0.1:"), "{line}");
    client.send("one\ntwo\u{1b}[31m").await;
    client.recv().await;
    assert_eq!(program.line().await, r"Received from client: one\ntwo\u{1b}[31m");
    client.close(None).await;
    assert_eq!(program.line().await, format!("Client {peer} disconnected"));
}

#[tokio::test]
async fn it_listens_on_both_addresses_of_localhost() {
    let mut program = Program::start(canyon(&["--port", "0"]));
    let port = program.url().await.rsplit_once(':').unwrap().1.to_owned();
    Client::connect(&format!("ws://127.0.0.1:{port}")).await;
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.is_ok() {
        Client::connect(&format!("ws://[::1]:{port}")).await;
    }
}

#[tokio::test]
async fn host_and_port_come_from_the_environment_too() {
    let mut command = canyon(&[]);
    command.env("HOST", "127.0.0.1").env("PORT", "0");
    let mut program = Program::start(command);
    Client::connect(&program.url().await).await;
}

#[tokio::test]
async fn every_setting_comes_from_the_environment_too() {
    let mut command = canyon(&["--host", "127.0.0.1", "--port", "0"]);
    command.env("CANYON_MAX_MESSAGE_SIZE", "10B").env("CANYON_NO_DEFLATE", "true").env("CANYON_SUBPROTOCOL", "a,b");
    let mut program = Program::start(command);
    let port: u16 = program.url().await.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
    let offers = "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: c, b\r\nHost:";
    peer.write(handshake("/echo").replace("Host:", offers)).await;
    let head = peer.read_head().await;
    assert!(head.contains("sec-websocket-protocol: b\r\n") && !head.contains("permessage-deflate"), "{head}");
    peer.write(crate::support::peer::frame(0x82, &[0; 11])).await;
    assert_eq!(peer.read_close().await.0, 1009);
}

#[tokio::test]
async fn who_may_connect_can_be_widened() {
    for (arguments, host, origin) in [
        (["--allow-host", "canyon.test"], "canyon.test", "http://localhost"),
        (["--allow-origin", "https://app.test"], "localhost", "https://app.test"),
        (["--public", "--no-deflate"], "any.test", "https://other.test"),
    ] {
        let (_program, port) = Program::on_free_port(&arguments).await;
        let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
        let request = handshake("/echo").replace("localhost", &format!("{host}\r\nOrigin: {origin}"));
        peer.write(request).await;
        let head = peer.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{arguments:?}: {head}");
    }
}

#[tokio::test]
async fn help_and_version_are_printed() {
    for (argument, text) in [("--help", "CANYON_MAX_MESSAGE_SIZE"), ("--version", env!("CARGO_PKG_VERSION"))] {
        let output = within("its end", canyon(&[argument]).output()).await.unwrap();
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().contains(text));
    }
}

#[tokio::test]
async fn load_does_not_turn_into_logging() {
    let mut program = Program::start(canyon(&["--port", "0", "--host", "127.0.0.1"]));
    let mut client = Client::connect(&program.url().await).await;
    let start = Instant::now();
    let mut sent = 0;
    for _ in 0..500 {
        client.send(format!("{sent}")).await;
        assert_eq!(client.recv().await, Message::text(format!("Server received: {sent}")));
        sent += 1;
    }
    client.close(None).await;
    let (mut shown, mut left_out) = (0, 0);
    while shown + left_out < sent {
        let line = program.line().await;
        if line.starts_with("Received from client: ") {
            shown += 1;
        } else if let Some(line) = line.strip_prefix("Received from clients: ") {
            left_out += line.split(' ').next().unwrap().parse::<usize>().unwrap();
        }
    }
    assert_eq!(shown + left_out, 500);
    let periods = usize::try_from(start.elapsed().as_secs()).unwrap() + 2;
    assert!(shown <= 20 * periods, "{shown} lines in {periods} s");
}

#[tokio::test]
async fn json_lines_are_for_machines() {
    let mut program = Program::start(canyon(&["--port", "0", "--log-format", "json", "--log", "error"]));
    let line = program.line().await;
    assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    assert!(line.contains(r#""message":"WebSocket server started on ws://localhost:"#), "{line}");
}

#[tokio::test]
async fn what_cannot_be_listened_on_is_one_sentence_and_exit_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, sentence) in [
        (["--host", "127.0.0.1", "--port", &port], format!("canyon: cannot listen on 127.0.0.1:{port}: ")),
        (["--host", "no such host", "--port", "0"], "canyon: host \"no such host\" does not resolve".to_owned()),
    ] {
        let mut child = canyon(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut text = String::new();
        within("its error", child.stderr.take().unwrap().read_to_string(&mut text)).await.unwrap();
        assert_eq!(within("its end", child.wait()).await.unwrap().code(), Some(1));
        assert!(text.starts_with(&sentence), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

#[tokio::test]
async fn each_json_line_about_a_connection_has_its_number() {
    let mut program =
        Program::start(canyon(&["--host", "127.0.0.1", "--port", "0", "--log-format", "json", "--log", "debug"]));
    let started: serde_json::Value = serde_json::from_str(&program.line().await).unwrap();
    let url = started["url"].as_str().unwrap().to_owned();
    let mut seen = Vec::new();
    for path in ["/echo", "/echo?delay=1ms"] {
        let mut client = Client::connect(&format!("{url}{path}")).await;
        client.send("a").await;
        client.recv().await;
        client.close(None).await;
        assert_eq!(client.recv().await, Message::Close(None));
        for message in ["Client connected from", "Received from client: a", "disconnected"] {
            let line: serde_json::Value = serde_json::from_str(&program.line().await).unwrap();
            assert!(line["message"].as_str().unwrap().contains(message), "{line}");
            seen.push(line["connection"].as_u64().unwrap());
        }
    }
    assert_eq!(seen, [1, 1, 1, 2, 2, 2]);
    let address = url.strip_prefix("ws://").unwrap().parse().unwrap();
    let mut peer = Peer::open(address, "/echo").await;
    peer.write(b"\xff\x80\0\0\0\0").await;
    peer.read_to_end().await;
    assert_eq!(Client::refused(&format!("{url}/nowhere")).await.0, 404);
    for message in ["Client connected from", "failed: ", "disconnected", "refused: "] {
        let line: serde_json::Value = serde_json::from_str(&program.line().await).unwrap();
        assert!(line["message"].as_str().unwrap().contains(message), "{line}");
        let number = if message == "refused: " { 4 } else { 3 };
        assert_eq!(line["connection"].as_u64(), Some(number), "{line}");
    }
}
