//! The program among others: its signals, its output that nobody reads, and a system that gives it little.

use std::{
    fs,
    net::SocketAddr,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Barrier,
    time::Instant,
};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{
    Client, Peer, Program,
    peer::{frame, handshake},
    program::{canyon, canyon_after},
    within,
};

fn address(port: u16) -> SocketAddr {
    ([127, 0, 0, 1], port).into()
}

async fn echoes(client: &mut Client) {
    client.send("still there?").await;
    assert_eq!(client.recv().await, Message::text("still there?"));
}

async fn end(program: &mut Program) -> ExitStatus {
    within("the program's end", program.child().wait()).await.unwrap()
}

/// Whether these tests run under `nohup`: then each program that they start ignores SIGHUP, as it should.
fn is_under_nohup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A mask in hexadecimal digits; SIGHUP is signal 1, its lowest bit.
    ignored.is_some_and(|mask| mask.ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']))
}

#[tokio::test]
async fn signals_that_end_it_end_it_with_1001_for_clients_and_exit_code_0() {
    let signals = ["INT", "TERM", "HUP", "QUIT", "XCPU"];
    for signal in signals.into_iter().filter(|signal| *signal != "HUP" || !is_under_nohup()) {
        let (mut program, port) = Program::on_free_port(&[]).await;
        let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
        program.signal(signal).await;
        client.expect_close(1001, "server is shutting down").await;
        drop(client);
        assert_eq!(end(&mut program).await.code(), Some(0), "after SIG{signal}");
    }
}

