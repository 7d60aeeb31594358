//! WebSockets and HTTP over TLS.

use std::{
    net::{Ipv4Addr, SocketAddr},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use rustls::version::{TLS12, TLS13};
use server::{Config, Limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::{
    Message,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::support::{Certificate, Client, Peer, TestServer, peer::handshake, program::canyon, within};

/// A server with TLS, and its certificate.
struct Server {
    plain: TestServer,
    address: SocketAddr,
    certificate: Certificate,
}

impl Server {
    async fn start() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let certificate = Certificate::new();
        let config = Config { limits, ..Config::default() };
        let (plain, address) = TestServer::with_tls(config, certificate.tls()).await;
        Self { plain, address, certificate }
    }

    /// Opens a WebSocket at a path.
    async fn connect(&self, path: &str) -> Client {
        Client::over(self.stream().await, &self.url(path)).await
    }

    async fn stream(&self) -> TlsStream<tokio::net::TcpStream> {
        self.certificate.connect(self.address).await
    }

    fn url(&self, path: &str) -> String {
        format!("ws://localhost:{}{path}", self.address.port())
    }

    /// The whole answer to a GET, until the server closes.
    async fn get(&self, path: &str) -> String {
        let mut stream = self.stream().await;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        // An end without close_notify is an error here.
        within("the answer", stream.read_to_string(&mut answer)).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn behaviours_are_the_same_over_both_versions_of_tls() {
    let server = Server::start().await;
    for version in [&TLS12, &TLS13] {
        let stream = server.certificate.try_connect(server.address, &[version], &[]).await.unwrap();
        let mut client = Client::over(stream, &server.url("/")).await;
        client.send("hello").await;
        assert_eq!(client.recv().await, Message::text("Server received: hello"));
        client.send(vec![0, 1, 255]).await;
        assert_eq!(client.recv().await, Message::binary(vec![0, 1, 255]));
        client.close(Some(CloseFrame { code: CloseCode::Library(4001), reason: "enough".into() })).await;
        client.expect_close(4001, "enough").await;
    }
}

#[tokio::test]
async fn messages_of_many_records_come_back_whole_and_in_order() {
    let server = Server::start().await;
    let (mut sender, mut receiver) = server.connect("/echo?fragment=1000").await.split();
    let messages: Vec<_> = [1, 1000, 16_384, 100_000, 1 << 20].map(|size| vec![fastrand::u8(..); size]).into();
    let expected = messages.clone();
    let sending = async {
        for message in messages {
            futures_util::SinkExt::send(&mut sender, Message::binary(message)).await.unwrap();
        }
    };
    let receiving = async {
        for message in expected {
            let echo = futures_util::StreamExt::next(&mut receiver).await.unwrap().unwrap();
            assert!(echo == Message::binary(message), "another message than was sent");
        }
    };
    within("all echoes", async { tokio::join!(sending, receiving) }).await;
}

#[tokio::test]
async fn a_protocol_error_is_told_and_the_end_is_authentic() {
    let server = Server::start().await;
    let mut stream = server.stream().await;
    stream.write_all(handshake("/echo").as_bytes()).await.unwrap();
    // Not masked.
    stream.write_all(&[0x81, 1, b'x']).await.unwrap();
    let mut answer = Vec::new();
    within("the close", stream.read_to_end(&mut answer)).await.unwrap();
    let close = answer.windows(4).position(|window| window[0] == 0x88 && window[2..] == [0x03, 0xea]);
    assert!(close.is_some(), "{answer:?}");
}

#[tokio::test]
async fn http_is_answered_over_tls_too() {
    let server = Server::start().await;
    assert!(server.get("/healthz").await.starts_with("HTTP/1.1 200 OK\r\n"));
    assert!(server.get("/nope").await.starts_with("HTTP/1.1 404 Not Found\r\n"));
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_the_address() {
    let server = Server::start().await;
    for request in ["GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(), handshake("/echo")] {
        let mut peer = Peer::connect(server.address).await;
        peer.write(request).await;
        let answer = String::from_utf8(peer.read_to_end().await).unwrap();
        let port = server.address.port();
        let sentence = format!("this port speaks TLS: use https://localhost:{port}/ or wss://localhost:{port}/\n");
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.ends_with(&sentence), "{answer}");
    }
}

#[tokio::test]
async fn tls_on_the_plain_port_is_told_the_port() {
    let server = Server::start().await;
    let mut peer = server.plain.peer().await;
    peer.write(b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03").await;
    let answer = String::from_utf8(peer.read_to_end().await).unwrap();
    assert!(answer.ends_with(&format!("; wss:// and https:// have port {}\n", server.address.port())), "{answer}");
}

#[tokio::test]
async fn http_1_1_and_2_are_agreed_and_what_is_not_spoken_is_refused() {
    let server = Server::start().await;
    let connect = async |protocols: &[&str]| {
        server.certificate.try_connect(server.address, rustls::ALL_VERSIONS, protocols).await
    };
    for protocol in ["http/1.1", "h2"] {
        let protocols = [protocol];
        let stream = connect(&protocols).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(protocol.as_bytes()));
    }
    let error = connect(&["spdy/3"]).await.unwrap_err().to_string();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
}

#[tokio::test]
async fn a_client_that_does_not_finish_the_handshake_is_dropped_in_time() {
    let limits = Limits { handshake_timeout: Duration::from_millis(200).into(), ..Limits::default() };
    let server = Server::with(limits).await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01"] {
        let mut peer = Peer::connect(server.address).await;
        peer.write(beginning).await;
        let mut answer = Vec::new();
        let _ = within("the end", peer.stream.read_to_end(&mut answer)).await;
        assert_eq!(answer, b"");
    }
    // And one that does, but asks for nothing.
    let mut stream = server.stream().await;
    let mut answer = String::new();
    let _ = within("the end", stream.read_to_string(&mut answer)).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn a_connection_over_tls_counts_before_its_handshake() {
    let limits = Limits { max_connections: std::num::NonZeroUsize::MIN, ..Limits::default() };
    let server = Server::with(limits).await;
    let mut silent = Peer::connect(server.address).await;
    let answer = server.get("/echo").await;
    assert!(answer.starts_with("HTTP/1.1 503 ") && answer.contains("no room"), "{answer}");
    let answer = server.get("/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains(r#""connections":1"#), "{answer}");
    silent.write("x").await;
    silent.read_to_end().await;
    let mut client = loop {
        // Its place is free when the server has seen its end.
        if server.get("/readyz").await.starts_with("HTTP/1.1 200 ") {
            break server.connect("/echo").await;
        }
    };
    client.send("there is room").await;
    client.recv().await;
}

#[tokio::test]
async fn clients_get_1001_at_a_shutdown_and_a_silent_one_holds_nothing_up() {
    let limits = Limits { drain_timeout: Duration::from_millis(500).into(), ..Limits::default() };
    let server = Server::with(limits).await;
    let mut clients = [server.connect("/").await, server.connect("/echo?delay=1s").await];
    let silent = Peer::connect(server.address).await;
    let stopped = server.plain.stop();
    for client in &mut clients {
        client.expect_close(1001, "server is shutting down").await;
    }
    within("the server's end", stopped).await.unwrap();
    drop(silent);
}

#[tokio::test]
async fn a_client_that_never_reads_is_stopped_and_then_cut_off() {
    let limits = Limits { write_timeout: Duration::from_millis(500).into(), ..Limits::default() };
    let server = Server::with(limits).await;
    let mut stream = server.stream().await;
    stream.write_all(handshake("/echo").as_bytes()).await.unwrap();
    let messages = testkit::frame::frame(0x82, &[0; 1024]).repeat(64);
    let mut sent = 0;
    within("the server to hang up", async {
        while stream.write_all(&messages).await.is_ok() {
            sent += messages.len();
            assert!(sent < 1 << 28, "the server takes in without end");
        }
    })
    .await;
    assert!(sent > 1 << 18, "{sent} bytes were taken");
}

#[tokio::test]
async fn what_tls_holds_for_a_client_that_does_not_read_is_counted_until_it_is_gone() {
    /// Bytes that the server counts for its connections, without those of this question.
    async fn taken(server: &Server) -> usize {
        let mut peer = server.plain.peer().await;
        peer.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        let health = String::from_utf8(peer.read_to_end().await).unwrap();
        let memory = health.split_once(r#""memory":"#).and_then(|(_, after)| after.split_once('}')).unwrap().0;
        memory.parse::<usize>().unwrap().saturating_sub(24 << 10)
    }
    let server = Server::start().await;
    let mut stream = server.stream().await;
    let head = "POST /http/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let flood = async { while stream.write_all(&[0; 64 << 10]).await.is_ok() {} };
    // The head and HTTP, the state of TLS, and the records that the socket does not take.
    let counted = async { while taken(&server).await < (24 + 16 + 32) << 10 {} };
    within("72 KiB to be counted", async {
        tokio::select! {
            () = flood => panic!("the server has hung up"),
            () = counted => {}
        }
    })
    .await;
    drop(stream);
    within("nothing to be counted", async { while taken(&server).await > 0 {} }).await;
}

#[tokio::test]
async fn a_new_certificate_is_shown_after_a_reload_and_open_connections_go_on() {
    let mut certificate = Certificate::new();
    let tls = certificate.tls();
    let (server, address) = TestServer::with_tls(Config::default(), Arc::clone(&tls)).await;
    let url = format!("ws://localhost:{}/", address.port());
    let mut old = Client::over(certificate.connect(address).await, &url).await;
    let before = tls.fingerprint();

    std::fs::write(&certificate.cert, "no certificate").unwrap();
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.contains("is no certificate in PEM: there is none in it"), "{error}");
    assert_eq!(tls.fingerprint(), before);
    Client::over(certificate.connect(address).await, &url).await;

    certificate.replace(&Certificate::new());
    tls.reload().unwrap();
    assert_ne!(tls.fingerprint(), before);
    let mut new = Client::over(certificate.connect(address).await, &url).await;
    for client in [&mut old, &mut new] {
        client.send("both").await;
        assert_eq!(client.recv().await, Message::text("Server received: both"));
    }
    server.stop_and_wait().await;
}

/// What the program says that does not start.
async fn refusal(arguments: &[&str]) -> String {
    let mut command = canyon(arguments);
    let output = within("its end", command.args(["--port", "0"]).stdin(Stdio::null()).output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_certificate_that_clients_would_reject_is_refused_at_the_start() {
    let [good, other] = [Certificate::new(), Certificate::new()];
    let [expired, future] = [Certificate::valid(2020, 2021), Certificate::valid(2098, 2099)];
    for (cert, key, sentence) in [
        (&expired.cert, &expired.key, "has expired: it was valid until Fri, 01 Jan 2021 00:00:00 GMT"),
        (&future.cert, &future.key, "is valid from Wed, 01 Jan 2098 00:00:00 GMT only"),
        (&good.cert, &other.key, "is not that of the certificate in "),
        (&good.key, &good.key, "is no certificate in PEM: there is none in it"),
        (&good.cert, &good.cert, "is no private key (PKCS#8, SEC1 or PKCS#1, not encrypted) in PEM"),
        (&good.cert.join("nowhere"), &good.key, "canyon: cannot read "),
    ] {
        let [cert, key] = [cert, key].map(|file| file.to_str().unwrap());
        let said = refusal(&["--tls-cert", cert, "--tls-key", key]).await;
        assert!(said.contains(sentence) && said.lines().count() == 1, "{said}");
    }
}

#[tokio::test]
async fn the_program_makes_a_certificate_and_keeps_it() {
    let folder = tempfile::TempDir::new().unwrap();
    let start = || {
        let mut command = canyon(&["--host", "127.0.0.1", "--port", "0", "--tls-port", "0", "--tls-self-signed"]);
        command.env("HOME", folder.path()).env("XDG_DATA_HOME", folder.path()).env("APPDATA", folder.path());
        crate::support::Program::start(command)
    };
    let mut fingerprints = Vec::new();
    for _ in 0..2 {
        let mut program = start();
        program.url().await;
        let line = program.line().await;
        let port = line.strip_prefix("WebSocket server started on wss://127.0.0.1:").unwrap();
        let line = program.line().await;
        let advice =
            format!("The certificate is self-signed: open https://127.0.0.1:{port}/ once and accept it there, ");
        assert!(line.starts_with(&advice), "{line}");
        fingerprints.push(line.rsplit_once("Its SHA-256 fingerprint is ").unwrap().1.to_owned());
        let mut peer = Peer::connect((Ipv4Addr::LOCALHOST, port.parse().unwrap()).into()).await;
        peer.write("GET / HTTP/1.1\r\n\r\n").await;
        assert!(peer.read_head().await.starts_with("HTTP/1.1 400 "));
    }
    assert_eq!(fingerprints[0].len(), 32 * 3 - 1, "{fingerprints:?}");
    assert_eq!(fingerprints[0], fingerprints[1], "the second start shows the same certificate");
}

/// A running program that shows this certificate, its process with its plain and its TLS address.
#[cfg(unix)]
async fn program(certificate: &Certificate) -> (crate::support::Program, SocketAddr, SocketAddr) {
    let [cert, key] = [&certificate.cert, &certificate.key].map(|file| file.to_str().unwrap());
    let (mut program, plain) =
        crate::support::Program::on_free_port(&["--tls-port", "0", "--tls-cert", cert, "--tls-key", key]).await;
    let line = program.line().await;
    let port = line.strip_prefix("WebSocket server started on wss://127.0.0.1:").unwrap().parse().unwrap();
    (program, (Ipv4Addr::LOCALHOST, plain).into(), (Ipv4Addr::LOCALHOST, port).into())
}

#[cfg(unix)]
#[tokio::test]
async fn sighup_reads_the_certificate_again_and_ends_nothing() {
    let mut certificate = Certificate::new();
    let (mut program, plain, address) = program(&certificate).await;
    let url = format!("ws://localhost:{}/echo", address.port());
    let mut clients = [
        Client::connect(&format!("ws://{plain}/echo")).await,
        Client::over(certificate.connect(address).await, &url).await,
    ];
    while !program.line().await.starts_with("Client connected from ") {}
    program.line().await;

    std::fs::write(&certificate.key, "no key").unwrap();
    program.signal("HUP").await;
    let line = program.line().await;
    assert!(
        line.starts_with("error: cannot read the certificate again: ") && line.contains("is no private key"),
        "{line}"
    );
    assert!(line.ends_with("; the one before stays"), "{line}");
    Client::over(certificate.connect(address).await, &url).await;

    certificate.replace(&Certificate::new());
    program.signal("HUP").await;
    while !program.line().await.starts_with("The certificate was read again. Its SHA-256 fingerprint is ") {}
    Client::over(certificate.connect(address).await, &url).await;
    for client in &mut clients {
        client.send("still there?").await;
        assert_eq!(client.recv().await, Message::text("still there?"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_is_logged_with_its_reason() {
    let (mut program, _, address) = program(&Certificate::new()).await;
    Certificate::new().try_connect(address, rustls::ALL_VERSIONS, &[]).await.unwrap_err();
    let line = program.line().await;
    assert!(line.starts_with("No TLS with client 127.0.0.1:"), "{line}");
    assert!(line.contains(": it does not trust the certificate (received fatal alert: "), "{line}");
}

/// `script` gives it a terminal, which goes with `script`.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_end_of_its_terminal_ends_it_with_1001_for_clients() {
    let certificate = Certificate::new();
    let [cert, key] = [&certificate.cert, &certificate.key].map(|file| file.to_str().unwrap());
    let canyon = env!("CARGO_BIN_EXE_canyon");
    let words = format!("exec {canyon} --host 127.0.0.1 --port 0 --tls-port 0 --tls-cert {cert} --tls-key {key}");
    let mut command = testkit::Program::command("script");
    command.args(["--quiet", "--command", &words, "/dev/null"]).stdin(Stdio::null()).env("SHELL", "/bin/sh");
    let mut script = crate::support::Program::start(command);
    let url = script.url().await;
    let mut client = Client::connect(&format!("{}/echo", url.trim_end())).await;
    script.child().kill().await.unwrap();
    client.expect_close(1001, "server is shutting down").await;
}
