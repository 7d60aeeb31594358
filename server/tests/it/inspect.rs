//! The wire made visible: what those see who watch a connection, and what a recording has.

use std::{fs, num::NonZeroUsize};

use server::{Access, Config, Limits};
use testkit::handshake::{Compression, request};
use tokio_tungstenite::tungstenite::Message;
use wire::{
    ByteSize,
    event::{Direction, Event, Frame, Happened, LengthBits, Request, Response},
};

use crate::support::{
    Certificate, Client, Peer, Program, TestServer,
    peer::frame,
    program::{canyon, wait_for_output},
    within,
};

const ID: &str = "0123456789abcdefABCDEF";

/// The mask of the frames that `testkit` makes.
fn masked(frame: &[u8]) -> [u8; 4] {
    frame[2..6].try_into().unwrap()
}

/// Somebody who watches [`ID`].
struct Watcher(Client);

impl Watcher {
    async fn of(server: &TestServer) -> Self {
        Self(server.connect(&format!("/inspect/{ID}")).await)
    }

    async fn event(&mut self) -> Event {
        match self.0.recv().await {
            Message::Text(line) => line.parse().unwrap(),
            other => panic!("expected an event, not {other:?}"),
        }
    }

    async fn request(&mut self) -> Request {
        match self.event().await.happened {
            Happened::Request(request) => *request,
            other => panic!("expected a request, not {other:?}"),
        }
    }

    async fn response(&mut self) -> Response {
        match self.event().await.happened {
            Happened::Response(response) => *response,
            other => panic!("expected a response, not {other:?}"),
        }
    }

    async fn frame(&mut self) -> Frame {
        match self.event().await.happened {
            Happened::Frame(frame) => *frame,
            other => panic!("expected a frame, not {other:?}"),
        }
    }

    async fn opening(&mut self) -> (Request, Response) {
        (self.request().await, self.response().await)
    }
}

/// Direction, FIN, RSV, opcode, bytes on the wire, first bytes.
fn shown(frame: &Frame) -> (Direction, bool, u8, u8, u64, &[u8]) {
    (frame.direction, frame.fin, frame.rsv, frame.opcode, frame.wire, &frame.first)
}

#[tokio::test]
async fn a_watcher_sees_a_connection_from_its_request_to_its_end() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    let mut peer = server.peer().await;
    let target = format!("/echo?inspect={ID}");
    let head = request("localhost", &target, Compression::Off).replace("\r\n\r\n", "\r\nX-Odd:  cAsE \r\n\r\n");
    peer.write(&head).await;
    let answer = peer.read_head().await;
    let (asked, answered) = watcher.opening().await;
    assert_eq!((&asked.method[..], &asked.version[..], asked.target), ("GET", "HTTP/1.1", target));
    assert_eq!(asked.peer, peer.stream.local_addr().unwrap().to_string());
    assert_eq!((asked.head_bytes, asked.tls, asked.stream_of), (Some(head.len() as u64), None, None));
    assert_eq!(asked.headers.last(), Some(&("X-Odd".to_owned(), "cAsE".to_owned())));
    assert_eq!((answered.status, &answered.line, &answered.body), (Some(101), &None, &None));
    for (name, value) in &answered.headers {
        assert!(answer.contains(&format!("{name}: {value}\r\n")), "{name}: {value} in {answer}");
    }
    let ping = frame(0x89, b"p");
    let fragments = [frame(0x01, b"Hel"), ping.clone(), frame(0x80, b"lo")];
    peer.write(fragments.concat()).await;
    for expected in [(0x8a, &b"p"[..]), (0x81, b"Hello")] {
        assert_eq!(peer.read_frame().await, (expected.0, expected.1.to_vec()));
    }
    let mut times = Vec::new();
    for expected in [
        (Direction::In, false, 0, 1, 9, &b"Hel"[..]),
        (Direction::In, true, 0, 9, 7, b"p"),
        (Direction::In, true, 0, 0, 8, b"lo"),
        (Direction::Out, true, 0, 10, 3, b"p"),
        (Direction::Out, true, 0, 1, 7, b"Hello"),
    ] {
        let event = watcher.event().await;
        times.push(event.at);
        let Happened::Frame(frame) = event.happened else { panic!("{event:?}") };
        assert_eq!(shown(&frame), expected);
        let is_masked = frame.direction == Direction::In;
        assert_eq!((frame.mask.is_some(), frame.length_bits), (is_masked, LengthBits::Seven));
        if frame.opcode == 9 {
            assert_eq!((frame.mask, &frame.header[..]), (Some(masked(&ping)), &ping[..6]));
        }
    }
    assert!(times.is_sorted(), "{times:?}");
    peer.write(frame(0x88, b"\x03\xe8")).await;
    assert_eq!(peer.read_close().await.0, 1000);
    assert_eq!(shown(&watcher.frame().await), (Direction::In, true, 0, 8, 8, &b"\x03\xe8"[..]));
    assert_eq!(shown(&watcher.frame().await), (Direction::Out, true, 0, 8, 4, &b"\x03\xe8"[..]));
    drop(peer);
    assert_eq!(watcher.event().await.happened, Happened::End);
}

