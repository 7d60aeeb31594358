//! axe-core finds no accessibility violation in any view of the page, light and dark, wide and narrow.
//!
//! `$AXE_CORE` names its script, `axe.min.js`; `cargo xtask test` sets it.

use std::env;
use std::fs;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::json;

use crate::driver::{Scheme, Window};
use crate::page::Page;
use crate::servers::nobody;

#[tokio::test]
async fn the_wide_light_page_is_accessible() -> Result<()> {
    journey(Window::WIDE).await
}

#[tokio::test]
async fn the_wide_dark_page_is_accessible() -> Result<()> {
    journey(Window { scheme: Scheme::Dark, ..Window::WIDE }).await
}

#[tokio::test]
async fn the_light_page_is_accessible_on_a_phone() -> Result<()> {
    journey(Window::PHONE).await
}

#[tokio::test]
async fn the_dark_page_is_accessible_on_a_phone() -> Result<()> {
    journey(Window { scheme: Scheme::Dark, ..Window::PHONE }).await
}

/// Opens the views of the page one after the other, and checks each.
async fn journey(window: Window) -> Result<()> {
    let page = Page::start_in(window).await?;
    page.script(&axe_core()?).await.context("axe-core does not start")?;
    is_accessible(&page, "fresh").await?;

    page.connects_to("ftp://localhost:12345").await?;
    page.waits_for("the problem", "//*[@role='alert'][normalize-space()]").await?;
    is_accessible(&page, "with a problem").await?;

    page.connects_to(&page.server().websocket("/")).await?;
    page.sees_state("Open").await?;
    page.sends(r#"{"id":1}"#).await?;
    page.sees_row(r#"Server received: {"id":1}"#).await?;
    is_accessible(&page, "open").await?;

    page.waits_for("the list", "//*[@role='listbox']").await?.send_keys(&char::from(Key::Up).to_string()).await?;
    page.sees_detail(r#"Server received: {"id":1}"#).await?;
    is_accessible(&page, "with a detail").await?;
    page.clicks("Decoded").await?;
    page.sees_detail("Format").await?;
    is_accessible(&page, "with a decoded message").await?;
    page.presses([Key::Escape]).await?;

    for dialog in ["Settings", "Share", "Options", "Export…", "Save…", "Close with", "Keyboard"] {
        page.clicks(dialog).await?;
        page.waits_for("the dialog is open", "//dialog[@open]").await?;
        is_accessible(&page, dialog).await?;
        page.presses([Key::Escape]).await?;
        page.waits_for("the dialog is closed", "//dialog[not(@open)]").await?;
    }

    page.clicks("Settings").await?;
    page.fills("Size (MiB)", "0").await?;
    page.presses([Key::Tab]).await?;
    page.waits_for("the problem", "//*[@id='settings-problem'][normalize-space()]").await?;
    is_accessible(&page, "with a wrong figure").await?;
    page.clicks("Close dialog").await?;

    for panel in ["Repeat", "Sequence"] {
        page.clicks(panel).await?;
        is_accessible(&page, panel).await?;
        page.clicks(panel).await?;
    }

    page.clicks("Measure").await?;
    page.fills("Seconds", "1").await?;
    // Repeat has a button of that name, too.
    page.waits_for("its button", "//form[@aria-label='What to measure']//button").await?.click().await?;
    page.waits_for("a result", "//p[contains(@class, 'verdict')][@aria-busy='false'][contains(., '✓')]").await?;
    is_accessible(&page, "with a run").await?;
    page.clicks("HTTP against WebSocket").await?;
    page.fills("Exchanges", "10").await?;
    page.clicks("Compare").await?;
    page.waits_for("what was compared", "//*[@role='status'][contains(., '10 exchanges of 64 B')]").await?;
    is_accessible(&page, "with a comparison").await?;

    page.clicks("Wire").await?;
    page.clicks("Show this connection").await?;
    let response = "//*[@id='inspect']//*[@role='option'][span[@class='kind']='response']";
    page.waits_for("its response", response).await?.click().await?;
    is_accessible(&page, "with a response").await?;
    page.clicks("Messages").await?;
    page.sends("a").await?;
    page.sees_row("Server received: a").await?;
    page.clicks("Wire").await?;
    if window.width < 900 {
        page.clicks("Close details").await?;
    }
    page.waits_for("a frame", "//*[@id='inspect']//*[@role='option'][span[@class='kind']='text']")
        .await?
        .click()
        .await?;
    is_accessible(&page, "with a frame").await?;
    page.clicks("Messages").await?;

    page.sends("quit").await?;
    page.connects_to(&nobody().await?).await?;
    page.sees_state("Could not connect").await?;
    is_accessible(&page, "refused").await?;

    page.script("Storage.prototype.setItem = () => { throw new DOMException('', 'QuotaExceededError'); }").await?;
    page.types_address("ws://localhost/").await?;
    page.waits_for("the problem", "//p[@id='storage-problem'][normalize-space()]").await?;
    if window.width < 900 {
        page.clicks("Connections and saved messages").await?;
    }
    is_accessible(&page, "that keeps nothing").await
}

pub(crate) fn axe_core() -> Result<String> {
    let path = env::var_os("AXE_CORE").context("name the file axe.min.js of axe-core in $AXE_CORE")?;
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// WCAG 2.2 A and AA, and axe-core's best practices.
pub(crate) async fn is_accessible(page: &Page, view: &str) -> Result<()> {
    let barriers = page
        .script(
            "return axe.run(document, {
               runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
               resultTypes: ['violations'],
             }).then(({ violations }) =>
               violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => [id, target, failureSummary])))",
        )
        .await?;
    anyhow::ensure!(barriers == json!([]), "the page, {view}, has barriers: {barriers:#}");
    Ok(())
}
