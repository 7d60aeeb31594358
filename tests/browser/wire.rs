//! The view of the wire: a connection watched at its server, and recordings.

use std::path::Path;

use anyhow::Result;
use fantoccini::key::Key;
use serde_json::json;
use tempfile::TempDir;

use crate::driver::{Scheme, Window};
use crate::page::{Page, Tab};
use crate::servers::nobody;

/// The page with the wire of a connection to its own server.
async fn watching(window: Window, path: &str) -> Result<Page> {
    let page = Page::start_in(window).await?;
    page.types_address(&page.server().websocket(path)).await?;
    page.clicks("Wire").await?;
    page.clicks("Show this connection").await?;
    sees(&page, "response", "101").await?;
    Ok(page)
}

/// A row of that kind has this text.
async fn sees(page: &Page, kind: &str, text: &str) -> Result<()> {
    let row = format!(
        "//*[@id='inspect']//*[@role='option'][not(@hidden)][span[@class='kind']='{kind}'][contains(., '{text}')]"
    );
    page.waits_for(&format!("a {kind} with {text}"), &row).await.map(drop)
}

/// Selects such a row, and returns what the detail says.
async fn selects(page: &Page, kind: &str, text: &str) -> Result<String> {
    sees(page, kind, text).await?;
    let row = format!(
        "//*[@id='inspect']//*[@role='option'][not(@hidden)][span[@class='kind']='{kind}'][contains(., '{text}')]"
    );
    page.waits_for("the row", &row).await?.click().await?;
    Ok(page.waits_for("the detail", "//*[@id='inspect']//aside").await?.text().await?)
}

/// Sends a message in the other view.
async fn sends(page: &Page, text: &str) -> Result<()> {
    page.clicks("Messages").await?;
    page.sends(text).await?;
    page.sees_received("text", text).await?;
    page.clicks("Wire").await
}

#[tokio::test]
async fn a_connection_is_watched_from_its_request_to_each_bit_of_its_frames() -> Result<()> {
    let page = watching(Window::WIDE, "/echo?deflate=no").await?;
    sends(&page, "Hello").await?;
    let request = selects(&page, "request", "inspect=").await?;
    for text in ["Sec-WebSocket-Key", "handshake", "User-Agent", "browser"] {
        assert!(request.contains(text), "{text} is not in: {request}");
    }
    let frame = selects(&page, "text", "↑").await?;
    for text in ["text frame to the server", "MASK", "Masking key", "48 65 6c 6c 6f", "text message 1", "FIN 1"] {
        assert!(frame.contains(text), "{text} is not in: {frame}");
    }
    let answer = selects(&page, "text", "↓").await?;
    assert!(answer.contains("text frame from the server") && !answer.contains("Masking key"), "{answer}");
    page.script("navigator.clipboard.writeText = async (text) => { window.copied = text; };").await?;
    page.clicks("Copy as hex").await?;
    page.waits_for("it is copied", "//button[.='Copied']").await?;
    assert_eq!(page.script("return window.copied").await?, json!("81 05 48 65 6c 6c 6f"));
    Ok(())
}