#[tokio::test]
async fn who_comes_later_sees_what_was_before_and_two_see_the_same() {
    let server = TestServer::start().await;
    let mut client = server.connect(&format!("/?inspect={ID}")).await;
    client.send("a").await;
    client.recv().await;
    let (mut one, mut two) = (Watcher::of(&server).await, Watcher::of(&server).await);
    for _ in 0..4 {
        let event = one.event().await;
        assert_eq!(two.event().await, event);
    }
    let mut other = server.connect(&format!("/echo?inspect={ID}")).await;
    let first = one.event().await;
    assert!(matches!(first.happened, Happened::Request(_)), "{first:?}");
    other.send("b").await;
    assert_eq!(other.recv().await, Message::text("b"));
    let connections = [one.event().await, one.event().await].map(|event| event.connection);
    assert_eq!(connections, [first.connection; 2], "each connection has a number of its own");
}

#[tokio::test]
async fn a_refused_request_is_seen_with_the_reason() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    for (path, headers, status, reason) in [
        ("/nowhere", "", 404, "unknown path"),
        ("/echo", "Origin: http://evil.example\r\n", 403, "origin \"http://evil.example\""),
        ("/status/418", "", 418, "the URL asks for 418"),
    ] {
        let mut peer = server.peer().await;
        let target = format!("{path}?inspect={ID}");
        let head = request("localhost", &target, Compression::Off);
        peer.write(head.replace("\r\n\r\n", &format!("\r\n{headers}\r\n"))).await;
        assert!(peer.read_head().await.starts_with(&format!("HTTP/1.1 {status} ")), "{path}");
        let (asked, answered) = watcher.opening().await;
        assert_eq!((asked.target, answered.status), (target, Some(status)));
        assert!(answered.body.as_ref().is_some_and(|body| body.contains(reason)), "{answered:?}");
        assert_eq!(watcher.event().await.happened, Happened::End);
    }
}

#[tokio::test]
async fn a_compressed_message_is_seen_with_its_size_before_compression() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    let mut peer = Peer::open_deflate(server.address, &format!("/echo?inspect={ID}")).await;
    watcher.opening().await;
    let text = "Hello".repeat(100);
    let compressed = crate::attacks::frames::deflated(text.as_bytes());
    let (first, second) = compressed.split_at(3);
    peer.write([frame(0x41, first), frame(0x89, b""), frame(0x80, second), frame(0x81, b"plain")].concat()).await;
    for _ in 0..3 {
        peer.read_frame().await;
    }
    let mut sizes = Vec::new();
    for _ in 0..7 {
        let frame = watcher.frame().await;
        sizes.push((frame.direction, frame.rsv, frame.opcode, frame.plain));
        let beginning = if frame.plain.is_some() { &text.as_bytes()[..32] } else { b"" };
        assert_eq!(frame.plain_first, beginning);
    }
    let expected = [
        (Direction::In, 4, 1, None),
        (Direction::In, 0, 9, None),
        (Direction::In, 0, 0, Some(500)),
        (Direction::In, 0, 1, None),
        (Direction::Out, 0, 10, None),
        (Direction::Out, 4, 1, Some(500)),
        (Direction::Out, 0, 1, None),
    ];
    assert_eq!(sizes, expected);
}

