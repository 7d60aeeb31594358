//! A log longer than the screen.

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use crate::page::Page;
use crate::servers::{Server, peer};

const MANY: u32 = 5000;

/// Sends many numbered messages, then three more for each that it gets.
async fn talkative() -> Result<String> {
    peer(async |mut client| {
        for number in 1..=MANY {
            client.feed(Message::text(format!("message {number}."))).await?;
        }
        client.flush().await?;
        while let Some(message) = client.next().await {
            if message?.is_text() {
                for word in ["one", "two", "three"] {
                    client.send(Message::text(format!("and {word}"))).await?;
                }
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn only_the_rows_on_the_screen_exist_and_the_newest_is_seen() -> Result<()> {
    let server = Server::start().await?;
    let page = Page::connected(&server.page(), &talkative().await?).await?;
    page.sees_row("message 5000.").await?;
    let rows = page.count("[role=option]").await?;
    assert!((10..60).contains(&rows), "{rows} rows");
    Ok(())
}

#[tokio::test]
async fn a_reader_who_scrolled_up_stays_there_and_is_told_how_many_came() -> Result<()> {
    let server = Server::start().await?;
    let page = Page::connected(&server.page(), &talkative().await?).await?;
    page.sees_row("message 5000.").await?;
    page.waits_for("the list of entries", "//*[@role='listbox']")
        .await?
        .send_keys(&char::from(Key::Home).to_string())
        .await?;
    page.sees_row("message 1.").await?;
    page.sends("more").await?;
    // What was sent counts, too.
    page.waits_for("four new ones are told", "//button[.='↓ 4 new']").await?;
    page.sees_row("message 1.").await?;
    page.clicks("↓ 4 new").await?;
    page.sees_row("and three").await?;
    assert_eq!(page.count(".newer:not([hidden])").await?, 0);
    Ok(())
}
