//! `canyon relay` between a client and another server: what passes, what is answered, and what both sides' wire shows.

use std::{fs, time::Duration, time::Instant};

use server::{Config, Gateway};
use tokio_tungstenite::tungstenite::{ClientRequestBuilder, Message};
use wire::{
    TimeSpan,
    event::{Direction, Event, Happened},
};

#[cfg(unix)]
use crate::support::UnixServer;
use crate::support::{Certificate, Client, Peer, Program, TestServer, program::canyon, within};

const ID: &str = "0123456789abcdefABCDEF";

fn gateway(to: &str) -> Gateway {
    Gateway {
        to: to.parse().unwrap(),
        trust: "system".parse().unwrap(),
        delay: TimeSpan::seconds(0),
        jitter: TimeSpan::seconds(0),
        fragment: None,
        drop_after: None,
    }
}

/// A server, and one that passes on to it.
async fn pair(change: impl FnOnce(&mut Gateway)) -> (TestServer, TestServer) {
    let far = TestServer::start().await;
    let mut gateway = gateway(&format!("ws://{}", far.address));
    change(&mut gateway);
    (far, TestServer::with(Config { gateway: Some(gateway), ..Config::default() }).await)
}

#[tokio::test]
async fn messages_pass_both_ways_as_they_are_and_the_close_with_its_code() {
    let (_far, near) = pair(|_| {}).await;
    let mut client = near.connect("/echo").await;
    for message in [Message::text("Grüße"), Message::binary(vec![]), Message::binary(vec![7; 1 << 20])] {
        client.send(message.clone()).await;
        assert!(client.recv().await == message);
    }
    near.connect("/close/4001?reason=bye").await.expect_close(4001, "bye").await;
}

#[tokio::test]
async fn the_request_reaches_the_other_server_and_its_answer_the_client() {
    let (_far, near) = pair(|_| {}).await;
    let url = format!("ws://{}/headers", near.address);
    let stream = tokio::net::TcpStream::connect(near.address).await.unwrap();
    let request =
        ClientRequestBuilder::new(url.parse().unwrap()).with_header("X-Own", "one").with_header("Cookie", "a=b");
    let report = Client::over_with(stream, request).await.recv().await.to_string();
    assert!(report.contains("x-own") && report.contains("a=b"), "{report}");
    let mut peer = Peer::connect(near.address).await;
    peer.write(
        crate::support::peer::handshake("/subprotocol?choose=last")
            .replace("Host:", "Sec-WebSocket-Protocol: one, two\r\nHost:"),
    )
    .await;
    let head = peer.read_head().await;
    assert!(head.starts_with("HTTP/1.1 101 ") && head.contains("sec-websocket-protocol: two\r\n"), "{head}");
    let mut peer = Peer::connect(near.address).await;
    peer.write(crate::support::peer::handshake("/cookie?name=name&value=value")).await;
    let head = peer.read_head().await;
    assert!(head.contains("set-cookie: name=value"), "{head}");
}

#[tokio::test]
async fn a_refusal_is_passed_on_and_a_server_that_is_not_there_is_502() {
    let (_far, near) = pair(|_| {}).await;
    let (status, body) = Client::refused(&format!("ws://{}/status/418", near.address)).await;
    assert_eq!(status, 418, "{body}");
    let (status, body) = Client::refused(&format!("ws://{}/nowhere", near.address)).await;
    assert!(status == 404 && body.contains("/nowhere"), "{status} {body}");
    let unused = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let config = Config { gateway: Some(gateway(&format!("ws://{unused}"))), ..Config::default() };
    let near = TestServer::with(config).await;
    let (status, body) = Client::refused(&format!("ws://{}/", near.address)).await;
    assert!(status == 502 && body.contains(&unused.to_string()), "{status} {body}");
}