#[tokio::test]
async fn wrong_frames_and_responses_are_seen_as_they_are() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    let mut peer = Peer::open(server.address, &format!("/echo?inspect={ID}")).await;
    watcher.opening().await;
    peer.write(b"\xb1\x82\x00\x00\x00\x00hi").await;
    assert_eq!(peer.read_close().await.0, 1002);
    assert_eq!(shown(&watcher.frame().await), (Direction::In, true, 3, 1, 8, &b"hi"[..]));
    assert_eq!(watcher.event().await.happened, violation(1002, "reserved bits must be 0", "RFC 6455, 5.2"));
    let close = watcher.frame().await;
    assert_eq!((close.direction, close.opcode, &close.first[..2]), (Direction::Out, 8, &b"\x03\xea"[..]));
    assert_eq!(watcher.event().await.happened, Happened::End);
    let mut peer = Peer::open(server.address, &format!("/fault/masked?inspect={ID}")).await;
    watcher.opening().await;
    let frame = watcher.frame().await;
    assert!(frame.direction == Direction::Out && frame.mask.is_some(), "{frame:?}");
    peer.write(b"\x81\x85\x00\x00\x00\x00cut").await;
    drop(peer);
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Event| event.happened != Happened::End) {
        events.push(watcher.event().await);
    }
    let cut = events.iter().find_map(|event| match &event.happened {
        Happened::Frame(frame) if frame.direction == Direction::In => Some(frame),
        _ => None,
    });
    assert_eq!(shown(cut.unwrap()), (Direction::In, true, 0, 1, 9, &b"cut"[..]));
    let mut peer = server.peer().await;
    let target = format!("/handshake/old-headers?hello=hi&inspect={ID}");
    peer.write(request("localhost", &target, Compression::Off)).await;
    peer.read_head().await;
    let (_, answered) = watcher.opening().await;
    assert_eq!(answered.line.as_deref(), Some("HTTP/1.1 101 Switching Protocols"));
    assert!(answered.headers.contains(&("websocket-origin".to_owned(), "http://localhost".to_owned())));
    assert_eq!(shown(&watcher.frame().await), (Direction::Out, true, 0, 1, 4, &b"hi"[..]));
}

fn violation(code: u16, reason: &str, section: &str) -> Happened {
    Happened::Violation { code, reason: reason.to_owned(), section: section.to_owned() }
}

#[tokio::test]
async fn a_violation_follows_the_frame_that_is_its_reason_however_little_of_it_has_come() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    // The first bytes of a text are wrong; the rest of the frame never comes.
    let mut peer = Peer::open(server.address, &format!("/echo?inspect={ID}")).await;
    watcher.opening().await;
    peer.write(b"\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\xff\xff").await;
    assert_eq!(peer.read_close().await.0, 1007);
    let frame = watcher.frame().await;
    assert_eq!((frame.length, frame.wire, &frame.first[..]), (65_536, 16, &b"\xff\xff"[..]));
    assert_eq!(watcher.event().await.happened, violation(1007, "text is not valid UTF-8", "RFC 6455, 8.1"));
    assert_eq!(watcher.frame().await.opcode, 8);
    assert_eq!(watcher.event().await.happened, Happened::End, "it is told once");
}

#[tokio::test]
async fn what_tls_negotiated_is_seen() {
    let certificate = Certificate::new();
    let (server, address) = TestServer::with_tls(Config::default(), certificate.tls()).await;
    let mut watcher = Watcher::of(&server).await;
    let stream = certificate.try_connect(address, rustls::ALL_VERSIONS, &["http/1.1"]).await.unwrap();
    let url = format!("ws://localhost:{}/echo?inspect={ID}", address.port());
    let mut client = Client::over(stream, &url).await;
    let tls = watcher.request().await.tls.unwrap();
    assert_eq!((&tls.version[..], &tls.cipher[..]), ("TLSv1_3", "TLS13_AES_256_GCM_SHA384"));
    assert_eq!((tls.alpn.as_deref(), tls.server_name.as_deref()), (Some("http/1.1"), Some("localhost")));
    watcher.response().await;
    client.send("a").await;
    assert_eq!(watcher.frame().await.wire, 7, "frames are counted without the records of TLS");
}

