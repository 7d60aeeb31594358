//! Connections through the relay of the page's server, and why connections fail.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use rcgen::generate_simple_self_signed;
use server::{Config, RelaySettings, Tls};
use testkit::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::accessibility::{axe_core, is_accessible};
use crate::archive::CATCH_DOWNLOADS;
use crate::driver::{Scheme, Trust, Window};
use crate::page::Page;
use crate::screenshots::fits;
use crate::servers::{nobody, peer};
use crate::site::Site;

/// A server with a relay, which serves the page.
async fn with_relay() -> Result<Server> {
    let relay = RelaySettings { relay: true, ..RelaySettings::default() };
    Server::start(Config { relay, ..Config::default() }).await
}

/// A server with a certificate of its own for `localhost`, which is returned in PEM, with the address that speaks TLS.
async fn with_tls() -> Result<(Server, SocketAddr, String)> {
    let folder = tempfile::tempdir()?;
    let (cert, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let made = generate_simple_self_signed(["localhost".to_owned()])?;
    fs::write(&cert, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    let (server, address) = Server::start_with_tls(Config::default(), Arc::new(Tls::from_files(&cert, &key)?)).await?;
    Ok((server, address, made.cert.pem()))
}

/// A server that answers the handshake with these bytes and closes. Returns its address.
async fn answering(response: &'static str) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("ws://{}/", listener.local_addr()?);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await?;
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await?;
            stream.write_all(response.as_bytes()).await?;
            stream.shutdown().await?;
        }
        #[expect(unreachable_code, reason = "says what `?` returns")]
        Ok::<_, std::io::Error>(())
    });
    Ok(address)
}

async fn connects_through(page: &Page, address: &str, headers: &str) -> Result<()> {
    page.types_address(address).await?;
    page.clicks("Through Canyon…").await?;
    let field = page.waits_for("the headers", "//dialog//textarea").await?;
    field.clear().await?;
    field.send_keys(headers).await?;
    page.clicks("Connect through Canyon").await
}

async fn cause(page: &Page, text: &str) -> Result<()> {
    let xpath = format!("//div[contains(@class, 'why')]//p[contains(., '{text}')]");
    page.waits_for(&format!("the cause is {text:?}"), &xpath).await.map(drop)
}

#[tokio::test]
async fn a_connection_through_canyon_sets_headers_and_carries_messages_both_ways() -> Result<()> {
    let (server, other) = (with_relay().await?, crate::servers::start().await?);
    let page = Page::open(&server.page()).await?;
    connects_through(&page, &other.websocket("/headers"), "X-Test: one\n# X-Off: two").await?;
    page.sees_state("Open").await?;
    page.sees_row("X-Test").await?;
    page.sends("hello").await?;
    page.waits_for(
        "the echo",
        "//*[@role='option'][contains(., 'hello')][contains(@class, 'received') or contains(., '↓')]",
    )
    .await?;
    page.clicks("Through Canyon…").await?;
    page.clicks("Handshake…").await?;
    page.waits_for("the response", "//dialog[contains(., 'Status 101')]").await?;
    page.waits_for("a step with its time", "//table[@aria-label='Times']//th[.='TCP']").await?;
    page.clicks("Close dialog").await?;
    page.clicks("Disconnect").await?;
    page.sees_state("Disconnected").await
}

#[tokio::test]
async fn a_certificate_is_trusted_by_its_issuer_alone() -> Result<()> {
    let (_other, tls_address, pem) = with_tls().await?;
    let server = with_relay().await?;
    let page = Page::open(&server.page()).await?;
    let address = format!("wss://localhost:{}/", tls_address.port());
    connects_through(&page, &address, "").await?;
    cause(&page, "The certificate is self-signed").await?;

    page.clicks("Through Canyon…").await?;
    let trust = page.waits_for("the choice", "//dialog//select").await?;
    trust.select_by_label("these issuers").await?;
    let xpath = "//dialog//label[starts-with(normalize-space(), 'Issuers')]//textarea";
    page.waits_for("the issuers", xpath).await?.send_keys(&pem).await?;
    page.clicks("Connect through Canyon").await?;
    page.sees_state("Open").await?;
    page.sees_row("TLS: TLSv1_3").await?;
    page.sends("hello").await?;
    page.sees_row("Server received: hello").await?;
    page.clicks("Disconnect").await?;
    page.sees_state("Disconnected").await?;

    page.types_address(&format!("wss://127.0.0.1:{}/", tls_address.port())).await?;
    page.clicks("Through Canyon…").await?;
    page.waits_for("the issuers", xpath).await?;
    page.clicks("Connect through Canyon").await?;
    cause(&page, "The certificate is for another name").await
}

