//! The program `canyon`: its lines, its arguments, its exit codes.

use std::{net::Ipv6Addr, process::Stdio};

use tokio::{io::AsyncReadExt, net::TcpListener};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Client, Program, program::canyon, within};

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
async fn fewer_file_descriptors_mean_fewer_connections_and_it_says_so() {
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", &format!("ulimit -n 100; exec {} --port 0", env!("CARGO_BIN_EXE_canyon"))]);
    command.env_remove("HOST").env_remove("PORT").kill_on_drop(true);
    let mut program = Program::start(command);
    program.url().await;
    let warning = "warn: room for 4 connections, not 10000: the system allows 100 file descriptors";
    assert_eq!(program.line().await, warning);
}

#[tokio::test]
async fn load_does_not_turn_into_logging() {
    let mut program = Program::start(canyon(&["--port", "0", "--host", "127.0.0.1"]));
    let mut client = Client::connect(&program.url().await).await;
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
    assert!(left_out > 300, "only {left_out} of 500 left out");
}

#[tokio::test]
async fn json_lines_are_for_machines() {
    let mut program = Program::start(canyon(&["--port", "0", "--log-format", "json", "--log", "error"]));
    let line = program.line().await;
    assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    assert!(line.contains(r#""message":"WebSocket server started on ws://localhost:"#), "{line}");
}

#[cfg(unix)]
#[tokio::test]
async fn sigint_and_sigterm_end_it_with_1001_for_clients_and_exit_code_0() {
    for signal in ["INT", "TERM"] {
        let mut program = Program::start(canyon(&["--port", "0", "--host", "127.0.0.1"]));
        let mut client = Client::connect(&program.url().await).await;
        program.signal(signal).await;
        client.expect_close(1001, "server is shutting down").await;
        let status = within("the program's end", program.child.wait()).await.unwrap();
        assert_eq!(status.code(), Some(0), "after SIG{signal}");
    }
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
