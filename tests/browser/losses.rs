//! Nothing is lost without a word: what a person has made is kept, can be brought back, or is asked about.

use anyhow::Result;
use fantoccini::key::Key;
use serde_json::json;

use crate::page::{Page, value};

/// Whether the browser would ask before the page is left.
async fn asks(page: &Page) -> Result<serde_json::Value> {
    page.script("const leave = new Event('beforeunload', { cancelable: true }); return !dispatchEvent(leave)").await
}

#[tokio::test]
async fn leaving_the_page_asks_if_something_is_lost() -> Result<()> {
    let page = Page::start().await?;
    assert_eq!(asks(&page).await?, json!(false), "nothing is there");
    page.types_message("half a thought").await?;
    assert_eq!(asks(&page).await?, json!(true), "the text");
    let nothing = [char::from(Key::Control), 'a', char::from(Key::Null), char::from(Key::Delete)];
    page.types_message(&nothing.iter().collect::<String>()).await?;
    assert_eq!(asks(&page).await?, json!(false), "the text is gone");
    page.clicks("Sequence").await?;
    page.fills("Text", "something else").await?;
    page.clicks("Close sequence").await?;
    assert_eq!(asks(&page).await?, json!(true), "the sequence");
    let page = Page::connected("/").await?;
    assert_eq!(asks(&page).await?, json!(true), "the connection");
    Ok(())
}

#[tokio::test]
async fn removing_a_connection_asks_if_something_is_lost() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sends("hello").await?;
    page.sees_row("Server received: hello").await?;
    page.clicks("New connection").await?;
    let remove = "//nav//li[1]//button[@aria-label='Remove connection']";
    page.waits_for("the first one's ×", remove).await?.click().await?;
    page.waits_for("what is lost", "//dialog//p[.='This is lost: the open connection, 2 messages in its log.']")
        .await?;
    page.clicks("Cancel").await?;
    page.waits_for("the first one's ×", remove).await?.click().await?;
    page.waits_for("the button", "//dialog//button[.='Remove connection']").await?.click().await?;
    page.waits_for_script("one is left", "return document.querySelectorAll('nav .item[aria-current]').length === 1")
        .await?;
    // The one that is left has nothing to lose.
    page.clicks("New connection").await?;
    page.waits_for("its ×", remove).await?.click().await?;
    page.waits_for_script("one is left", "return document.querySelectorAll('nav .item[aria-current]').length === 1")
        .await
}

#[tokio::test]
async fn a_sequence_that_is_edited_stays_while_its_panel_is_closed_and_another_connection_is_shown() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("Sequence").await?;
    page.fills("Text", "edited").await?;
    page.clicks("Close sequence").await?;
    page.clicks("Sequence").await?;
    assert_eq!(value(&page.field("Text").await?).await?, "edited");
    page.clicks("New connection").await?;
    page.waits_for_script("no panel", "return !document.querySelector('.sequence')").await?;
    page.waits_for("the first connection", "//nav//li[1]//button").await?.click().await?;
    assert_eq!(value(&page.field("Text").await?).await?, "edited");
    Ok(())
}

#[tokio::test]
async fn steps_are_added_where_they_go_moved_and_brought_back() -> Result<()> {
    let steps = "return [...document.querySelectorAll('.step .name')].map((step) => step.textContent).join()";
    let page = Page::start().await?;
    page.clicks("Sequence").await?;
    page.clicks("Add a step below").await?;
    page.waits_for("the kinds", "//*[@id='insert-0']//button[.='+ Wait']").await?.click().await?;
    assert_eq!(page.script(steps).await?, json!("1. Send,2. Wait,3. Expect text"));
    let focused = "return document.activeElement.closest('.step')?.querySelector('.name').textContent";
    assert_eq!(page.script(focused).await?, json!("2. Wait"));
    page.clicks("Move step down").await?;
    assert_eq!(page.script(steps).await?, json!("1. Wait,2. Send,3. Expect text"));
    assert_eq!(page.script(focused).await?, json!("2. Send"), "the focus goes with the step");
    page.presses([Key::Enter]).await?;
    assert_eq!(page.script(steps).await?, json!("1. Wait,2. Expect text,3. Send"));
    page.fills("Text", "typed").await?;
    page.clicks("Remove step").await?;
    page.fills("Text", "typed since").await?;
    page.clicks("Undo").await?;
    assert_eq!(page.script(steps).await?, json!("1. Wait,2. Expect text,3. Send"));
    assert_eq!(value(&page.field("Text").await?).await?, "typed since");
    Ok(())
}

#[tokio::test]
async fn a_saved_message_that_is_replaced_or_deleted_can_be_brought_back() -> Result<()> {
    let page = Page::start().await?;
    for text in ["first", "second"] {
        let typed = [char::from(Key::Control), 'a', char::from(Key::Null)];
        page.types_message(&[&typed.iter().collect::<String>(), text].concat()).await?;
        page.clicks("Save…").await?;
        page.fills("Name", "Ping").await?;
        page.presses([Key::Enter]).await?;
        page.waits_for("it is saved", "//dialog[not(@open)]").await?;
    }
    page.waits_for("the page says so", "//*[@id='undo'][contains(., '\"Ping\" replaced')]").await?;
    page.clicks("Bring back").await?;
    let ping = "//section[@aria-label='Saved messages']//button[contains(., 'Ping')]";
    page.waits_for("the message", ping).await?.click().await?;
    assert_eq!(value(&page.message_box().await?).await?, "first");
    page.clicks("Edit saved message").await?;
    page.clicks("Delete").await?;
    page.waits_for("the page says so", "//*[@id='undo'][contains(., '\"Ping\" deleted')]").await?;
    page.clicks("Bring back").await?;
    page.waits_for("the message", ping).await.map(drop)
}

#[tokio::test]
async fn all_data_is_not_cleared_by_a_double_click() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("◐ Auto").await?;
    page.waits_for_script("it is kept", "return Boolean(localStorage.getItem('canyon.settings'))").await?;
    page.clicks("Settings…").await?;
    page.clicks("Clear all data…").await?;
    let delete = "//dialog//button[.='Delete everything']";
    let button = page.waits_for("the question", delete).await?;
    let double = "arguments[0].dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 2 }))";
    page.script_with(double, vec![serde_json::to_value(button)?]).await?;
    page.waits_for("it still asks", delete).await?.click().await?;
    page.waits_for_script("it is deleted", "return localStorage.length === 0").await
}