#[tokio::test]
async fn pings_through_canyon_are_in_the_log() -> Result<()> {
    let (server, other) = (with_relay().await?, crate::servers::start().await?);
    let page = Page::open(&server.page()).await?;
    connects_through(&page, &other.websocket("/echo?ping=100ms"), "").await?;
    page.sees_row("The server sent a ping, and has its pong").await.map(drop)
}

/// What was typed may be in memory, and nowhere else.
#[tokio::test]
async fn secrets_of_the_relay_are_in_no_link_export_or_storage_unless_they_are_to_be_kept() -> Result<()> {
    let (server, other) = (with_relay().await?, crate::servers::start().await?);
    let page = Page::open(&server.page()).await?;
    connects_through(&page, &other.websocket("/auth/bearer?token=correct"), "Authorization: Bearer s3cret").await?;
    cause(&page, "The server asks for credentials (401)").await?;
    page.clicks("Handshake…").await?;
    page.waits_for("it is masked", "//dialog//dl[contains(., 'Authorization') and contains(., '(hidden)')]").await?;
    page.waits_for("the response", "//dialog[contains(., 'Status 401')]").await?;
    page.clicks("Close dialog").await?;

    page.script(CATCH_DOWNLOADS).await?;
    page.clicks("Export…").await?;
    for format in ["JSON Lines", "CSV", "HAR"] {
        page.clicks(format).await?;
    }
    page.waits_for_script("three files", "return window.downloads.length === 3").await?;
    page.clicks("Close dialog").await?;
    page.clicks("Share…").await?;
    page.waits_for("the link", "//dialog//textarea[@aria-label='Link']").await?;
    let places = "return JSON.stringify([window.downloads, { ...localStorage }, location.href, document.documentElement.outerHTML,
        [...document.querySelectorAll('input, textarea')].map(({ value }) => value)])";
    let everything = page.script(places).await?.to_string();
    assert!(everything.contains("auth/bearer") && !everything.contains("s3cret"), "{everything}");
    page.clicks("Close dialog").await?;

    page.clicks("Through Canyon…").await?;
    page.waits_for("what was typed", "//dialog//textarea").await?;
    page.ticks("Keep headers").await?;
    page.waits_for_script("it is stored", "return JSON.stringify({ ...localStorage }).includes('s3cret')").await?;
    page.ticks("Keep headers").await?;
    page.waits_for_script("it is not", "return !JSON.stringify({ ...localStorage }).includes('s3cret')").await
}

/// As `cargo xtask run` prints the page's address: the page comes from elsewhere than the relay.
#[tokio::test]
async fn the_token_in_the_page_s_address_opens_the_relay_and_is_seen_no_more() -> Result<()> {
    let token = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE";
    let relay = RelaySettings { relay: true, token: Some(token.parse()?), ..RelaySettings::default() };
    let server = Server::start(Config { relay, ..Config::default() }).await?;
    let (other, site) = (crate::servers::start().await?, Site::start().await?);
    let page = Page::open(&format!("{}?url={}#relay={token}", site.page(), server.websocket("/"))).await?;
    let seen = "return location.href + document.documentElement.outerHTML + JSON.stringify({ ...localStorage, ...sessionStorage })";
    for reloads in [false, true] {
        if reloads {
            page.reloads().await?;
        }
        connects_through(&page, &other.websocket("/"), "").await?;
        page.sees_state("Open").await?;
        page.sends("hello").await?;
        page.sees_row("Server received: hello").await?;
        assert!(!page.script(seen).await?.to_string().contains(token));
        page.clicks("Disconnect").await?;
        page.sees_state("Disconnected").await?;
    }
    page.clicks("Share…").await?;
    page.waits_for("the link", "//dialog//textarea[@aria-label='Link']").await?;
    let link = page.script("return document.querySelector('dialog textarea').value").await?.to_string();
    assert!(link.contains("url=") && !link.contains(token), "{link}");
    Ok(())
}

