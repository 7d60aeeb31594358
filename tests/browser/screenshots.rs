//! The page fits every window, light and dark. If `$SCREENSHOTS` names a folder, screenshots are saved there:
//! `wide-light-detail.png`, `wide-dark-sequence.png` and `phone-light.png` are the pictures in the README.

use std::path::Path;

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::driver::{Scheme, Window};
use crate::page::Page;
use crate::servers::{nobody, peer};

const DARK_WIDE: Window = Window { scheme: Scheme::Dark, ..Window::WIDE };
const DARK_PHONE: Window = Window { scheme: Scheme::Dark, ..Window::PHONE };

#[tokio::test]
async fn the_wide_page_in_light() -> Result<()> {
    look(Window::WIDE, "wide-light").await
}

#[tokio::test]
async fn the_wide_page_in_the_dark() -> Result<()> {
    look(DARK_WIDE, "wide-dark").await
}

#[tokio::test]
async fn the_page_on_a_phone_in_light() -> Result<()> {
    look(Window::PHONE, "phone-light").await
}

#[tokio::test]
async fn the_page_on_a_phone_in_the_dark() -> Result<()> {
    look(DARK_PHONE, "phone-dark").await
}

/// From a new page through a conversation to its end, with a check of each view.
async fn look(window: Window, name: &str) -> Result<()> {
    let page = Page::start_in(window).await?;
    fits(&page, &format!("{name}-fresh")).await?;

    page.connects_to(&format!("ftp://localhost:12345/{}", "long".repeat(40))).await?;
    page.waits_for("the problem is told", "//*[@role='alert'][normalize-space()]").await?;
    fits(&page, &format!("{name}-problem")).await?;

    page.connects_to(&talk().await?).await?;
    page.sees_state("Open").await?;
    page.sends("hi there").await?;
    page.sees_row("Server received: hi there").await?;
    page.sends(r#"{"op":"subscribe","channel":"trades","id":9007199254740993}"#).await?;
    page.sees_row("de ad be ef").await?;
    fits(&page, name).await?;

    page.waits_for("the list", "//*[@role='listbox']").await?.send_keys(&char::from(Key::Up).to_string()).await?;
    page.sees_detail("000000  de ad be ef").await?;
    fits(&page, &format!("{name}-detail")).await?;
    page.clicks("Close details").await?;

    page.fills("Filter", "/server/i").await?;
    page.waits_for("the hits", "//output[.='2 of 7']").await?;
    fits(&page, &format!("{name}-filter")).await?;
    page.presses([Key::Escape]).await?;

    page.types_message(r#"{"op":"ping"}"#).await?;
    page.clicks("Save…").await?;
    page.fills("Name", "Ping").await?;
    page.fills("Folder", "Trades").await?;
    page.presses([Key::Enter]).await?;
    shows_lists(&page, window).await?;
    page.clicks("New connection").await?;
    page.sees_state("Not connected").await?;
    shows_lists(&page, window).await?;
    fits(&page, &format!("{name}-lists")).await?;
    page.waits_for("the first connection", "//nav//li[1]//button").await?.click().await?;
    page.sees_state("Open").await?;
    let nothing = [char::from(Key::Control), 'a', char::from(Key::Null), char::from(Key::Delete)];
    page.types_message(&nothing.iter().collect::<String>()).await?;

    page.clicks("Sequence").await?;
    page.clicks("Run").await?;
    page.waits_for("it passes", "//p[@role='status'][contains(., 'passed')]").await?;
    fits(&page, &format!("{name}-sequence")).await?;
    page.clicks("Close sequence").await?;

    page.clicks("Repeat").await?;
    fits(&page, &format!("{name}-repeat")).await?;
    page.clicks("Repeat").await?;

    for (button, shown) in [
        ("Settings…", "settings"),
        ("Share…", "share"),
        ("Options…", "options"),
        ("Export…", "archive"),
        ("Close with…", "close"),
        ("Save…", "save"),
    ] {
        page.clicks(button).await?;
        fits(&page, &format!("{name}-{shown}")).await?;
        page.clicks("Close dialog").await?;
    }

    page.clicks("Settings…").await?;
    page.fills("Size (MiB)", "0").await?;
    page.presses([Key::Tab]).await?;
    page.waits_for("the problem is told", "//*[@id='settings-problem'][normalize-space()]").await?;
    fits(&page, &format!("{name}-settings-wrong")).await?;
    page.clicks("Close dialog").await?;

    page.sends("quit").await?;
    page.sees_state("Disconnected").await?;
    page.connects_to(&nobody().await?).await?;
    page.sees_state("Could not connect").await?;
    fits(&page, &format!("{name}-refused")).await?;

    page.script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }").await?;
    page.types_address("ws://localhost:12345/").await?;
    page.waits_for("it is told", "//p[@id='storage-problem'][normalize-space()]").await?;
    fits(&page, &format!("{name}-not-kept")).await
}

/// Opens the lists, where there is no room for them beside the connection.
async fn shows_lists(page: &Page, window: Window) -> Result<()> {
    if window.width < 900 { page.clicks("Connections and saved messages").await } else { Ok(()) }
}

/// A server that replies as in the tutorial, and to JSON also with a binary message.
async fn talk() -> Result<String> {
    peer(async |mut client| {
        while let Some(message) = client.next().await {
            let Message::Text(text) = message? else { continue };
            client.send(Message::text(format!("Server received: {text}"))).await?;
            if text.starts_with('{') {
                let bytes = [0xde, 0xad, 0xbe, 0xef].into_iter().chain(0..=255).cycle().take(4096);
                client.send(Message::binary(bytes.collect::<Vec<u8>>())).await?;
            }
        }
        Ok(())
    })
    .await
}

async fn fits(page: &Page, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), page.screenshot().await?)?;
    }
    let overflow = page
        .script("const { scrollWidth, scrollHeight } = document.documentElement; return [scrollWidth - innerWidth, scrollHeight - innerHeight]")
        .await?;
    assert_eq!(overflow, serde_json::json!([0, 0]), "{name} is larger than its window by");
    Ok(())
}
