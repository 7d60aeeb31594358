//! Unix sockets: what is listened on, who may connect, and what becomes of the file.

use std::{
    fs,
    os::unix::fs::{FileTypeExt, PermissionsExt},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Client, Program,
    program::{canyon, wait_for_output},
    within,
};

fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("canyon.sock");
    (folder, path)
}

async fn listening(path: &Path, arguments: &[&str]) -> Program {
    let listen = format!("unix:{}", path.display());
    let mut program = Program::start(canyon(&[&["--listen", &listen], arguments].concat()));
    assert_eq!(program.line().await, format!("WebSocket server started on {listen}"));
    program
}

async fn connect(path: &Path) -> UnixStream {
    within("a connection", UnixStream::connect(path)).await.unwrap()
}

/// The answer to a request, with everything behind it.
async fn ask(path: &Path, request: &str) -> String {
    let mut stream = connect(path).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    within("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn both_engines_echo_over_a_unix_socket_and_the_log_names_the_process() {
    let (_folder, path) = place();
    let mut program = listening(&path, &[]).await;
    let process = format!("unix:{}", std::process::id());
    for target in ["/", "/?delay=1ms"] {
        let mut client = Client::over(connect(&path).await, &format!("ws://localhost{target}")).await;
        client.send("hello").await;
        assert_eq!(client.recv().await, Message::text("Server received: hello"));
        let large = vec![7; 500_000];
        client.send(Message::binary(large.clone())).await;
        assert_eq!(client.recv().await, Message::binary(large));
        drop(client);
        assert_eq!(program.line().await, format!("Client connected from {process}"));
        assert_eq!(program.line().await, "Received from client: hello");
        assert_eq!(program.line().await, "Received from client: 500000 bytes of binary");
        assert_eq!(program.line().await, format!("Client {process} disconnected"));
    }
    let metrics = ask(&path, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    for engine in ["event_loop", "session"] {
        assert!(metrics.contains(&format!("canyon_websockets_opened_total{{engine=\"{engine}\"}} 1\n")), "{metrics}");
    }
}

#[tokio::test]
async fn the_host_must_be_loopback_as_on_a_loopback_address_and_all_clients_are_one_address() {
    let (_folder, path) = place();
    let _program = listening(&path, &["--max-connections-per-address", "1"]).await;
    let refused = ask(&path, "GET /healthz HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    let _client = Client::over(connect(&path).await, "ws://localhost/").await;
    let refused = ask(&path, "GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 503 "), "{refused}");
}

#[tokio::test]
async fn the_file_has_its_mode_and_is_gone_at_the_end() {
    let (_folder, path) = place();
    for (arguments, mode) in [(&[][..], 0o660), (&["--unix-mode", "0600"], 0o600), (&["--unix-mode", "666"], 0o666)] {
        let mut program = listening(&path, arguments).await;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, mode);
        program.signal("TERM").await;
        assert!(within("its end", program.child().wait()).await.unwrap().success());
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_neither_a_living_one_nor_a_file() {
    let (_folder, path) = place();
    // Dropped, and the file stays.
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_socket());
    let mut first = listening(&path, &[]).await;
    let named = format!("unix:{}", path.display());
    let second = wait_for_output(canyon(&["--listen", &named])).await;
    let said = String::from_utf8(second.stderr).unwrap();
    let expected =
        format!("canyon: cannot listen on the Unix socket {}: another server listens there\n", path.display());
    assert_eq!((second.status.code(), said), (Some(1), expected));
    let mut client = Client::over(connect(&path).await, "ws://localhost/echo").await;
    client.send("still here").await;
    assert_eq!(client.recv().await, Message::text("still here"));
    first.child().kill().await.unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    let third = wait_for_output(canyon(&["--listen", &named])).await;
    let said = String::from_utf8(third.stderr).unwrap();
    assert!(said.ends_with(": there is a file that is no socket\n") && said.contains(path.to_str().unwrap()), "{said}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}

#[tokio::test]
async fn it_listens_on_several_and_does_not_remove_what_another_has_put_there() {
    let (_folder, path) = place();
    let listen = format!("127.0.0.1:0,unix:{}", path.display());
    let mut program = Program::start(canyon(&["--listen", &listen]));
    let url = program.url().await;
    assert!(program.line().await.ends_with("canyon.sock"));
    Client::connect(&url).await.send("over TCP").await;
    fs::remove_file(&path).unwrap();
    fs::write(&path, "another's").unwrap();
    program.signal("TERM").await;
    assert!(within("its end", program.child().wait()).await.unwrap().success());
    assert!(path.exists());
}

#[tokio::test]
async fn canyon_relay_listens_on_one_too() {
    let (_folder, path) = place();
    let (_far, port) = Program::on_free_port(&[]).await;
    let listen = format!("unix:{}", path.display());
    let to = format!("ws://127.0.0.1:{port}");
    let mut program = Program::start(canyon(&["relay", "--listen", &listen, "--to", &to]));
    assert_eq!(program.line().await, format!("WebSocket server started on {listen}"));
    let mut client = Client::over(connect(&path).await, "ws://localhost/echo").await;
    client.send("through").await;
    assert_eq!(client.recv().await, Message::text("through"));
}

#[tokio::test]
async fn the_relay_is_not_open_to_everywhere_over_one_and_wrong_addresses_and_modes_are_named() {
    for (arguments, said) in [
        (&["--listen", "unix:/nowhere/at/all/canyon.sock"][..], "/nowhere/at/all/canyon.sock: No such file"),
        (&["--listen", "unix:"], "'unix:' for '--listen <ADDRESS>'"),
        (&["--listen", "9000"], "or unix:/run/canyon.sock"),
        (&["--unix-mode", "rw"], "must be octal digits from 0 to 777"),
        (&["--unix-mode", "1777"], "must be octal digits from 0 to 777"),
    ] {
        let output = wait_for_output(canyon(arguments)).await;
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(said), "{error}");
    }
    let (_folder, path) = place();
    let output = wait_for_output(canyon(&["--relay", "--listen", &format!("unix:{}", path.display())])).await;
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--relay with a Unix socket lets others connect"), "{error}");
}