#[tokio::test]
async fn a_refusal_through_canyon_is_shown_with_its_body() -> Result<()> {
    let (server, other) = (with_relay().await?, crate::servers::start().await?);
    let page = Page::open(&server.page()).await?;
    connects_through(&page, &other.websocket("/status/403?body=staff-only"), "").await?;
    page.sees_state("Could not connect").await?;
    cause(&page, "The server forbids the handshake (403)").await?;
    page.clicks("Handshake…").await?;
    page.waits_for("the body", "//pre[contains(., 'staff-only')]").await.map(drop)
}

#[tokio::test]
async fn a_page_without_a_relay_says_how_to_start_one() -> Result<()> {
    let page = Page::start().await?;
    let address = page.server().websocket("/");
    connects_through(&page, &address, "").await?;
    page.waits_for("the way to start one", "//p[@role='alert'][contains(., 'canyon --relay')]").await.map(drop)
}

/// An address where a connection fails, and the cause.
struct SetUp {
    address: String,
    cause: &'static str,
    /// Whether a browser alone can name it.
    is_seen_by_browsers: bool,
}

/// Each is a server of its own; all of them run for as long as the test.
async fn set_ups(other: &Server, tls: SocketAddr) -> Result<Vec<SetUp>> {
    const WRONG_ACCEPT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                                Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n";
    let plain = |path: &str| other.websocket(path);
    let hidden = [
        (nobody().await?, "Nothing listens on this port"),
        ("ws://no-such-host.invalid/".to_owned(), "There is no host of this name"),
        (format!("wss://localhost:{}/", tls.port()), "The certificate is self-signed"),
        (format!("ws://localhost:{}/", tls.port()), "The port speaks TLS"),
        (
            answering("HTTP/1.1 301 Moved Permanently\r\nLocation: /new\r\nContent-Length: 0\r\n\r\n").await?,
            "The server redirects the handshake (301)",
        ),
        (plain("/auth/bearer?token=secret"), "The server asks for credentials (401)"),
        (plain("/status/403"), "The server forbids the handshake (403)"),
        (plain("/nothing-here"), "The server has nothing at this path (404)"),
        (plain("/status/426"), "a WebSocket handshake that it understands (426)"),
        (plain("/status/429"), "The server has had too many requests (429)"),
        (plain("/status/502"), "A proxy in front of the server answers for it (502)"),
        (plain("/status/504"), "A proxy in front of the server answers for it (504)"),
        (plain("/status/200"), "The server answers the handshake as an ordinary request (200)"),
        (answering(WRONG_ACCEPT).await?, "The server computed a wrong Sec-WebSocket-Accept"),
        (plain("/handshake/unoffered-subprotocol"), "did not agree on a subprotocol"),
        (plain("/handshake/unoffered-extension"), "agreed to an extension that was not offered"),
        (answering("SSH-2.0-OpenSSH_9.2\r\n").await?, "does not speak HTTP/1.1 there"),
        (answering("").await?, "The server ended the connection without a word"),
        (answering("HTTP/1.1 101 Switching Protocols\r\n\r\n").await?, "is no upgrade to WebSocket"),
    ];
    let seen = [
        (plain("/").replacen("ws:", "wss:", 1), "The port does not speak TLS"),
        ("ws://127.0.0.1:6000/".to_owned(), "Browsers do not connect to port 6000"),
    ];
    let set_up = |is_seen_by_browsers| {
        move |(address, cause): (String, &'static str)| SetUp { address, cause, is_seen_by_browsers }
    };
    Ok(hidden.into_iter().map(set_up(false)).chain(seen.into_iter().map(set_up(true))).collect())
}

/// What the page says about each.
async fn answers(page: &Page, set_ups: &[SetUp]) -> Result<Vec<String>> {
    let mut answers = Vec::new();
    for set_up in set_ups {
        page.connects_to(&set_up.address).await?;
        page.waits_for("an answer", "//div[contains(@class, 'why')]//b[normalize-space()]").await?;
        let answer = page.script("return document.querySelector('.why .cause').textContent").await?;
        answers.push(answer.as_str().unwrap_or_default().to_owned());
    }
    Ok(answers)
}

#[tokio::test]
async fn the_relay_names_why_a_connection_failed() -> Result<()> {
    let (server, other, (_tls, tls_address, _)) =
        (with_relay().await?, crate::servers::start().await?, with_tls().await?);
    let window = Window { trust: Trust::System, ..Window::WIDE };
    let page = Page::open_in(window, &server.page()).await?;
    let set_ups = set_ups(&other, tls_address).await?;
    for (set_up, answer) in set_ups.iter().zip(answers(&page, &set_ups).await?) {
        assert!(answer.starts_with("Cause: ") && answer.contains(set_up.cause), "{}: {answer}", set_up.address);
    }
    Ok(())
}

#[tokio::test]
async fn without_a_relay_what_is_named_is_right_and_the_rest_is_not_named() -> Result<()> {
    let (server, other, (_tls, tls_address, _)) =
        (crate::servers::start().await?, crate::servers::start().await?, with_tls().await?);
    let window = Window { trust: Trust::System, ..Window::WIDE };
    let page = Page::open_in(window, &server.page()).await?;
    // Chromium delays each handshake by seconds when many have failed: a third of those that it cannot name is enough.
    let all = set_ups(&other, tls_address).await?.into_iter().enumerate();
    let set_ups: Vec<SetUp> =
        all.filter(|(index, set_up)| set_up.is_seen_by_browsers || index % 3 == 0).map(|(_, set_up)| set_up).collect();
    for (set_up, answer) in set_ups.iter().zip(answers(&page, &set_ups).await?) {
        let is_right = match set_up.is_seen_by_browsers {
            true => answer.starts_with("Cause: ") && answer.contains(set_up.cause),
            false => answer.starts_with("Not certain: "),
        };
        assert!(is_right, "{}: {answer}", set_up.address);
    }
    Ok(())
}

#[tokio::test]
async fn a_subprotocol_that_is_not_agreed_on_is_named_by_the_browser_alone() -> Result<()> {
    let page = Page::start().await?;
    page.types_address(&page.server().websocket("/echo")).await?;
    page.fills("Subprotocols", "chat").await?;
    page.clicks("Connect").await?;
    cause(&page, "did not agree on a subprotocol").await
}

#[tokio::test]
async fn without_a_relay_the_page_says_what_cannot_be_told() -> Result<()> {
    let page = Page::connecting_to(&nobody().await?).await?;
    page.waits_for("it says so", "//div[contains(@class, 'why')][contains(., 'tell from inside a browser')]").await?;
    page.connects_to("ws://127.0.0.1:6000/").await?;
    cause(&page, "Browsers do not connect to port 6000").await
}

#[tokio::test]
async fn a_cut_connection_through_canyon_says_so() -> Result<()> {
    let server = with_relay().await?;
    let address = peer(async |mut client| {
        client.send(Message::text("news")).await?;
        client.next().await;
        Ok(())
    })
    .await?;
    let page = Page::open(&server.page()).await?;
    connects_through(&page, &address, "").await?;
    page.sees_row("news").await?;
    page.sends("go").await?;
    page.sees_state("Connection lost").await?;
    cause(&page, "The server ended the connection without a word").await
}

/// In each window that the page is made for.
#[tokio::test]
async fn what_goes_through_canyon_fits_every_window_and_is_accessible() -> Result<()> {
    let (server, other) = (with_relay().await?, crate::servers::start().await?);
    for (width, height) in [(1280, 800), (360, 740), (320, 568), (640, 400)] {
        for scheme in [Scheme::Light, Scheme::Dark] {
            let window = Window { width, height, scheme, ..Window::WIDE };
            let page = Page::open_in(window, &server.page()).await?;
            page.script(&axe_core()?).await?;
            let looks = async |view: &str| {
                fits(&page, window, view).await?;
                is_accessible(&page, view).await
            };
            page.types_address(&other.websocket("/status/403?body=staff-only")).await?;
            page.clicks("Through Canyon…").await?;
            page.waits_for("the headers", "//dialog//textarea").await?.send_keys("Authorization: Bearer abc").await?;
            looks("through").await?;
            page.fills("Ping every", "often").await?;
            page.clicks("Connect through Canyon").await?;
            page.waits_for("the problem", "//dialog//*[@role='alert'][contains(., 'often')]").await?;
            looks("through-wrong").await?;
            page.fills("Ping every", "5").await?;
            page.clicks("Connect through Canyon").await?;
            cause(&page, "The server forbids the handshake (403)").await?;
            looks("why").await?;
            page.clicks("Handshake…").await?;
            page.waits_for("the body", "//dialog//pre").await?;
            looks("handshake").await?;
        }
    }
    Ok(())
}
