//! `X-Forwarded-For` and `Forwarded`: who is taken for the client, and who cannot pass for another.

use std::num::NonZeroUsize;

use server::{Config, ForwardedHeader, Limits, ProxySettings};

use crate::support::{Peer, Program, TestServer, peer::handshake, within};

/// A handshake with more lines in its head.
fn with(lines: &str, target: &str) -> String {
    handshake(target).replacen("\r\n", &format!("\r\n{lines}\r\n"), 1)
}

async fn open(port: u16, request: &str) -> (Peer, String) {
    let mut peer = Peer::connect(([127, 0, 0, 1], port).into()).await;
    peer.write(request).await;
    let head = peer.read_head().await;
    (peer, head)
}

/// Opens a WebSocket with these lines, and gives the address that the log has.
async fn logged(program: &mut Program, port: u16, lines: &str) -> String {
    let (_, head) = open(port, &with(lines, "/")).await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let line = program.line().await;
    let address = line.strip_prefix("Client connected from ").unwrap().to_owned();
    assert_eq!(program.line().await, format!("Client {address} disconnected"));
    address
}

#[tokio::test]
async fn the_last_address_that_is_no_trusted_proxy_is_logged() {
    let arguments = ["--forwarded-header", "x-forwarded-for", "--trusted-proxy", "127.0.0.1,10.0.0.0/8"];
    let (mut program, port) = Program::on_free_port(&arguments).await;
    for (lines, address) in [
        ("X-Forwarded-For: 203.0.113.7", "203.0.113.7"),
        ("X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.1.1.1", "203.0.113.7"),
        ("X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: [2001:db8::7]:5100", "[2001:db8::7]:5100"),
    ] {
        assert_eq!(logged(&mut program, port, lines).await, address);
    }
    for lines in ["X-Forwarded-For: nobody", "Forwarded: for=203.0.113.7", "X-Real-IP: 203.0.113.7", "X-Other: 1"] {
        let address = logged(&mut program, port, lines).await;
        assert!(address.starts_with("127.0.0.1:"), "{lines}: {address}");
    }
}

#[tokio::test]
async fn forwarded_names_the_client_too_and_then_the_other_header_does_not() {
    let (mut program, port) = Program::on_free_port(&["--forwarded-header", "forwarded"]).await;
    let lines = "X-Forwarded-For: 198.51.100.1\r\nForwarded: for=198.51.100.2, for=203.0.113.7;proto=https";
    assert_eq!(logged(&mut program, port, lines).await, "203.0.113.7");
}

#[tokio::test]
async fn nobody_is_believed_who_is_not_trusted_or_where_it_is_not_asked_for() {
    for arguments in [&["--forwarded-header", "x-forwarded-for", "--trusted-proxy", "192.0.2.1"][..], &[]] {
        let (mut program, port) = Program::on_free_port(arguments).await;
        let address = logged(&mut program, port, "X-Forwarded-For: 203.0.113.7").await;
        assert!(address.starts_with("127.0.0.1:"), "{address}");
    }
}

#[tokio::test]
async fn the_client_is_shown_and_the_limit_for_one_address_is_its_own() {
    let limits = Limits { max_connections_per_address: NonZeroUsize::new(1), ..Limits::default() };
    let proxies = ProxySettings { forwarded_header: Some(ForwardedHeader::XForwardedFor), ..ProxySettings::default() };
    let server = TestServer::with(Config { limits, proxies, ..Config::default() }).await;
    let port = server.address.port();
    let ask = async |client: &str| open(port, &with(&format!("X-Forwarded-For: {client}"), "/headers")).await;
    let (mut first, head) = ask("203.0.113.7").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let shown = String::from_utf8_lossy(&first.read_frame().await.1).into_owned();
    assert!(shown.contains(r#""address":"203.0.113.7""#), "{shown}");
    // The same client, also by what it makes up in front.
    for same in ["203.0.113.7", "198.51.100.9, 203.0.113.7"] {
        let (_, head) = ask(same).await;
        assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    }
    let (_other, head) = ask("203.0.113.8").await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    drop(first);
    within("the end of the first connection", async {
        while ask("203.0.113.7").await.1.starts_with("HTTP/1.1 503 ") {}
    })
    .await;
}

#[tokio::test]
async fn a_client_whom_the_proxy_protocol_names_must_be_trusted_to_name_another() {
    let arguments =
        ["--proxy-protocol", "--forwarded-header", "x-forwarded-for", "--trusted-proxy", "127.0.0.1,10.0.0.0/8"];
    let (mut program, port) = Program::on_free_port(&arguments).await;
    for (source, client) in [("10.0.0.9", "203.0.113.7"), ("198.51.100.1", "198.51.100.1:1")] {
        let request = format!("PROXY TCP4 {source} 127.0.0.1 1 80\r\n{}", with("X-Forwarded-For: 203.0.113.7", "/"));
        let (_, head) = open(port, &request).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_eq!(program.line().await, format!("Client connected from {client}"));
        assert_eq!(program.line().await, format!("Client {client} disconnected"));
    }
}
