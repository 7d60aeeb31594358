//! What a person finds by keyboard and by assistive technology.

use anyhow::Result;
use fantoccini::key::Key;
use serde_json::json;

use crate::page::{Page, Tab, value};

#[tokio::test]
async fn the_first_stop_leads_to_the_message_box_and_a_shared_link_stays() -> Result<()> {
    let page = Page::start().await?;
    page.tabs_to("the first stop", ".skip", Tab::Forward).await?;
    page.presses([Key::Enter]).await?;
    let focused = "return [document.activeElement.id, location.hash]";
    assert_eq!(page.script(focused).await?, json!(["message-box", ""]));
    page.clicks("Measure").await?;
    page.waits_for("the form", "//form[@aria-label='What to measure']").await?;
    page.tabs_to("the first stop", ".skip", Tab::Backward).await?;
    page.presses([Key::Enter]).await?;
    assert_eq!(page.script(focused).await?, json!(["message-box", ""]), "from another view, too");
    Ok(())
}

#[tokio::test]
async fn a_slash_leads_to_the_filter_and_a_question_mark_lists_the_keys() -> Result<()> {
    let page = Page::connected("/").await?;
    let list = page.waits_for("the list", "//*[@role='listbox']").await?;
    list.send_keys("/").await?;
    page.waits_for_script("the filter", "return document.activeElement.ariaLabel === 'Filter'").await?;
    page.focused().await?.send_keys("/?").await?;
    assert_eq!(value(&page.field("Filter").await?).await?, "/?", "in a field they are text");
    list.send_keys("?").await?;
    page.waits_for("the keys", "//dialog[@open]//dt[kbd='p']/following-sibling::dd[1][.='Pin, unpin']").await?;
    page.ticks("/ and ? work").await?;
    page.clicks("Close dialog").await?;
    list.send_keys("?").await?;
    assert_eq!(page.count("dialog[open]").await?, 0, "they are turned off");
    Ok(())
}

#[tokio::test]
async fn assistive_technology_is_told_which_of_how_many_entries_one_is() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sends("hello").await?;
    page.sees_row("Server received: hello").await?.click().await?;
    let selected = "const list = document.querySelector('[role=listbox]');
        const option = document.getElementById(list.getAttribute('aria-activedescendant'));
        return option && [option.ariaPosInSet, option.ariaSetSize]";
    assert_eq!(page.script(selected).await?, json!(["4", "4"]));
    page.sends("again").await?;
    page.sees_row("Server received: again").await?;
    assert_eq!(page.script(selected).await?, json!(["4", "6"]));
    page.fills("Filter", "again").await?;
    page.sees_hits("2 of 6").await?;
    let dangling = "return document.querySelector('[role=listbox]').getAttribute('aria-activedescendant')";
    assert_eq!(page.script(dangling).await?, json!(""), "the selected entry has no row");
    assert_eq!(page.count(":is(h1, h2, h3) :is(button, input), .hits [aria-live], .hits output").await?, 0);
    Ok(())
}

#[tokio::test]
async fn the_detail_has_the_date() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sees_row("Open after").await?.click().await?;
    let today = page
        .script("return new Date(Date.now() - 60_000 * new Date().getTimezoneOffset()).toISOString().slice(0, 10)")
        .await?;
    page.sees_detail(&format!("{} ", today.as_str().unwrap_or_default())).await
}
