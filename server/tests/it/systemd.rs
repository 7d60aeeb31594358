//! The program as a service of systemd's: sockets that it is given, and what it says about itself.

use std::{net::TcpListener, path::Path, process::Command as Sync};

use tempfile::TempDir;
use tokio::{net::UnixDatagram, process::Command};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Certificate, Client, Program,
    program::{canyon, wait_for_output},
    within,
};

/// A service manager that listens to what a program says.
struct Manager {
    socket: UnixDatagram,
    folder: TempDir,
}

impl Manager {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(folder.path().join("notify")).unwrap();
        Self { socket, folder }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("notify")
    }

    async fn next(&self) -> String {
        let mut bytes = [0; 256];
        let count = within("a notification", self.socket.recv(&mut bytes)).await.unwrap();
        String::from_utf8(bytes[..count].to_vec()).unwrap()
    }
}

fn canyon_of(manager: &Manager, arguments: &[&str]) -> Command {
    let mut command = canyon(&[&["--host", "127.0.0.1", "--port", "0"], arguments].concat());
    command.env("NOTIFY_SOCKET", manager.path());
    command
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_when_it_stops() {
    let manager = Manager::new();
    let mut program = Program::start(canyon_of(&manager, &[]));
    assert_eq!(manager.next().await, "READY=1\n");
    let url = program.url().await;
    Client::connect(&url).await;
    program.signal("TERM").await;
    assert_eq!(manager.next().await, "STOPPING=1\n");
    assert!(within("its end", program.child().wait()).await.unwrap().success());
}

#[tokio::test]
async fn it_says_when_it_reads_its_certificate_again() {
    let (manager, certificate) = (Manager::new(), Certificate::new());
    let files = [&certificate.cert, &certificate.key].map(|path: &std::path::PathBuf| path.to_str().unwrap());
    let arguments = ["--tls-port", "0", "--tls-cert", files[0], "--tls-key", files[1]];
    let program = Program::start(canyon_of(&manager, &arguments));
    assert_eq!(manager.next().await, "READY=1\n");
    program.signal("HUP").await;
    let reloading = manager.next().await;
    let time = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
    assert!(time.parse::<u64>().is_ok(), "{reloading}");
    assert_eq!(manager.next().await, "READY=1\n");
}

#[tokio::test]
async fn the_watchdog_is_told_while_the_threads_answer() {
    let manager = Manager::new();
    let mut command = canyon_of(&manager, &[]);
    command.env("WATCHDOG_USEC", "200000");
    let _program = Program::start(command);
    assert_eq!(manager.next().await, "READY=1\n");
    for _ in 0..5 {
        assert_eq!(manager.next().await, "WATCHDOG=1\n");
    }
}

/// systemd's own program opens the socket, and starts the server at the first connection.
#[tokio::test]
async fn it_serves_a_socket_that_systemd_has_opened() {
    let Some(mut command) = socket_activate() else { return };
    // Nobody else takes the port between here and there: the system gives out others first.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    command.args(["-l", &address, env!("CARGO_BIN_EXE_canyon"), "--host", "nowhere.invalid"]);
    let mut program = Program::start(command);
    let stream = within("the socket", async {
        loop {
            match tokio::net::TcpStream::connect(&address).await {
                Ok(stream) => break stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    })
    .await;
    let mut client = Client::over(stream, &format!("ws://{address}/")).await;
    client.send("hello").await;
    assert_eq!(client.recv().await, Message::text("Server received: hello"));
    assert!(program.line().await.ends_with(&format!(":{port}")));
}

#[tokio::test]
async fn it_serves_a_unix_socket_that_systemd_has_opened() {
    let Some(mut command) = socket_activate() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    command.args(["-l", path.to_str().unwrap(), env!("CARGO_BIN_EXE_canyon")]);
    let mut program = Program::start(command);
    let stream = within("the socket", connect(&path)).await;
    let mut client = Client::over(stream, "ws://localhost/").await;
    client.send("hello").await;
    assert_eq!(client.recv().await, Message::text("Server received: hello"));
    assert!(program.line().await.ends_with(&format!(" on unix:{}", path.display())));
}

#[tokio::test]
async fn a_socket_to_which_no_connections_come_is_an_error() {
    let Some(mut command) = socket_activate() else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    command.args(["--datagram", "-l", path.to_str().unwrap(), env!("CARGO_BIN_EXE_canyon")]);
    let output = tokio::spawn(wait_for_output(command));
    // Activated by the first datagram.
    let client = UnixDatagram::unbound().unwrap();
    within("the socket", async {
        while client.send_to(b"hello", &path).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let output = output.await.unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("socket 0 of the service manager is no TCP or Unix socket that listens"), "{said}");
}

/// Runs `systemd-socket-activate`. `None` where the system has none.
fn socket_activate() -> Option<Command> {
    const ACTIVATE: &str = "systemd-socket-activate";
    if Sync::new(ACTIVATE).arg("--version").output().is_err() {
        eprintln!("skipped: this system has no {ACTIVATE}");
        return None;
    }
    Some(testkit::Program::command(ACTIVATE))
}

async fn connect(path: &Path) -> tokio::net::UnixStream {
    loop {
        match tokio::net::UnixStream::connect(path).await {
            Ok(stream) => return stream,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}