#[tokio::test]
async fn compression_fragments_and_pings_are_explained() -> Result<()> {
    let page = watching(Window::WIDE, "/echo?fragment=10&ping=1s").await?;
    let text = "compress this ".repeat(20);
    sends(&page, text.trim_end()).await?;
    let last = selects(&page, "continuation", "↓").await?;
    assert!(last.contains("text message 1 of this direction, frame 2"), "{last}");
    let sent = selects(&page, "text", "↑").await?;
    assert!(sent.contains("on the wire for 279 B: ") && sent.contains("RSV1"), "{sent}");
    sees(&page, "pong", "↑").await?;
    let ping = selects(&page, "ping", "↓").await?;
    assert!(ping.contains("by a pong after "), "{ping}");
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_section() -> Result<()> {
    let page = watching(Window::WIDE, "/fault/masked").await?;
    let frame = selects(&page, "text", "a frame of a server is masked").await?;
    assert!(frame.contains("a frame of a server is masked (RFC 6455, 5.1)."), "{frame}");
    page.waits_for("they are counted", "//*[@class='wire-count'][contains(., '1 violation')]").await?;
    // The filter shows nothing else.
    let only = "//select[@aria-label='Kinds of events']/option[.='Violations']";
    page.waits_for("the choice", only).await?.click().await?;
    page.waits_for("one is shown", "//*[@class='wire-count'][starts-with(., '1 of ')]").await?;
    assert_eq!(page.count("#inspect [role=option]:not([hidden])").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_server_that_cannot_be_watched_is_explained() -> Result<()> {
    let page = Page::start().await?;
    page.types_address(&format!("{}?inspect=0123456789abcdefABCDEF", nobody().await?)).await?;
    page.clicks("Wire").await?;
    page.waits_for("why", "//*[@id='inspect']//p[@class='problem'][contains(., 'only a Canyon server')]").await?;
    page.waits_for("a way on", "//*[@id='inspect']//button[.='Watch again']").await?;
    Ok(())
}

#[tokio::test]
async fn a_recording_is_opened_and_its_connections_are_told_apart() -> Result<()> {
    let event =
        |connection: u32, rest: &str| format!("{{\"connection\":{connection},\"at\":1764453600123456,{rest}}}\n");
    let request = |target: &str| {
        format!(
            "\"event\":\"request\",\"peer\":\"127.0.0.1:1\",\"version\":\"HTTP/1.1\",\"method\":\"GET\",\"target\":\"{target}\",\"headers\":[]"
        )
    };
    let frame = r#""event":"frame","direction":"in","fin":true,"rsv":0,"opcode":1,"mask":"37fa213d","length":5,"length_bits":7,"header":"818537fa213d","wire":11,"first":"48656c6c6f""#;
    let lines =
        [event(1, &request("/one")), event(2, &request("/two")), event(2, frame), event(1, "\"event\":\"end\"")];
    let folder = TempDir::new()?;
    let path = folder.path().join("wire.jsonl");
    std::fs::write(&path, lines.concat())?;
    let page = Page::start().await?;
    page.clicks("Wire").await?;
    page.waits_for("the view", "//*[@id='inspect']//p[.='Not watching']").await?;
    page.chooses_file("#inspect input[type=file]", &path).await?;
    page.waits_for("its name", "//*[@id='inspect']//p[.='Recording wire.jsonl']").await?;
    page.waits_for("all events", "//*[@class='wire-count'][.='4 events']").await?;
    let second = "//select[@aria-label='Connection']/option[.='#2 /two']";
    page.waits_for("the choice", second).await?.click().await?;
    page.waits_for("its events", "//*[@class='wire-count'][.='2 of 4']").await?;
    sees(&page, "text", "Hello").await?;
    std::fs::write(&path, "no recording\n")?;
    page.chooses_file("#inspect input[type=file]", &path).await?;
    page.waits_for(
        "the problem",
        "//*[@id='inspect']//p[@class='problem'][contains(., 'line 1 is no event of canyon --record')]",
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn the_view_is_used_by_keyboard() -> Result<()> {
    let page = watching(Window::WIDE, "/").await?;
    sends(&page, "a").await?;
    page.tabs_to("the list", "#inspect .scroller", Tab::Forward).await?;
    page.presses([Key::Home]).await?;
    page.waits_for("the request", "//*[@id='inspect']//aside//h2[.='request']").await?;
    page.presses([Key::Down, Key::Down]).await?;
    page.waits_for("the frame", "//*[@id='inspect']//aside//h2[.='text frame to the server']").await?;
    page.tabs_to("its bits", "#inspect .cells", Tab::Forward).await?;
    page.presses([Key::Right, Key::Right, Key::Right, Key::Right]).await?;
    page.waits_for("the opcode", "//*[@id='field'][starts-with(., 'Opcode 0001: text')]").await?;
    page.presses([Key::Escape]).await?;
    page.waits_for_script("the list has the focus", "return document.activeElement.matches('#inspect .scroller')").await
}

#[tokio::test]
async fn rows_that_come_fast_are_followed_and_stay_where_they_are_read() -> Result<()> {
    let page = Page::start().await?;
    page.types_address(&page.server().websocket("/stream?rate=500&count=600&size=64")).await?;
    page.clicks("Wire").await?;
    page.clicks("Show this connection").await?;
    // The stream's messages are binary; a report ends it.
    sees(&page, "text", "↓").await?;
    // Before its rows have moved up, the list cannot be scrolled back.
    page.waits_for("moved rows", "(//*[@id='inspect']//*[@role='option'])[1][@aria-posinset > 1]").await?;
    page.script("document.querySelector('#inspect .scroller').scrollTop = 0").await?;
    page.waits_for("it does not follow", "//*[@id='inspect']//button[.='↓ Follow'][not(@hidden)]").await?;
    sees(&page, "request", "GET").await?;
    page.clicks("↓ Follow").await?;
    sees(&page, "text", "↓").await?;
    let shown = page.count("#inspect [role=option]").await?;
    assert!(shown < 100, "{shown} rows are in the document");
    Ok(())
}

#[tokio::test]
async fn the_view_fits_every_window() -> Result<()> {
    let narrow = |width| Window { width, ..Window::PHONE };
    for (window, name) in [
        (Window::WIDE, "wide-light"),
        (Window { scheme: Scheme::Dark, ..Window::WIDE }, "wide-dark"),
        (narrow(320), "320-light"),
        (Window { scheme: Scheme::Dark, ..narrow(360) }, "360-dark"),
        (narrow(640), "640-light"),
        (narrow(740), "740-light"),
    ] {
        let page = Page::start_in(window).await?;
        page.types_address(&page.server().websocket("/?fragment=20")).await?;
        page.clicks("Wire").await?;
        page.waits_for("the button", "//button[starts-with(., 'Show this connection')]").await?;
        shot(&page, &format!("wire-{name}-start")).await?;
        page.clicks("Show this connection").await?;
        sees(&page, "response", "101").await?;
        sends(&page, "Hello, wire").await?;
        sees(&page, "continuation", "↓").await?;
        shot(&page, &format!("wire-{name}-list")).await?;
        selects(&page, "text", "↑").await?;
        shot(&page, &format!("wire-{name}-frame")).await?;
        page.clicks("Close details").await?;
        selects(&page, "request", "GET").await?;
        shot(&page, &format!("wire-{name}-request")).await?;
        let wide = "const view = document.querySelector('#inspect'), detail = view.querySelector('.wire-detail'), root = document.documentElement;
            return [root, view, detail].map((element) => element.scrollWidth > element.clientWidth)";
        assert_eq!(page.script(wide).await?, json!([false, false, false]), "{name}");
    }
    Ok(())
}

/// Saved where `SCREENSHOTS` says.
async fn shot(page: &Page, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), page.screenshot().await?)?;
    }
    Ok(())
}
