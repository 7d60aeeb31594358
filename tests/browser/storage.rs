//! What the page saves across reloads, and what it shows when it cannot save.

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::page::{Page, value};
use crate::servers::peer;

/// A script that makes the browser refuse to save anything, with that error.
fn refusal(error: &str) -> String {
    format!(
        "window.set_item ??= Storage.prototype.setItem;
         Storage.prototype.setItem = () => {{ throw new DOMException('', '{error}'); }};"
    )
}

const NO_REFUSAL: &str = "Storage.prototype.setItem = window.set_item;";

async fn sees_problem(page: &Page, words: &str) -> Result<()> {
    page.waits_for("the problem", &format!("//p[@id='storage-problem'][contains(., '{words}')]")).await.map(drop)
}

#[tokio::test]
async fn an_error_is_shown_until_everything_is_saved() -> Result<()> {
    let page = Page::start().await?;
    page.script(&refusal("QuotaExceededError")).await?;
    page.types_address("ws://example.com/not-kept").await?;
    sees_problem(&page, "storage is full").await?;
    page.script(&refusal("SecurityError")).await?;
    page.clicks("◐ Auto").await?;
    sees_problem(&page, "does not let the page save anything").await?;

    page.script(NO_REFUSAL).await?;
    page.clicks("○ Light").await?;
    page.waits_for("no problem", "//p[@id='storage-problem'][.='']").await?;
    page.reloads().await?;
    assert_eq!(value(&page.address_field().await?).await?, "ws://example.com/not-kept");
    page.waits_for("the theme", "//button[.='● Dark']").await.map(drop)
}

#[tokio::test]
async fn a_change_just_before_leaving_the_page_is_saved() -> Result<()> {
    let page = Page::start().await?;
    page.script(
        "const field = document.querySelector('input[type=url]');
         field.value = 'ws://example.com/last-moment';
         field.dispatchEvent(new Event('input', { bubbles: true }));
         location.reload();",
    )
    .await?;
    page.waits_for_script(
        "the address",
        "return document.querySelector('input[type=url]')?.value === 'ws://example.com/last-moment' &&
           performance.getEntriesByType('navigation')[0].type === 'reload'",
    )
    .await
}

#[tokio::test]
async fn unreadable_data_is_set_aside_and_reported_and_the_rest_is_loaded() -> Result<()> {
    const NEWER: &str =
        r#"{"messages":[{"name":"of today","text":"1"},{"name":"of tomorrow","format":"cbor","text":"2"}]}"#;
    let page = Page::start().await?;
    page.script(&format!("localStorage.setItem('canyon.messages', '{NEWER}')")).await?;
    page.reloads().await?;
    page.waits_for("the message", "//button[contains(., 'of today')]").await?;
    page.waits_for("the problem", "//*[@id='saved-problem'][contains(., 'canyon.messages.unread')]").await?;
    assert_eq!(page.script("return localStorage.getItem('canyon.messages.unread')").await?, json!(NEWER));
    page.clicks("Settings…").await?;
    page.clicks("Clear all data").await?;
    page.clicks("Delete everything").await?;
    page.waits_for_script("it is forgotten", "return localStorage.length === 0").await
}

#[tokio::test]
async fn unreadable_settings_and_history_are_set_aside() -> Result<()> {
    let page = Page::start().await?;
    page.script("for (const name of ['settings', 'history']) localStorage.setItem('canyon.' + name, '{broken')")
        .await?;
    page.reloads().await?;
    page.waits_for("the problem", "//*[@id='saved-problem'][contains(., 'canyon.history.unread')]").await?;
    for name in ["settings", "history"] {
        let copy = page.script(&format!("return localStorage.getItem('canyon.{name}.unread')")).await?;
        assert_eq!(copy, json!("{broken"), "{name}");
    }
    Ok(())
}

#[tokio::test]
async fn unreadable_data_of_another_tab_is_set_aside() -> Result<()> {
    let page = Page::start().await?;
    page.opens_tab(&page.server().page()).await?;
    page.script("localStorage.setItem('canyon.sequences', '{broken')").await?;
    page.goes_back_to_first_tab().await?;
    page.waits_for("the problem", "//*[@id='saved-problem'][contains(., 'canyon.sequences.unread')]").await?;
    assert_eq!(page.script("return localStorage.getItem('canyon.sequences.unread')").await?, json!("{broken"));
    Ok(())
}

