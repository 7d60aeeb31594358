//! Signs of what goes on where the person does not look.

use anyhow::Result;
use serde_json::json;

use crate::page::Page;

const FIRST: &str = "//nav//li[1]//button";

#[tokio::test]
async fn a_repetition_shows_while_its_panel_is_closed_and_its_connection_is_not_shown() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.types_message("tick").await?;
    page.clicks("Repeat").await?;
    page.fills("Repeat", "20").await?;
    page.clicks("Start").await?;
    page.clicks("Repeat").await?;
    page.waits_for("the button's sign", "//button[starts-with(., 'Repeat')]/*[@class='runs'][not(@hidden)]").await?;
    page.clicks("New connection").await?;
    page.waits_for("no sign of this one", "//button[starts-with(., 'Repeat')]/*[@class='runs'][@hidden]").await?;
    page.waits_for(
        "the connection's",
        &format!("{FIRST}[contains(@aria-label, 'sends by itself, ')][contains(@aria-label, ' unread')]"),
    )
    .await?;
    page.waits_for("the connection", FIRST).await?.click().await?;
    page.waits_for("nothing is unread", &format!("{FIRST}[not(contains(@aria-label, 'unread'))]")).await?;
    page.clicks("Repeat").await?;
    page.clicks("Stop repeating").await?;
    page.waits_for("no sign", "//button[starts-with(., 'Repeat')]/*[@class='runs'][@hidden]").await.map(drop)
}

#[tokio::test]
async fn the_limit_of_connections_is_told_when_it_is_met() -> Result<()> {
    let page = Page::start().await?;
    page.script("for (let i = 0; i < 40; i++) document.querySelector('.item.new').click()").await?;
    page.waits_for("the reason", "//nav/p[not(@hidden)][starts-with(., '32 connections are the limit')]").await?;
    assert_eq!(page.script("return document.querySelector('.item.new').disabled").await?, json!(true));
    page.waits_for("a ×", "//nav//li[2]//button[@aria-label='Remove connection']").await?.click().await?;
    page.waits_for("room", "//button[@class='item new'][not(@disabled)]").await?;
    page.waits_for("no reason", "//nav/p[@hidden]").await.map(drop)
}

#[tokio::test]
async fn a_long_name_is_cut_in_the_middle_and_whole_on_hover_and_focus() -> Result<()> {
    let page = Page::start().await?;
    page.types_address("ws://staging.example.com/a/long/way/down/to/the/socket?room=lobby").await?;
    let parts = "const [start, end] = document.querySelectorAll('nav .name span');
        return [start.scrollWidth > start.clientWidth, end.scrollWidth > end.clientWidth, end.textContent, start.parentElement.title]";
    assert_eq!(
        page.script(parts).await?,
        json!([true, false, "om=lobby", "staging.example.com/a/long/way/down/to/the/socket?room=lobby"])
    );
    let item = page.waits_for("its button", FIRST).await?;
    // As the keyboard gives it the focus.
    page.script_with("arguments[0].focus({ focusVisible: true })", vec![serde_json::to_value(item)?]).await?;
    let cut = "const name = document.querySelector('nav .name'), around = name.getBoundingClientRect();
        return [...name.children].some((part) => part.getBoundingClientRect().right > around.right + 1)";
    assert_eq!(page.script(cut).await?, json!(false));
    Ok(())
}
