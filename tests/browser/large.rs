//! Messages that are too large to be given to the browser as they are.

use std::fmt::Write;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::page::Page;
use crate::servers::peer;

/// Milliseconds in which the page may be busy without answering, in a build that is not optimised. The browser took
/// seconds to lay out what these tests send.
const BUSY_LIMIT: f64 = 1000.0;

/// Sends these, one after the other.
async fn sends(messages: Vec<String>) -> Result<String> {
    peer(async move |mut client| {
        for message in messages {
            client.send(Message::text(message)).await?;
        }
        while client.next().await.is_some() {}
        Ok(())
    })
    .await
}

/// Has the page note in `window.busiest` for how long it was busy at most.
async fn watch(page: &Page) -> Result<()> {
    let script = "let last = performance.now();
        window.busiest = 0;
        setInterval(() => {
          const now = performance.now();
          window.busiest = Math.max(window.busiest, now - last);
          last = now;
        }, 10);";
    page.script(script).await.map(drop)
}

async fn was_never_busy(page: &Page) -> Result<()> {
    let busiest = page.script("return window.busiest").await?.as_f64().context("a time")?;
    assert!(busiest < BUSY_LIMIT, "the page was busy for {busiest} ms");
    // What is in the document is what is on the screen and around it.
    assert!(page.count(".lines div div div").await? < 500);
    Ok(())
}

/// Scrolls the content to its end, until it ends so.
async fn ends_with(page: &Page, end: &str) -> Result<()> {
    page.waits_for_script(
        "the end",
        &format!(
            "const lines = document.querySelector('.lines');
             lines.scrollTop = lines.scrollHeight;
             return lines.textContent.endsWith({end:?});"
        ),
    )
    .await
}

#[tokio::test]
async fn a_text_of_8_mb_is_shown_at_once_and_read_to_its_end() -> Result<()> {
    let mut text = String::from("begin\n");
    for number in 0..200_000 {
        writeln!(text, "line {number} of a long text, which is cut")?;
    }
    text += &"x".repeat(100_000);
    text += " end";
    let page = Page::connecting_to(&sends(vec![text]).await?).await?;
    page.sees_row("begin").await?;
    watch(&page).await?;
    page.sees_row("begin").await?.click().await?;
    page.sees_detail("line 3 of a long text, which is cut").await?;
    ends_with(&page, " end").await?;
    page.clicks("Hex").await?;
    page.clicks("Text").await?;
    page.sees_detail("line 3 of a long text, which is cut").await?;
    was_never_busy(&page).await
}

/// JSON of about 8 MB.
fn large_json() -> String {
    let members: Vec<_> =
        (0..150_000).map(|number| format!(r#"{{"id":{number},"name":"number {number}","tags":[1,null]}}"#)).collect();
    format!("[{}]", members.join(","))
}

#[tokio::test]
async fn json_of_8_mb_is_laid_out_in_rows_that_fold() -> Result<()> {
    let page = Page::connecting_to(&sends(vec![large_json()]).await?).await?;
    page.sees_row("number 0").await?;
    watch(&page).await?;
    page.sees_row("number 0").await?.click().await?;
    page.clicks("JSON").await?;
    page.sees_detail("\n  {\n    \"id\": 0,\n    \"name\": \"number 0\",\n").await?;
    page.waits_for("a name in its colour", "//pre//span[@class='name'][.='\"id\"']").await?;
    page.waits_for("the second row", "(//button[@aria-label='Fold'])[2]").await?.click().await?;
    page.sees_detail("\n  {…},  6 lines\n  {\n    \"id\": 1,").await?;
    page.waits_for("it can be unfolded", "//button[@aria-label='Unfold']").await?.click().await?;
    page.sees_detail("\n  {\n    \"id\": 0,").await?;
    ends_with(&page, "    ]\n  }\n]").await?;
    was_never_busy(&page).await
}

#[tokio::test]
async fn json_is_copied_as_it_is_seen_and_text_as_it_is() -> Result<()> {
    let page = Page::connecting_to(&sends(vec![r#"{"a":[1,2]}"#.to_owned()]).await?).await?;
    page.script("navigator.clipboard.writeText = async (text) => { window.copied = text; };").await?;
    page.sees_row("{\"a\"").await?.click().await?;
    page.clicks("Copy").await?;
    page.waits_for_script("the text", r#"return window.copied === '{"a":[1,2]}'"#).await?;
    page.clicks("JSON").await?;
    page.waits_for("it is laid out", "(//button[@aria-label='Fold'])[2]").await?.click().await?;
    page.sees_detail("{\n  \"a\": […]  2 lines\n}").await?;
    page.clicks("Copied").await?;
    page.waits_for_script("the JSON", r#"return window.copied === '{\n  "a": [\n    1,\n    2\n  ]\n}'"#).await
}

#[tokio::test]
async fn of_a_message_that_would_push_the_others_out_the_beginning_is_kept() -> Result<()> {
    let bomb = "y".repeat(50 << 20);
    let messages = vec!["older".to_owned(), bomb, "later".to_owned()];
    let page = Page::connecting_to(&sends(messages).await?).await?;
    watch(&page).await?;
    page.sees_row("later").await?;
    page.sees_row("older").await?;
    page.sees_row("50.0 MiB").await?.click().await?;
    page.waits_for("its size", "//aside//dd[contains(., '52\u{202f}428\u{202f}800 bytes')]").await?;
    page.waits_for("what is kept", "//aside//dd[.='the first 16.0 MiB']").await?;
    page.sees_detail("yyyyyyyyyy").await?;
    was_never_busy(&page).await
}

#[tokio::test]
async fn going_through_large_messages_by_the_arrow_keys_waits_for_none() -> Result<()> {
    let rest =
        (0..20_000).map(|number| format!(r#"{{"id":{number},"name":"name {number}"}}"#)).collect::<Vec<_>>().join(",");
    let messages = (0..12).map(|number| format!(r#"{{"number":{number},"rest":[{rest}]}}"#)).collect();
    let page = Page::connecting_to(&sends(messages).await?).await?;
    page.sees_row("\"number\":11").await?.click().await?;
    page.clicks("JSON").await?;
    page.sees_detail("\"number\": 11,").await?;
    watch(&page).await?;
    let list = page.waits_for("the list of entries", "//*[@role='listbox']").await?;
    list.send_keys(&char::from(Key::Up).to_string().repeat(11)).await?;
    page.sees_detail("\"number\": 0,").await?;
    was_never_busy(&page).await
}
