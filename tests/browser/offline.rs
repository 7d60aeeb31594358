//! The page without its server, and a newer version of it.

use anyhow::{Context, Result};

use crate::file::TemporaryFile;
use crate::page::Page;
use crate::servers;
use crate::site::Site;

/// Waits until the service worker has cached the page.
async fn kept(page: &Page) -> Result<()> {
    page.script("return navigator.serviceWorker.ready.then(() => true)").await.context("the page is not kept").map(drop)
}

async fn title(page: &Page) -> Result<String> {
    Ok(page.script("return document.title").await?.as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_page_once_loaded_opens_without_its_server() -> Result<()> {
    let (mut page, elsewhere) = (Page::start().await?, servers::start().await?);
    let address = page.server().page();
    kept(&page).await?;
    page.stops_server().await?;
    page.goes_to(&format!("{address}?url={}", elsewhere.websocket("/"))).await?;
    page.clicks("Connect").await?;
    page.sees_state("Open").await
}

/// A log of one message, as a file.
fn recorded() -> Result<TemporaryFile> {
    let line = r#"{"time":"2026-11-22T17:20:00Z","kind":"text","direction":"sent","text":"of a file"}"#;
    TemporaryFile::new("jsonl", line.as_bytes())
}

#[tokio::test]
async fn what_is_loaded_later_is_there_without_the_server() -> Result<()> {
    let mut page = Page::start().await?;
    let address = page.server().page();
    kept(&page).await?;
    page.stops_server().await?;
    page.goes_to(&address).await?;
    page.clicks("Export…").await?;
    let file = recorded()?;
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.sees_row("of a file").await.map(drop)
}

#[tokio::test]
async fn what_cannot_be_loaded_later_is_told_and_can_be_tried_again() -> Result<()> {
    let site = Site::start().await?;
    let missing = site.without("compute");
    let page = Page::open(&site.page()).await?;
    page.clicks("Export…").await?;
    let file = recorded()?;
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.waits_for(
        "why",
        "//*[@id='archive-problem'][contains(., 'a part of the page could not be loaded: try again')]",
    )
    .await?;
    page.clicks("JSON Lines").await?;
    page.waits_for("the end of the export", "//dialog[not(.//*[.='Writing the file…'])]").await?;
    missing.put_back();
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.sees_row("of a file").await.map(drop)
}

#[tokio::test]
async fn without_the_deferred_code_a_person_can_connect_and_send_and_what_lacks_it_can_be_tried_again() -> Result<()> {
    let (site, server) = (Site::start().await?, servers::start().await?);
    let missing = site.without("deferred");
    let page = Page::open(&site.page()).await?;
    page.connects_to(&server.websocket("/echo")).await?;
    page.sends("hello").await?;
    page.sees_received("text", "hello").await?;
    page.clicks("Settings…").await?;
    page.waits_for(
        "why",
        "//dialog[@open]//p[@role='alert'][contains(., 'a part of the page could not be loaded: try again')]",
    )
    .await?;
    missing.put_back();
    page.clicks("Try again").await?;
    page.waits_for("the settings", "//dialog[@open]//legend[.='Reconnecting']").await?;
    page.clicks("Close dialog").await?;
    page.sends("and on").await?;
    page.sees_received("text", "and on").await
}

#[tokio::test]
async fn a_newer_version_is_offered_and_loaded_on_request() -> Result<()> {
    const TITLE: &str = "Canyon: WebSocket test bench";
    let site = Site::start().await?;
    let page = Page::open(&site.page()).await?;
    kept(&page).await?;

    site.replace("index.html", TITLE, "Canyon, but newer")?;
    site.replace("service-worker.js", "const VERSION = \"", "const VERSION = \"newer-")?;
    page.goes_to(&site.page()).await?;
    page.waits_for("the newer version is offered", "//p[@id='update'][not(@hidden)]").await?;
    page.goes_to(&site.page()).await?;
    page.waits_for("it is offered again", "//p[@id='update'][not(@hidden)]").await?;
    assert_eq!(title(&page).await?, TITLE);

    page.clicks("Update").await?;
    page.waits_for("the newer version is there", "//title[.='Canyon, but newer']").await?;
    page.waits_for("nothing is offered any more", "//p[@id='update'][@hidden]").await.map(drop)
}

#[tokio::test]
async fn two_tabs_can_load_the_newer_version_one_after_the_other() -> Result<()> {
    let site = Site::start().await?;
    let page = Page::open(&site.page()).await?;
    kept(&page).await?;
    site.replace("index.html", "Canyon: WebSocket test bench", "Canyon, but newer")?;
    site.replace("service-worker.js", "const VERSION = \"", "const VERSION = \"newer-")?;
    page.opens_tab(&site.page()).await?;
    page.waits_for("the newer version is offered", "//p[@id='update'][not(@hidden)]").await?;
    page.clicks("Update").await?;
    page.waits_for("the newer version is there", "//title[.='Canyon, but newer']").await?;
    page.goes_back_to_first_tab().await?;
    page.waits_for("it is offered here, too", "//p[@id='update'][not(@hidden)]").await?;
    page.clicks("Update").await?;
    page.waits_for("the newer version is there", "//title[.='Canyon, but newer']").await.map(drop)
}

#[tokio::test]
async fn an_offer_can_be_put_off() -> Result<()> {
    let site = Site::start().await?;
    let page = Page::open(&site.page()).await?;
    kept(&page).await?;
    site.replace("service-worker.js", "const VERSION = \"", "const VERSION = \"newer-")?;
    page.goes_to(&site.page()).await?;
    page.waits_for("the newer version is offered", "//p[@id='update'][not(@hidden)]").await?;
    page.clicks("Later").await?;
    page.waits_for("nothing is offered any more", "//p[@id='update'][@hidden]").await.map(drop)
}

#[tokio::test]
async fn the_page_can_be_installed() -> Result<()> {
    let page = Page::start().await?;
    // Every icon must exist in the size that the manifest states.
    let icons = page
        .script(
            "return fetch('manifest.webmanifest').then((answer) => answer.json()).then(({ icons }) => Promise.all(
               icons.map(async ({ src, sizes }) => {
                 const image = new Image();
                 image.src = src;
                 await image.decode();
                 return `${image.naturalWidth}x${image.naturalHeight}` === sizes;
               }),
             ))",
        )
        .await?;
    assert_eq!(icons, serde_json::json!([true, true, true]));
    Ok(())
}
