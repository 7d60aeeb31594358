//! Attempts to use the relay without leave, or to get past its rules. Each is numbered.

use server::RelayTarget;
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};
use wire::relay::{Cause, Request};

use super::{Relay, answering, event, failure};
use crate::support::{Client, Peer, TestServer, peer::handshake};

fn targets(texts: &[&str]) -> Vec<RelayTarget> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// The head of the answer to a request with that head.
async fn answer(relay: &Relay, head: String) -> String {
    let mut peer: Peer = relay.server.peer().await;
    peer.write(head).await;
    peer.read_head().await
}

/// A handshake with these headers beside the usual ones; `{port}` is the server's.
fn with(path: &str, headers: &str, relay: &Relay) -> String {
    let port = relay.server.address.port().to_string();
    let headers = headers.replace("{port}", &port);
    handshake(path).replacen("\r\n", &format!("\r\n{headers}"), 1)
}

#[tokio::test]
async fn handshakes_without_leave_are_403() {
    let shut = Relay::with(|config| config.relay.relay = false).await;
    let open = Relay::start().await;
    let public = Relay::with(|config| config.access.public = true).await;
    let named = Relay::with(|config| {
        config.access.public = true;
        config.relay.relay_to = targets(&["example.com"]);
    })
    .await;
    let own = "Origin: http://localhost:{port}\r\n";
    for (number, relay, headers) in [
        (1, &shut, own),
        (2, &open, ""),
        (3, &open, "Origin: https://evil.example\r\n"),
        (4, &open, "Origin: null\r\n"),
        (5, &open, "Origin: http://localhost.evil.example\r\n"),
        (6, &open, "Origin: file://\r\n"),
        (7, &open, "Origin: http://localhost:{port}/\r\nX-Forwarded-For: 192.0.2.1\r\n"),
        (8, &open, "Origin: http://localhost:{port}\r\nForwarded: for=192.0.2.1\r\n"),
        (9, &public, own),
        (10, &named, "Origin: https://evil.example\r\n"),
        (11, &named, ""),
    ] {
        let answer = answer(relay, with("/relay", headers, relay)).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{number}: {answer}");
    }
    let twice = with("/relay", "Origin: http://localhost\r\nOrigin: https://evil.example\r\n", &open);
    assert!(answer(&open, twice).await.starts_with("HTTP/1.1 400 "), "12");
    let rebound = with("/relay", own, &open).replace("Host: localhost", "Host: evil.example");
    assert!(answer(&open, rebound).await.starts_with("HTTP/1.1 403 "), "13");
}

#[tokio::test]
async fn the_token_is_for_the_servers_own_page() {
    let relay = Relay::start().await;
    let get = |headers: &str| format!("GET /relay HTTP/1.1\r\nHost: localhost\r\n{headers}Connection: close\r\n\r\n");
    for (number, headers) in [
        (14, "Origin: https://evil.example\r\n"),
        (15, "Sec-Fetch-Site: cross-site\r\n"),
        (16, "Sec-Fetch-Site: same-site\r\n"),
        (17, "Origin: http://localhost:3000\r\nSec-Fetch-Site: same-site\r\n"),
        (18, "Via: 1.1 proxy\r\n"),
    ] {
        let answer = answer(&relay, get(headers)).await;
        assert!(answer.starts_with("HTTP/1.1 403 "), "{number}: {answer}");
    }
    let mut peer = relay.server.peer().await;
    peer.write(get("Sec-Fetch-Site: same-origin\r\n")).await;
    let answer = String::from_utf8(peer.read_to_end().await).unwrap();
    assert!(answer.ends_with(&format!("\r\n\r\n{}\n", relay.token.expose())), "{answer}");
    for header in
        ["cache-control: no-store", "cross-origin-resource-policy: same-origin", "x-content-type-options: nosniff"]
    {
        assert!(answer.contains(header), "{answer}");
    }
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
}

/// Sends that as the first message, and expects to be told off.
async fn refused(number: u32, relay: &Relay, first: impl Into<Message>) -> String {
    let mut page = relay.page().await;
    page.send(first).await;
    let (cause, evidence, events) = failure(&mut page).await;
    assert!(matches!(cause, Cause::NotAllowed | Cause::Request), "{number}: {cause:?}: {evidence}");
    assert!(events.is_empty(), "{number}: {events:?}");
    match page.recv().await {
        Message::Close(Some(frame)) => assert_eq!(frame.code, CloseCode::Policy, "{number}"),
        other => panic!("{number}: {other:?}"),
    }
    evidence
}