#[tokio::test]
async fn a_watcher_that_falls_behind_learns_how_much_it_has_missed_and_slows_nobody() {
    const MESSAGES: u64 = 20_000;
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    let mut peer = Peer::open(server.address, &format!("/echo?inspect={ID}")).await;
    for number in 0..MESSAGES {
        let message = number.to_string();
        peer.write(frame(0x81, message.as_bytes())).await;
        assert_eq!(peer.read_frame().await, (0x81, message.into_bytes()));
    }
    drop(peer);
    let (mut seen, mut missed) = (0, 0);
    loop {
        match watcher.event().await.happened {
            Happened::Missed { count } => missed += count,
            Happened::End => break,
            _ => seen += 1,
        }
    }
    assert_eq!(seen + missed, 2 + 2 * MESSAGES);
    assert!(missed > MESSAGES / 4, "40000 events are more than is kept for those who do not read; missed: {missed}");
}

#[tokio::test]
async fn ids_that_can_be_guessed_are_refused() {
    let server = TestServer::start().await;
    let url = |path: &str| format!("ws://{}{path}", server.address);
    for id in ["1", "0123456789abcdefABCDE", &"a".repeat(32), "0123456789abcdef/ABCDEF", &"0123456789".repeat(7)] {
        for path in [format!("/inspect/{id}"), format!("/echo?inspect={id}")] {
            let (status, sentence) = Client::refused(&url(&path)).await;
            assert_eq!(status, 400, "{path}");
            assert!(sentence.contains("at least 16 random bytes"), "{sentence}");
        }
    }
    let (status, sentence) = Client::refused(&url(&format!("/inspect/{ID}?inspect={ID}"))).await;
    assert!(status == 400 && sentence.contains("unknown parameter"), "nobody watches those who watch: {sentence}");
}

#[tokio::test]
async fn a_page_of_another_origin_watches_nothing() {
    let server = TestServer::start().await;
    let mut peer = server.peer().await;
    let head = request("localhost", &format!("/inspect/{ID}"), Compression::Off);
    peer.write(head.replace("\r\n\r\n", "\r\nOrigin: https://evil.example\r\n\r\n")).await;
    assert!(peer.read_head().await.starts_with("HTTP/1.1 403 "));
}

#[tokio::test]
async fn thousands_of_ids_are_refused_and_those_that_are_there_go_on() {
    let server = TestServer::start().await;
    let mut watcher = Watcher::of(&server).await;
    let mut kept = Vec::new();
    for number in 1..128 {
        kept.push(server.connect(&format!("/echo?inspect={ID}-{number}")).await);
    }
    for number in 128..2000 {
        let path =
            if number % 2 == 0 { format!("/echo?inspect={ID}-{number}") } else { format!("/inspect/{ID}-{number}") };
        let (status, sentence) = Client::refused(&format!("ws://{}{path}", server.address)).await;
        assert_eq!(
            (status, &sentence[..]),
            (503, "your address has 128 ids for inspection already, try again in a minute\n")
        );
    }
    let mut client = server.connect(&format!("/echo?inspect={ID}")).await;
    client.send("a").await;
    watcher.opening().await;
    assert_eq!(watcher.frame().await.first, b"a");
    kept[5].send("b").await;
    assert_eq!(kept[5].recv().await, Message::text("b"));
}

/// 40 connections, each with more events than are kept, and watchers that read nothing.
#[tokio::test]
async fn inspection_takes_no_more_memory_than_its_share() {
    let limits = Limits { max_memory: Some(ByteSize::mib(64)), ..Limits::default() };
    let server = TestServer::with(Config { limits, ..Config::default() }).await;
    let before = memory(&server).await;
    let mut peers = Vec::new();
    for number in 0..40 {
        let mut watcher = server.peer().await;
        watcher.write(request("localhost", &format!("/inspect/{ID}-{number}"), Compression::Off)).await;
        watcher.read_head().await;
        let mut peer = Peer::open(server.address, &format!("/sink?inspect={ID}-{number}")).await;
        peer.write(frame(0x89, b"x").repeat(2000)).await;
        peer.write(frame(0x88, b"\x03\xe8")).await;
        loop {
            if peer.read_frame().await.0 == 0x88 {
                break;
            }
        }
        peers.push((peer, watcher));
    }
    let held = memory(&server).await - before;
    // An eighth of 64 MiB for the events, and at most 64 KiB for each connection.
    assert!(held < (8 << 20) + 80 * (64 << 10), "{held} bytes");
    assert!(held > 4 << 20, "the events are counted: {held} bytes");
}

