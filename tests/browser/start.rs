//! Where the page cannot start, it says what failed, and reloads when asked to.

use anyhow::Result;
use serde_json::json;

use crate::page::Page;
use crate::site::Site;

const FAILED: &str = "//*[@id='start'][@role='alert'][h2='Canyon could not start']";

/// Opens the page of a site on which it cannot start, and waits for what it says about that.
async fn says(site: &Site, why: &str) -> Result<Page> {
    let page = Page::fails_at(&site.page()).await?;
    page.waits_for("it says why", &format!("{FAILED}[contains(., {why:?})]")).await?;
    Ok(page)
}

#[tokio::test]
async fn a_program_that_is_missing_is_named_and_the_page_starts_when_it_is_back() -> Result<()> {
    let site = Site::start().await?;
    let missing = site.without("web-");
    let page = says(&site, "Failed to fetch dynamically imported module").await?;
    missing.put_back();
    page.waits_for("the link", "//a[.='Reload']").await?.click().await?;
    page.waits_for("the page has started", "//h1[contains(., 'Canyon')]").await?;
    assert_eq!(page.script("return document.getElementById('start').checkVisibility()").await?, json!(false));
    Ok(())
}

#[tokio::test]
async fn webassembly_that_a_policy_blocks_is_reported() -> Result<()> {
    let site = Site::start().await?;
    site.replace("index.html", " 'wasm-unsafe-eval'", "")?;
    says(&site, "WebAssembly").await.map(drop)
}

#[tokio::test]
async fn a_browser_without_webassembly_is_told_so() -> Result<()> {
    let site = Site::start().await?;
    let start = "const start = document.getElementById(\"start\");";
    site.replace("start.js", start, &format!("delete globalThis.WebAssembly; {start}"))?;
    says(&site, "this browser has no WebAssembly").await.map(drop)
}

#[tokio::test]
async fn what_does_not_even_begin_to_start_says_so_after_a_while() -> Result<()> {
    let site = Site::start().await?;
    let _missing = site.without("start.js");
    let page = Page::fails_at(&site.page()).await?;
    // A person waits for 10 s.
    page.script("document.getAnimations().forEach((wait) => wait.finish())").await?;
    assert_eq!(
        page.script("return document.getElementById('start').innerText").await?,
        json!(
            "Canyon has not started\n\nA part of it is slow to load, is missing or is blocked, or this browser is too old for it.\n\nReload"
        )
    );
    let seen = "return document.getElementById('start').checkVisibility({ visibilityProperty: true })";
    assert_eq!(page.script(seen).await?, json!(true));
    Ok(())
}

#[tokio::test]
async fn without_javascript_the_page_says_that_it_needs_it() -> Result<()> {
    let site = Site::start().await?;
    let page = Page::without_javascript(&site.page()).await?;
    let text = page.waits_for("the reason", "//*[@id='start']").await?.text().await?;
    assert_eq!(
        text,
        "Canyon has not started\nJavaScript is turned off. Canyon runs in the browser: it needs JavaScript and \
         WebAssembly.\nReload"
    );
    Ok(())
}

#[tokio::test]
async fn a_page_that_has_stopped_says_so() -> Result<()> {
    let page = Page::start().await?;
    // As the browser reports a panic in a listener.
    page.script("dispatchEvent(new ErrorEvent('error', { error: new WebAssembly.RuntimeError('unreachable') }))")
        .await?;
    page.waits_for(
        "the page says so",
        "//*[@id='start'][@role='alert'][h2='Canyon has stopped'][contains(., 'unreachable')]",
    )
    .await?;
    page.waits_for("the link", "//a[.='Reload']").await?.click().await?;
    page.waits_for_script("it has started again", "return document.getElementById('start').hidden").await
}