#[tokio::test]
async fn requests_without_the_token_lead_nowhere() {
    let relay = Relay::start().await;
    let older = Relay::start().await;
    let url = format!("ws://{}/echo", relay.server.address);
    for (number, token) in [
        (19, String::new()),
        (20, older.token.expose().to_owned()),
        (21, relay.token.expose()[1..].to_owned()),
        (22, relay.token.expose().to_lowercase()),
        (23, format!("{}\0", relay.token.expose())),
    ] {
        let evidence = refused(number, &relay, Request::new(&token, &url).to_json()).await;
        assert!(evidence.contains("token") && !evidence.contains(relay.token.expose()), "{number}: {evidence}");
    }
    refused(24, &relay, Message::binary(relay.request(&url).to_json())).await;
    refused(25, &relay, "{}").await;
}

#[tokio::test]
async fn requests_that_break_a_rule_connect_to_nothing() {
    let relay = Relay::start().await;
    let (trap, mut reached) = answering(b"").await;
    let url = format!("ws://{trap}/");
    let header =
        |name: &str, value: &str| Request { headers: vec![(name.to_owned(), value.to_owned())], ..relay.request(&url) };
    let to = |url: String| relay.request(&url);
    let port = trap.port();
    let requests = [
        (26, header("X-A", "1\r\nX-B: 2")),
        (27, header("X-A\r\nX-B", "1")),
        (28, header("X-A", "1\n\nGET / HTTP/1.1")),
        (29, header("Host", "internal.example")),
        (30, header("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA==")),
        (31, header("Content-Length", "5")),
        (32, header("transfer-encoding", "chunked")),
        (33, header("Connection", "close")),
        (34, header("Proxy-Authorization", "Basic x")),
        (35, to(format!("http://{trap}/"))),
        (36, to(format!("ws://{trap}/ HTTP/1.1\r\nX: y"))),
        (37, to(format!("ws://user:secret@{trap}/"))),
        (38, to(format!("ws://2130706433:{port}/"))),
        (39, to(format!("ws://0x7f.1:{port}/"))),
        (40, to(format!("ws://127.1:{port}/"))),
        (41, to(format!("ws://0.0.0.0:{port}/"))),
        (42, to(format!("ws://[::]:{port}/"))),
        (43, to("ws://169.254.169.254/latest/meta-data/".to_owned())),
        (44, to("ws://[::ffff:169.254.169.254]/".to_owned())),
        (45, to("ws://[fe80::1]/".to_owned())),
        (46, Request { proxy: Some("http://169.254.169.254:80".to_owned()), ..relay.request(&url) }),
        (47, Request { proxy: Some(format!("file://{trap}")), ..relay.request(&url) }),
        (48, Request { extensions: "x\r\nX-B: 2".to_owned(), ..relay.request(&url) }),
        (49, Request { subprotocols: vec!["a, b\r\n".to_owned()], ..relay.request(&url) }),
        (50, Request { headers: vec![("X-A".to_owned(), "x".repeat(20_000))], ..relay.request(&url) }),
    ];
    for (number, request) in requests {
        let evidence = refused(number, &relay, request.to_json()).await;
        assert!(!evidence.contains("secret"), "{number}: {evidence}");
    }
    assert!(!reached.is_finished(), "nobody has connected");
    reached.abort();
    let _ = (&mut reached).await;
}

