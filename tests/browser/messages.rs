//! Typing and sending messages, and seeing the replies.

use anyhow::Result;
use fantoccini::key::Key;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use crate::page::{Page, value};
use crate::servers::peer;

#[tokio::test]
async fn a_message_is_sent_and_answered_as_in_the_tutorial() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("Connect").await?;
    page.sees_state("Open").await?;
    page.sends("hello").await?;
    page.sees_row("Server received: hello").await?;
    Ok(())
}

#[tokio::test]
async fn a_preset_asks_the_server_for_a_plain_echo() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("echo every message").await?;
    page.clicks("Use this URL").await?;
    page.clicks("Connect").await?;
    page.sees_row("/echo").await?;
    page.sees_state("Open").await?;
    page.sends("héllo €").await?;
    let answer = page.waits_for("the echo", "//*[@role='option'][contains(., 'received')]").await?;
    let text = answer.text().await?;
    assert!(text.contains("héllo €") && text.contains("10 B"), "{text:?}");
    Ok(())
}

#[tokio::test]
async fn shift_enter_makes_a_line_and_enter_sends() -> Result<()> {
    let page = Page::connected("/").await?;
    let (shift, enter, release) = (char::from(Key::Shift), char::from(Key::Enter), char::from(Key::Null));
    page.types_message(&format!("one{shift}{enter}{release}two")).await?;
    assert_eq!(value(&page.message_box().await?).await?, "one\ntwo");
    page.sends("").await?;
    page.sees_row("Server received: one␊two").await?;
    assert_eq!(value(&page.message_box().await?).await?, "");
    Ok(())
}

#[tokio::test]
async fn what_is_typed_before_connecting_is_kept_and_sent_later() -> Result<()> {
    let page = Page::start().await?;
    page.sends("hello").await?;
    assert_eq!(value(&page.message_box().await?).await?, "hello");
    page.clicks("Connect").await?;
    page.clicks("Send").await?;
    page.sees_row("Server received: hello").await?;
    Ok(())
}

#[tokio::test]
async fn binary_is_shown_as_hex_and_never_as_text() -> Result<()> {
    let address = peer(async |mut client| {
        client.send(Message::binary(b"hi\x00\xff".as_slice())).await?;
        std::future::pending().await
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_row("68 69 00 ff").await?.click().await?;
    page.sees_detail("000000  68 69 00 ff              hi..").await
}

#[tokio::test]
async fn hostile_text_never_becomes_html() -> Result<()> {
    const HOSTILE: &str = r#"</pre><img src="x" onerror="document.title='gone'"><script>alert(1)</script>"#;
    let page = Page::connected("/echo").await?;
    page.sends(HOSTILE).await?;
    page.waits_for("the echo", "//*[@role='option'][contains(., 'received')]").await?;
    page.sees_row(HOSTILE).await?.click().await?;
    page.sees_detail(HOSTILE).await?;
    assert_eq!(page.count(".rows img, .rows script, aside img, aside script").await?, 0);
    Ok(())
}