async fn saves(page: &Page, name: &str) -> Result<()> {
    page.clicks("Save…").await?;
    page.fills("Name", name).await?;
    page.presses([Key::Enter]).await?;
    let kept = format!("return localStorage.getItem('canyon.messages')?.includes('{name}') ?? false");
    page.waits_for_script("it is kept", &kept).await
}

#[tokio::test]
async fn two_tabs_do_not_undo_what_the_other_one_saves() -> Result<()> {
    let page = Page::start().await?;
    page.opens_tab(&page.server().page()).await?;
    saves(&page, "from the second").await?;
    page.goes_back_to_first_tab().await?;
    page.waits_for("the other's message", "//li//button[contains(., 'from the second')]").await?;
    saves(&page, "from the first").await?;
    page.reloads().await?;
    page.waits_for("the other's message", "//li//button[contains(., 'from the second')]").await?;
    page.waits_for("its own message", "//li//button[contains(., 'from the first')]").await.map(drop)
}

#[tokio::test]
async fn what_one_tab_deletes_is_deleted_in_the_other_one() -> Result<()> {
    let page = Page::start().await?;
    saves(&page, "a secret").await?;
    page.opens_tab(&page.server().page()).await?;
    page.waits_for("the message", "//li//button[contains(., 'a secret')]").await?;
    page.clicks("Settings…").await?;
    page.clicks("Clear all data").await?;
    page.clicks("Delete everything").await?;
    page.goes_back_to_first_tab().await?;
    page.waits_for("no message", "//section[@aria-label='Saved messages'][not(.//li)]").await?;
    saves(&page, "a new one").await?;
    assert_eq!(page.script("return localStorage.getItem('canyon.messages').includes('secret')").await?, json!(false));
    Ok(())
}

#[tokio::test]
async fn a_dismissed_error_does_not_come_back() -> Result<()> {
    let page = Page::start().await?;
    page.script(&refusal("SecurityError")).await?;
    page.clicks("◐ Auto").await?;
    sees_problem(&page, "does not let the page save anything").await?;
    page.clicks("Dismiss").await?;
    page.waits_for("no problem", "//p[@id='storage-problem'][.='']").await?;
    page.waits_for_script("the log has it", "return document.activeElement.matches('[role=listbox]')").await?;
    page.clicks("○ Light").await?;
    page.waits_for("the theme", "//button[.='● Dark']").await?;
    page.waits_for("no problem", "//p[@id='storage-problem'][.='']").await?;
    assert_eq!(page.script("return document.querySelector('.notice').offsetHeight").await?, json!(0));
    Ok(())
}

/// The saved limit on log entries.
const KEPT: &str = "return JSON.parse(localStorage.getItem('canyon.settings'))?.entries";

#[tokio::test]
async fn a_setting_is_applied_when_its_field_is_left_and_a_wrong_one_drops_no_entries() -> Result<()> {
    let address = peer(async |mut client| {
        for number in 1..=300 {
            client.feed(Message::text(format!("message {number}."))).await?;
        }
        client.flush().await?;
        while client.next().await.is_some() {}
        Ok(())
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_row("message 300.").await?;
    page.clicks("Settings…").await?;
    let field = page.field("Messages").await?;
    let select_all = [Key::Control.into(), 'a', Key::Null.into()].iter().collect::<String>();
    field.send_keys(&format!("{select_all}200000{}", char::from(Key::Enter))).await?;
    page.waits_for_script("it is kept", &KEPT.replace("return", "return 200000 ===")).await?;

    field.send_keys(&format!("{select_all}2{}", char::from(Key::Tab))).await?;
    page.waits_for(
        "the problem",
        "//*[@id='settings-problem'][starts-with(., 'Messages: \"2\" is not a whole number from 100 to ')]",
    )
    .await?;
    assert_eq!(page.count("dialog input[aria-invalid=true]").await?, 1);
    field.send_keys(&format!("{select_all}150000{}", char::from(Key::Escape))).await?;
    page.waits_for("the dialog is closed", "//dialog[not(@open)]").await?;
    page.waits_for_script("it is kept", &KEPT.replace("return", "return 150000 ===")).await?;
    page.waits_for("nothing was dropped", "//p[@class='dropped'][.='']").await?;
    page.sees_hits("302 of 302").await
}