#[tokio::test]
async fn messages_are_delayed_fragmented_and_cut_off_on_the_way() {
    let delay = Duration::from_millis(40);
    let (_far, near) = pair(|gateway| gateway.delay = delay.into()).await;
    let mut client = near.connect("/echo").await;
    let before = Instant::now();
    client.send("late").await;
    assert_eq!(client.recv().await, Message::text("late"));
    assert!(before.elapsed() >= 2 * delay, "once each way");

    let (_far, near) = pair(|gateway| gateway.fragment = 4.try_into().ok()).await;
    let mut peer = Peer::open(near.address, "/echo").await;
    peer.write(crate::support::peer::frame(0x81, b"parted")).await;
    assert_eq!(peer.read_frame().await, (0x01, b"part".to_vec()));
    assert_eq!(peer.read_frame().await, (0x80, b"ed".to_vec()));

    let (_far, near) = pair(|gateway| gateway.drop_after = 2.try_into().ok()).await;
    let mut peer = Peer::open(near.address, "/echo").await;
    for text in [b"one", b"two"] {
        peer.write(crate::support::peer::frame(0x81, text)).await;
        assert_eq!(peer.read_frame().await, (0x81, text.to_vec()));
    }
    peer.write(crate::support::peer::frame(0x81, b"three")).await;
    assert!(peer.read_to_end().await.is_empty(), "it ends without a close frame");
}

#[tokio::test]
async fn what_came_before_a_violation_is_answered_first() {
    let (_far, near) = pair(|_| {}).await;
    for violation in [crate::support::peer::frame(0xc1, b"reserved"), crate::support::peer::frame(0x83, b"opcode")] {
        let mut peer = Peer::open(near.address, "/echo").await;
        peer.write([crate::support::peer::frame(0x81, b"first"), violation].concat()).await;
        assert_eq!(peer.read_frame().await, (0x81, b"first".to_vec()));
        let (opcode, payload) = peer.read_frame().await;
        assert_eq!((opcode, &payload[..2]), (0x88, &1002_u16.to_be_bytes()[..]));
    }
}

#[tokio::test]
async fn jitter_delays_messages_by_no_more_than_it_may_and_keeps_their_order() {
    let jitter = Duration::from_millis(30);
    let (_far, near) = pair(|gateway| gateway.jitter = jitter.into()).await;
    let mut client = near.connect("/echo").await;
    let before = Instant::now();
    for number in 0..20 {
        client.send(number.to_string()).await;
    }
    for number in 0..20 {
        assert_eq!(client.recv().await, Message::text(number.to_string()));
    }
    // 20 times 0 to 30 ms in each direction: 60 ms or less in one of 10^12 runs.
    assert!(before.elapsed() > Duration::from_millis(60));
}

