//! The page fits every window, light and dark. If `$SCREENSHOTS` names a folder, screenshots are saved there:
//! `1280x800-detail-light.png`, `1280x800-sequence-dark.png` and `360x740-open-light.png` are the pictures in the README.

use std::path::Path;

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::driver::Window;
use crate::page::Page;
use crate::servers::{nobody, peer};

#[tokio::test]
async fn the_page_in_a_laptop_s_window() -> Result<()> {
    look(Window::WIDE).await
}

#[tokio::test]
async fn the_page_on_a_large_screen() -> Result<()> {
    look(Window { width: 1920, height: 1080, ..Window::WIDE }).await
}

#[tokio::test]
async fn the_page_at_twice_its_size() -> Result<()> {
    look(Window { width: 640, height: 400, ..Window::WIDE }).await
}

#[tokio::test]
async fn the_page_on_a_phone() -> Result<()> {
    look(Window::PHONE).await
}

#[tokio::test]
async fn the_page_on_a_phone_on_its_side() -> Result<()> {
    look(Window { width: 740, height: 360, ..Window::WIDE }).await
}

#[tokio::test]
async fn the_page_on_a_small_phone() -> Result<()> {
    look(Window { width: 320, height: 568, ..Window::WIDE }).await
}

/// From a new page through a conversation to its end, with a check of each view.
async fn look(window: Window) -> Result<()> {
    let page = Page::start_in(window).await?;
    fits(&page, window, "fresh").await?;

    page.connects_to(&format!("ftp://localhost:12345/{}", "long".repeat(40))).await?;
    page.waits_for("the problem", "//*[@role='alert'][normalize-space()]").await?;
    fits(&page, window, "problem").await?;

    page.connects_to(&talk().await?).await?;
    page.sees_state("Open").await?;
    page.sends("hi there").await?;
    page.sees_row("Server received: hi there").await?;
    page.sends(r#"{"op":"subscribe","channel":"trades","id":9007199254740993}"#).await?;
    page.sees_row("de ad be ef").await?;
    fits(&page, window, "open").await?;

    page.waits_for("the list", "//*[@role='listbox']").await?.send_keys(&char::from(Key::Up).to_string()).await?;
    page.sees_detail("000000  de ad be ef").await?;
    fits(&page, window, "detail").await?;
    page.clicks("Close details").await?;

    page.sees_row("Server received: {").await?;
    page.waits_for("the JSON that was sent", "//*[@role='option'][contains(., '{\"op\"')][contains(., 'sent')]")
        .await?
        .click()
        .await?;
    page.clicks("JSON").await?;
    page.sees_detail("\n  \"id\": 9007199254740993\n}").await?;
    fits(&page, window, "json").await?;
    page.clicks("Text").await?;
    page.clicks("Close details").await?;

    page.fills("Filter", "/server/i").await?;
    page.sees_hits("2 of 7").await?;
    fits(&page, window, "filter").await?;
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
    fits(&page, window, "lists").await?;
    page.waits_for("the first connection", "//nav//li[1]//button").await?.click().await?;
    page.sees_state("Open").await?;
    let nothing = [char::from(Key::Control), 'a', char::from(Key::Null), char::from(Key::Delete)];
    page.types_message(&nothing.iter().collect::<String>()).await?;

    page.clicks("Sequence").await?;
    page.clicks("Run").await?;
    page.waits_for("it passes", "//p[@role='status'][contains(., 'passed')]").await?;
    fits(&page, window, "sequence").await?;
    page.clicks("Close sequence").await?;

    page.clicks("Repeat").await?;
    fits(&page, window, "repeat").await?;
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
        fits(&page, window, shown).await?;
        page.clicks("Close dialog").await?;
    }

    page.clicks("Settings…").await?;
    page.fills("Size (MiB)", "0").await?;
    page.presses([Key::Tab]).await?;
    page.waits_for("the problem", "//*[@id='settings-problem'][normalize-space()]").await?;
    fits(&page, window, "settings-wrong").await?;
    page.clicks("Close dialog").await?;

    page.sends("quit").await?;
    page.sees_state("Disconnected").await?;
    page.connects_to(&nobody().await?).await?;
    page.sees_state("Could not connect").await?;
    fits(&page, window, "refused").await?;

    page.script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }").await?;
    page.types_address("ws://localhost:12345/").await?;
    page.waits_for("the problem", "//p[@id='storage-problem'][normalize-space()]").await?;
    fits(&page, window, "not-kept").await
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

/// Nothing is cut off at the sides, no control covers another or is cut, and the log has room.
pub(crate) async fn fits(page: &Page, window: Window, view: &str) -> Result<()> {
    let name = format!("{}x{}-{view}", window.width, window.height);
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        std::fs::create_dir_all(&folder)?;
        for scheme in ["dark", "light"] {
            let show = "document.documentElement.dataset.theme = arguments[0];
                document.getAnimations().forEach((transition) => transition.finish())";
            page.script_with(show, vec![json!(scheme)]).await?;
            let file = Path::new(&folder).join(format!("{name}-{scheme}.png"));
            std::fs::write(file, page.screenshot().await?)?;
        }
    }
    assert_eq!(page.script(WRONG).await?, json!([]), "{name}");
    Ok(())
}

/// What is wrong with the page's layout, as a list. A control that is scrolled out of its part counts for what is seen of
/// it; controls are compared with those of the same layer, because a dialog, an open popover or a panel may cover others.
const WRONG: &str = "
    const wrong = [], page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) wrong.push(`wider than its window by ${page.scrollWidth - page.clientWidth}`);
    if (innerHeight > 600 && page.scrollHeight > innerHeight) {
      wrong.push(`higher than its window by ${page.scrollHeight - innerHeight}`);
    }
    const log = document.querySelector('.rows').getBoundingClientRect();
    if (log.height < 112) wrong.push(`the log is ${log.height} px high`);
    for (const label of document.querySelectorAll('.status dt')) {
      if (label.scrollWidth > label.clientWidth) wrong.push(`${label.textContent} is cut, and not its value`);
    }
    const seen = (element) => {
      let { left, top, right, bottom } = element.getBoundingClientRect();
      for (let around = element.parentElement; around; around = around.parentElement) {
        if (getComputedStyle(around).overflow === 'visible') continue;
        const clip = around.getBoundingClientRect();
        [left, top] = [Math.max(left, clip.left), Math.max(top, clip.top)];
        [right, bottom] = [Math.min(right, clip.right), Math.min(bottom, clip.bottom)];
      }
      return { left, top, right, bottom };
    };
    const name = (control) => control.ariaLabel || control.textContent || control.outerHTML;
    const controls = [...document.querySelectorAll('button, input:not(.visually-hidden), select, textarea, .file')]
      .filter((control) => control.checkVisibility())
      .map((control) => ({ control, box: seen(control), layer: control.closest('dialog, .split > aside, .sidebar, .fold:popover-open, .newer, .notice') }));
    for (const [index, { control, box, layer }] of controls.entries()) {
      if (control.matches('button') && control.scrollWidth > control.clientWidth) wrong.push(`${name(control)} is cut`);
      for (const other of controls.slice(index + 1)) {
        const wide = Math.min(box.right, other.box.right) - Math.max(box.left, other.box.left);
        const high = Math.min(box.bottom, other.box.bottom) - Math.max(box.top, other.box.top);
        if (layer === other.layer && wide > 1 && high > 1) wrong.push(`${name(control)} covers ${name(other.control)}`);
      }
    }
    return wrong;";