#[tokio::test]
async fn signals_without_a_meaning_are_logged_and_change_nothing() {
    let (mut program, port) = Program::on_free_port(&[]).await;
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
    program.line().await;
    for signal in ["USR1", "USR2", "ALRM", "VTALRM", "PROF"] {
        program.signal(signal).await;
        assert_eq!(program.line().await, format!("warn: SIG{signal} has no meaning here, and changes nothing"));
    }
    for signal in ["XFSZ", "PIPE", "CHLD", "URG", "WINCH"] {
        program.signal(signal).await;
    }
    echoes(&mut client).await;
    program.signal("TERM").await;
    client.expect_close(1001, "server is shutting down").await;
    assert_eq!(end(&mut program).await.code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let signals = [("INT", "INT"), ("TERM", "INT"), ("HUP", "TERM"), ("QUIT", "QUIT")];
    for (first, second) in signals.into_iter().filter(|(first, _)| *first != "HUP" || !is_under_nohup()) {
        let (mut program, port) = Program::on_free_port(&["--drain-timeout", "1h", "--close-timeout", "1h"]).await;
        let mut mute = Peer::open(address(port), "/echo").await;
        program.signal(first).await;
        assert_eq!(mute.read_frame().await.0, 0x88);
        program.signal(second).await;
        assert_eq!(end(&mut program).await.code(), Some(1), "SIG{first}, then SIG{second}");
    }
}

/// As `timeout` does: one for the process, one for its group.
#[tokio::test]
async fn two_signals_at_once_are_one() {
    let (mut program, port) = Program::on_free_port(&[]).await;
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
    let id = program.child().id().unwrap();
    let twice = format!("kill -s TERM {id}; kill -s TERM {id}");
    assert!(Command::new("sh").args(["-c", &twice]).status().await.unwrap().success());
    client.expect_close(1001, "server is shutting down").await;
    assert_eq!(end(&mut program).await.code(), Some(0));
}

/// The kernel and the shell each send one.
#[tokio::test]
async fn a_terminal_that_closes_says_so_twice_and_clients_still_get_their_goodbye() {
    if is_under_nohup() {
        return;
    }
    let (mut program, port) = Program::on_free_port(&["--close-timeout", "1h"]).await;
    let mut slow = Peer::open(address(port), "/echo").await;
    program.signal("HUP").await;
    assert_eq!(slow.read_frame().await.0, 0x88);
    program.signal("HUP").await;
    slow.write(frame(0x88, &1001_u16.to_be_bytes())).await;
    assert_eq!(end(&mut program).await.code(), Some(0));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn under_nohup_it_outlives_its_terminal() {
    let mut program = Program::start(canyon_after("trap '' HUP", "--host 127.0.0.1 --port 0"));
    let mut client = Client::connect(&format!("{}/echo", program.url().await)).await;
    for _ in 0..3 {
        program.signal("HUP").await;
        echoes(&mut client).await;
    }
}

/// A program whose standard output nobody reads after its first line, and as full as it gets; with a client of it.
async fn with_full_output(arguments: &str, words: &str) -> (Child, Client, u16) {
    let mut command: Command =
        canyon_after("true", &format!("--host 127.0.0.1 --port 0 --log debug {arguments} {words}"));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = Vec::new();
    while !first.ends_with(b"\n") {
        first.push(within("a line", child.stdout.as_mut().unwrap().read_u8()).await.unwrap());
    }
    let port = String::from_utf8(first).unwrap().trim_end().rsplit_once(':').unwrap().1.parse().unwrap();
    // A pipe holds 64 KiB or more, and 1 MiB waits.
    let request = format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(15_000));
    let mut peer = Peer::connect(address(port)).await;
    for _ in 0..100 {
        peer.write(&request).await;
        peer.read_head().await;
        let mut body = [0];
        while body != *b"\n" {
            within("the body", peer.stream.read_exact(&mut body)).await.unwrap();
        }
    }
    let client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
    (child, client, port)
}

async fn signal(child: &Child, signal: &str) {
    let id = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", signal, &id]).status().await.unwrap().success());
}

#[tokio::test]
async fn output_that_nobody_reads_holds_up_neither_serving_nor_the_end() {
    let (mut child, mut client, _) = with_full_output("", "").await;
    echoes(&mut client).await;
    signal(&child, "TERM").await;
    client.expect_close(1001, "server is shutting down").await;
    let mut complaint = String::new();
    within("its last words", child.stderr.take().unwrap().read_to_string(&mut complaint)).await.unwrap();
    assert_eq!(within("its end", child.wait()).await.unwrap().code(), Some(0));
    assert!(
        complaint.starts_with("canyon: ") && complaint.ends_with("because nobody read them in time\n"),
        "{complaint}"
    );
}

#[tokio::test]
async fn errors_that_nobody_reads_either_do_not_hold_up_the_end() {
    let (mut child, mut client, _) = with_full_output("", "2>&1").await;
    echoes(&mut client).await;
    signal(&child, "TERM").await;
    client.expect_close(1001, "server is shutting down").await;
    assert_eq!(within("its end", child.wait()).await.unwrap().code(), Some(0));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_though_nobody_reads_its_output() {
    let (mut child, _client, port) = with_full_output("--drain-timeout 1h --close-timeout 1h", "2>&1").await;
    let mut mute = Peer::open(address(port), "/echo").await;
    signal(&child, "TERM").await;
    assert_eq!(mute.read_frame().await.0, 0x88);
    signal(&child, "TERM").await;
    assert_eq!(within("its end", child.wait()).await.unwrap().code(), Some(1));
}

#[tokio::test]
async fn output_that_is_closed_ends_nothing() {
    let (mut child, mut client, _) = with_full_output("", "2>/dev/null").await;
    drop(child.stdout.take());
    echoes(&mut client).await;
    signal(&child, "TERM").await;
    client.expect_close(1001, "server is shutting down").await;
    assert_eq!(within("its end", child.wait()).await.unwrap().code(), Some(0));
}

/// Sends messages that inflate to the largest size, until the server is gone.
async fn bomb(mut peer: Peer, bombs: Arc<[u8]>, has_begun: Arc<Barrier>) {
    let (mut reader, mut writer) = peer.stream.split();
    let mut nowhere = tokio::io::sink();
    let read = tokio::io::copy(&mut reader, &mut nowhere);
    let write = async {
        writer.write_all(&bombs).await.unwrap();
        has_begun.wait().await;
        while writer.write_all(&bombs).await.is_ok() {}
    };
    tokio::select! {
        _ = read => {}
        () = write => {}
    }
}

/// 16 compressed messages of 1 MiB of zeros.
fn bombs() -> Vec<u8> {
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let mut message = Vec::with_capacity(1 << 16);
    deflate.compress_vec(&vec![0; 1 << 20], &mut message, flate2::FlushCompress::Sync).unwrap();
    message.truncate(message.len() - 4);
    frame(0xc2, &message).repeat(16)
}

#[tokio::test]
async fn the_drain_timeout_is_a_bound_under_load_too() {
    const BOMBERS: usize = 100;
    let (mut program, port) = Program::on_free_port(&["--drain-timeout", "1s", "--close-timeout", "1h"]).await;
    let mute = Peer::open(address(port), "/echo").await;
    let (bombs, have_begun) = (bombs().into(), Arc::new(Barrier::new(BOMBERS + 1)));
    let mut bombers = Vec::new();
    for _ in 0..BOMBERS {
        let peer = Peer::open_deflate(address(port), "/echo").await;
        bombers.push(tokio::spawn(bomb(peer, Arc::clone(&bombs), Arc::clone(&have_begun))));
    }
    within("all of them to flood", have_begun.wait()).await;
    let start = Instant::now();
    program.signal("TERM").await;
    assert_eq!(end(&mut program).await.code(), Some(0));
    let took = start.elapsed();
    // The drain, a moment for its last steps, and half a second for the log.
    assert!(took < Duration::from_millis(2500), "{took:?}");
    assert!((Duration::from_millis(900)..).contains(&took), "the mute client was waited for: {took:?}");
    drop(mute);
    for bomber in bombers {
        within("a bomber's end", bomber).await.unwrap();
    }
}

/// A suspended process (SIGSTOP, a laptop's lid, a virtual machine that is moved) must not take its own absence for its
/// peers': what they sent meanwhile counts.
#[tokio::test]
async fn after_a_suspension_nobody_is_given_up_who_has_answered_meanwhile() {
    const LONGER_THAN_ANY_TIMEOUT: Duration = Duration::from_secs(4);
    let times = ["--ping-interval", "1s", "--ping-timeout", "1s", "--message-timeout", "2s"];
    let (program, port) = Program::on_free_port(&times).await;
    let mut peers = Vec::new();
    // On the event loop, and in a session.
    for path in ["/echo", "/echo?fragment=100"] {
        let mut peer = Peer::open(address(port), path).await;
        assert_eq!(peer.read_frame().await.0, 0x89, "{path}: a ping");
        peer.write(frame(0x02, b"in two ")).await;
        peers.push((path, peer));
    }
    program.signal("STOP").await;
    for (_, peer) in &mut peers {
        peer.write([frame(0x8a, b""), frame(0x80, b"halves")].concat()).await;
    }
    tokio::time::sleep(LONGER_THAN_ANY_TIMEOUT).await;
    program.signal("CONT").await;
    let mut health = Peer::connect(address(port)).await;
    health.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let head = health.read_head().await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    for (path, peer) in &mut peers {
        loop {
            match peer.read_frame().await {
                (0x89, _) => peer.write(frame(0x8a, b"")).await,
                (first, payload) => {
                    assert_eq!((first, &payload[..]), (0x82, &b"in two halves"[..]), "{path}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn fewer_file_descriptors_mean_fewer_connections_and_it_says_so() {
    let mut program = Program::start(canyon_after("ulimit -n 200", "--port 0 --workers 1"));
    program.url().await;
    let line = program.line().await;
    let room: usize = line.strip_prefix("warn: room for ").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((50..100).contains(&room), "{line}");
    assert!(line.contains(" connections, not 10000: the system allows 200 file descriptors, of which "), "{line}");
}

/// Opens connections until there is no room, and further ones, which all get a 503.
async fn fill(program: &mut Program, port: u16) {
    let line = program.line().await;
    let room: usize = line.strip_prefix("warn: room for ").unwrap().split(' ').next().unwrap().parse().unwrap();
    let mut peers = Vec::new();
    for n in 0..room {
        let mut peer = Peer::connect(address(port)).await;
        peer.write(handshake("/echo")).await;
        let head = peer.read_head().await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{n} of {room}: {head}");
        peer.write(frame(0x81, b"hello")).await;
        assert_eq!(peer.read_frame().await.1, b"hello");
        peers.push(peer);
    }
    for _ in 0..50 {
        let mut peer = Peer::connect(address(port)).await;
        peer.write(handshake("/echo")).await;
        let head = peer.read_head().await;
        assert!(head.starts_with("HTTP/1.1 503 "), "beyond {room}: {head}");
        peers.push(peer);
    }
}

#[tokio::test]
async fn whoever_is_beyond_the_file_descriptors_gets_503_whatever_else_takes_some() {
    // Workers, and a parent that left some open.
    let inherited: String = (3..10).map(|number| format!("exec {number}</dev/null; ")).collect();
    for (words, workers) in [("", 1), ("", 16), ("", 64), (inherited.as_str(), 8)] {
        let words = format!("{words}ulimit -n 700");
        let mut program =
            Program::start(canyon_after(&words, &format!("--host 127.0.0.1 --port 0 --workers {workers}")));
        let port = program.url().await.rsplit_once(':').unwrap().1.parse().unwrap();
        fill(&mut program, port).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn threads_that_cannot_be_started_leave_a_server_with_fewer_workers_and_a_line() {
    for kilobytes in [200_000, 400_000, 800_000] {
        let words = format!("ulimit -v {kilobytes}");
        let mut program = Program::start(canyon_after(&words, "--host 127.0.0.1 --port 0 --workers 1024"));
        let (mut said, mut url) = (Vec::new(), None);
        while url.is_none() {
            let line = program.line().await;
            url = line.strip_prefix("WebSocket server started on ").map(str::to_owned);
            said.push(line);
        }
        let fewer = |line: &String| line.starts_with("warn: cannot start worker ") && line.contains("; going on with ");
        assert!(said.iter().any(fewer), "{said:?}");
        let mut client = Client::connect(&format!("{}/echo", url.unwrap())).await;
        echoes(&mut client).await;
        program.signal("TERM").await;
        client.expect_close(1001, "server is shutting down").await;
        assert_eq!(end(&mut program).await.code(), Some(0));
    }
}

/// What the soak counts from.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn when_it_has_started_its_workers_are_up() {
    for _ in 0..10 {
        let mut program = Program::start(canyon(&["--port", "0", "--host", "127.0.0.1", "--workers", "8"]));
        let url = program.url().await;
        let started = program.usage().descriptors;
        let mut client = Client::connect(&url).await;
        client.close(None).await;
        client.recv().await;
        client.expect_end().await;
        drop(client);
        within("its descriptors to be those of the start", async {
            while program.usage().descriptors != started {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