#[tokio::test]
async fn a_server_with_tls_is_reached_if_its_certificate_is_trusted() {
    let certificate = Certificate::new();
    let (_far, address) = TestServer::with_tls(Config::default(), certificate.tls()).await;
    let to = format!("wss://localhost:{}", address.port());
    let relay = async |trust: &str| {
        let gateway = Gateway { trust: trust.parse().unwrap(), ..gateway(&to) };
        TestServer::with(Config { gateway: Some(gateway), ..Config::default() }).await
    };
    for trust in [certificate.cert.to_str().unwrap(), "anyone"] {
        let near = relay(trust).await;
        let mut client = near.connect("/echo").await;
        client.send("over TLS").await;
        assert_eq!(client.recv().await, Message::text("over TLS"));
    }
    let other = Certificate::new();
    for trust in [other.cert.to_str().unwrap(), "system"] {
        let near = relay(trust).await;
        let (status, body) = Client::refused(&format!("ws://{}/echo", near.address)).await;
        assert!(status == 502 && body.contains("certificate"), "{status} {body}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_server_behind_a_unix_socket_is_reached() {
    let far = TestServer::start().await;
    let socket = UnixServer::before(far.address);
    let relay = async |url: &str| TestServer::with(Config { gateway: Some(gateway(url)), ..Config::default() }).await;
    let near = relay(&socket.url("")).await;
    let mut client = near.connect("/").await;
    client.send("hello").await;
    assert_eq!(client.recv().await, Message::text("Server received: hello"));
    let near = relay(&socket.url(":/echo")).await;
    let mut client = near.connect("/elsewhere").await;
    client.send("hello").await;
    assert_eq!(client.recv().await, Message::text("hello"));
    let url = socket.url("-not-there");
    let near = relay(&url).await;
    let (status, body) = Client::refused(&format!("ws://{}/", near.address)).await;
    assert!(status == 502 && body.contains(&url), "{status} {body}");
}

#[tokio::test]
async fn both_sides_are_watched_under_the_clients_id() {
    let (_far, near) = pair(|_| {}).await;
    let mut watcher = near.connect(&format!("/inspect/{ID}")).await;
    let mut client = near.connect(&format!("/echo?inspect={ID}")).await;
    client.send("seen").await;
    client.recv().await;
    let mut events = Vec::new();
    let is_frame = |event: &Event, direction| matches!(&event.happened, Happened::Frame(frame) if frame.direction == direction && frame.first == b"seen");
    while events.iter().filter(|event| is_frame(event, Direction::Out)).count() < 2 {
        events.push(watcher.recv().await.to_text().unwrap().parse::<Event>().unwrap());
    }
    let requests: Vec<_> = events
        .iter()
        .filter_map(|event| match &event.happened {
            Happened::Request(request) => Some((event.connection, request)),
            _ => None,
        })
        .collect();
    let [(client, asked), (far, passed_on)] = requests[..] else { panic!("{requests:?}") };
    assert_eq!((asked.relay_of, asked.target.as_str()), (None, &*format!("/echo?inspect={ID}")));
    assert_eq!((passed_on.relay_of, passed_on.target.as_str()), (Some(client), "/echo"));
    for connection in [client, far] {
        for direction in [Direction::In, Direction::Out] {
            let count =
                events.iter().filter(|event| event.connection == connection && is_frame(event, direction)).count();
            assert_eq!(count, 1, "{connection} {direction:?}");
        }
    }
    let masks = |connection| {
        let of_frames = |event: &Event| match &event.happened {
            Happened::Frame(frame) if event.connection == connection => Some((frame.direction, frame.mask.is_some())),
            _ => None,
        };
        events.iter().filter_map(of_frames).collect::<Vec<_>>()
    };
    assert_eq!(masks(client), [(Direction::In, true), (Direction::Out, false)]);
    assert_eq!(masks(far), [(Direction::Out, true), (Direction::In, false)]);
}

#[tokio::test]
async fn the_program_says_who_broke_the_protocol_and_records_both_sides() {
    let far = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wire.jsonl");
    let to = format!("ws://{}", far.address);
    let arguments = ["relay", "--listen", "127.0.0.1:0", "--to", &to, "--record", file.to_str().unwrap()];
    let mut program = Program::start(canyon(&arguments));
    let url = program.url().await;
    assert_eq!(program.line().await, format!("WebSockets are passed on to {to}/"));
    let mut client = Client::connect(&format!("{url}/fault/rsv2")).await;
    client.expect_close(1011, "the other server was given up").await;
    assert!(program.line().await.starts_with("Client connected from "));
    let verdict = program.line().await;
    assert!(verdict.starts_with(&format!("The server {} was given up (1002): ", far.address)), "{verdict}");
    program.signal("TERM").await;
    within("its end", program.child().wait()).await.unwrap();
    let text = fs::read_to_string(file).unwrap();
    let requests = text.lines().filter_map(|line| match line.parse::<Event>().unwrap().happened {
        Happened::Request(request) => Some(request.relay_of),
        _ => None,
    });
    assert_eq!(requests.collect::<Vec<_>>(), [None, Some(1)]);
}