/// What `/healthz` says the server holds.
async fn memory(server: &TestServer) -> u64 {
    let mut peer = server.peer().await;
    peer.write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let answer = String::from_utf8(peer.read_to_end().await).unwrap();
    let (_, rest) = answer.split_once("\"memory\":").unwrap();
    rest.trim().trim_end_matches('}').parse().unwrap()
}

/// What a recording has, each line read back.
fn events(path: &std::path::Path) -> Vec<Event> {
    fs::read_to_string(path).unwrap().lines().map(|line| line.parse().unwrap()).collect()
}

#[cfg(unix)]
#[tokio::test]
async fn a_recording_has_the_events_of_all_connections() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wire.jsonl");
    let (mut program, port) = Program::on_free_port(&["--record", path.to_str().unwrap()]).await;
    for number in 0..3 {
        let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/")).await;
        client.send(format!("hello {number}")).await;
        assert_eq!(client.recv().await, Message::text(format!("Server received: hello {number}")));
        client.close(None).await;
        assert_eq!(client.recv().await, Message::Close(None));
        client.expect_end().await;
    }
    assert_eq!(Client::refused(&format!("ws://127.0.0.1:{port}/nowhere")).await.0, 404);
    program.signal("TERM").await;
    assert!(within("its end", program.child().wait()).await.unwrap().success());
    let events = events(&path);
    let connections: Vec<u64> = events
        .iter()
        .filter(|event| matches!(event.happened, Happened::Request(_)))
        .map(|event| event.connection)
        .collect();
    assert_eq!(connections.len(), 4);
    for (number, connection) in connections.iter().enumerate().take(3) {
        let own: Vec<_> = events.iter().filter(|event| event.connection == *connection).collect();
        // Request, response, message in and out, close frame in and out, end.
        assert_eq!(own.len(), 7, "{own:?}");
        let Happened::Frame(frame) = &own[2].happened else { panic!("{own:?}") };
        assert_eq!(frame.first, format!("hello {number}").as_bytes());
    }
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "heads have passwords in them");
}

#[tokio::test]
async fn a_recording_ends_at_its_size_and_the_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wire.jsonl");
    let (mut program, port) =
        Program::on_free_port(&["--record", path.to_str().unwrap(), "--record-limit", "2KiB", "--log", "warn"]).await;
    let mut client = Client::connect(&format!("ws://127.0.0.1:{port}/echo")).await;
    for _ in 0..100 {
        client.send("a").await;
        client.recv().await;
    }
    let line = program.line().await;
    assert!(line.contains("has its size, 2KiB, and has ended"), "{line}");
    let size = fs::metadata(&path).unwrap().len();
    assert!(size <= 2048 && size > 1500, "{size}");
    assert!(!events(&path).is_empty());
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_is_an_error_at_the_start() {
    let output = wait_for_output(canyon(&["--port", "0", "--record", "/nowhere/wire.jsonl"])).await;
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot record to /nowhere/wire.jsonl: No such file or directory"), "{said}");
}

#[tokio::test]
async fn a_public_server_has_no_more_ids_than_others() {
    let limits = Limits { max_connections: NonZeroUsize::new(10).unwrap(), ..Limits::default() };
    let access = Access { public: true, ..Access::default() };
    let server = TestServer::with(Config { limits, access, ..Config::default() }).await;
    let mut watchers = Vec::new();
    for number in 0..10 {
        watchers.push(server.connect(&format!("/inspect/{ID}-{number}")).await);
    }
    let (status, sentence) = Client::refused(&format!("ws://{}/inspect/{ID}", server.address)).await;
    assert_eq!(
        (status, &sentence[..]),
        (503, "there is no room for another connection\n"),
        "a watcher is a connection"
    );
}