#[tokio::test]
async fn named_targets_are_all_that_is_reached() {
    let (trap, reached) = answering(b"").await;
    let port = trap.port();
    let named = [format!("127.0.0.1:{}", port ^ 1), format!("example.com:{port}"), "*.localhost.evil.test".to_owned()];
    let named: Vec<_> = named.iter().map(String::as_str).collect();
    let relay = Relay::with(|config| config.relay.relay_to = targets(&named)).await;
    for (number, host) in [
        (51, format!("127.0.0.1:{port}")),
        (52, format!("localhost:{port}")),
        (53, format!("localhost.:{port}")),
        (54, format!("[::1]:{port}")),
        (55, format!("[::ffff:127.0.0.1]:{port}")),
        (56, format!("example.com.evil.test:{port}")),
        (57, "example.com".to_owned()),
        (58, format!("a.example.com:{port}")),
    ] {
        refused(number, &relay, relay.request(&format!("ws://{host}/")).to_json()).await;
    }
    // A proxy must be named, too.
    let through = Request {
        proxy: Some(format!("socks5://127.0.0.1:{port}")),
        ..relay.request(&format!("ws://example.com:{port}/"))
    };
    refused(59, &relay, through.to_json()).await;
    assert!(!reached.is_finished(), "nobody has connected");
    reached.abort();
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_are_reached_only_where_they_are_named() {
    let other = TestServer::start().await;
    let socket = crate::support::UnixServer::before(other.address);
    let open = Relay::start().await;
    let elsewhere = Relay::with(|config| config.relay.relay_to = targets(&["unix:/run/app.sock", "localhost"])).await;
    let named = Relay::with(|config| config.relay.relay_to = targets(&[&socket.url("")])).await;
    let path = socket.url("");
    let (folder, file) = path.rsplit_once('/').unwrap();
    let proxy = Request { proxy: Some("http://127.0.0.1:80".to_owned()), ..named.request(&path) };
    for (number, relay, request) in [
        (68, &open, open.request(&path)),
        (69, &elsewhere, elsewhere.request(&path)),
        (70, &named, named.request(&format!("{folder}/x/../{file}"))),
        (71, &named, named.request(&format!("{folder}//{file}"))),
        (72, &named, named.request(&format!("{folder}/./{file}"))),
        (73, &named, named.request(&format!("{path}/"))),
        (74, &named, named.request("unix:@abstract")),
        (75, &named, named.request(&format!("{path}:/ HTTP/1.1\r\nX: y"))),
        (76, &named, named.request(&path.replacen("unix:", "unix://localhost", 1))),
        (77, &named, named.request(&format!("ws://{}/", other.address))),
        (78, &named, proxy),
    ] {
        refused(number, relay, request.to_json()).await;
    }
    let mut page = named.open(&named.request(&socket.url(":/echo"))).await;
    page.send("tnamed").await;
    assert_eq!(page.recv().await, Message::text("tnamed"));
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let relay = Relay::start().await;
    let (trap, reached) = answering(b"").await;
    let redirect = format!("HTTP/1.1 307 Temporary Redirect\r\nLocation: ws://{trap}/\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = answering(redirect.leak().as_bytes()).await;
    let (cause, ..) = relay.fail(&relay.request(&format!("ws://{address}/"))).await;
    assert_eq!(cause, Cause::Redirected, "60");
    assert!(!reached.is_finished(), "nobody has connected");
    reached.abort();
}

#[tokio::test]
async fn a_second_request_on_the_same_socket_ends_it() {
    let (relay, other) = (Relay::start().await, TestServer::start().await);
    let request = relay.request(&format!("ws://{}/echo", other.address));
    let mut page: Client = relay.open(&request).await;
    page.send(request.to_json()).await;
    let (cause, evidence, _) = failure(&mut page).await;
    assert_eq!(cause, Cause::Request, "61");
    assert!(!evidence.contains(relay.token.expose()), "61: {evidence}");
    // And one that does not wait for the first.
    let (slow, _task) = silent().await;
    let mut page = relay.page().await;
    let request = relay.request(&format!("ws://{slow}/"));
    page.send(request.to_json()).await;
    event(&mut page).await;
    page.send(request.to_json()).await;
    let (cause, ..) = failure(&mut page).await;
    assert_eq!(cause, Cause::Request, "62");
}

/// A server that accepts and says nothing.
async fn silent() -> (std::net::SocketAddr, tokio::task::JoinHandle<()>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let task = tokio::spawn(async move {
        let accepted = listener.accept().await;
        std::future::pending::<()>().await;
        drop(accepted);
    });
    (address, task)
}

#[tokio::test]
async fn a_program_that_would_open_a_relay_to_everywhere_does_not_start() {
    for (number, arguments) in [
        (63, ["--host", "127.0.0.1", "--relay", "--public"].as_slice()),
        (64, &["--host", "0.0.0.0", "--relay"]),
        (65, &["--host", "127.0.0.1", "--relay-to", "example.com"]),
        (66, &["--host", "127.0.0.1", "--relay", "--relay-to", "*"]),
    ] {
        let mut command = crate::support::program::canyon(arguments);
        let output = crate::support::within("its end", command.args(["--port", "0"]).output()).await.unwrap();
        assert!(!output.status.success(), "{number}: {output:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("--relay"), "{number}: {said}");
    }
}

/// What passes through the relay begins with its token.
#[cfg(unix)]
#[tokio::test]
async fn neither_the_log_nor_a_recording_has_the_token() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("recording");
    let token = server::Token::random();
    let arguments =
        ["--host", "127.0.0.1", "--port", "0", "--relay", "--log", "trace", "--record", path.to_str().unwrap()];
    let mut command = crate::support::program::canyon(&arguments);
    command.env("CANYON_RELAY_TOKEN", token.expose());
    let mut program = crate::support::Program::start(command);
    let port = program.url().await.rsplit_once(':').unwrap().1.trim().parse::<u16>().unwrap();
    let mut page = super::page(([127, 0, 0, 1], port).into()).await;
    page.send(Request::new(token.expose(), &format!("ws://127.0.0.1:{port}/close/1000")).to_json()).await;
    while !matches!(page.recv().await, Message::Close(_)) {}
    drop(page);
    program.signal("TERM").await;
    let mut log = String::new();
    while !log.contains("WebSocket server stopped.") {
        log += &program.line().await;
    }
    let recorded = std::fs::read_to_string(&path).unwrap();
    assert!(recorded.contains("/close/1000"), "67: the relay's own request to the other server: {recorded}");
    let beginning: String = r#"{"token":"#.bytes().map(|byte| format!("{byte:02x}")).collect();
    for text in [&log, &recorded] {
        assert!(!text.contains(token.expose()) && !text.contains(&beginning), "67: {text}");
    }
}
