//! How connections begin and end, and how the page describes it.

use anyhow::Result;
use fantoccini::key::Key;

use crate::page::{Page, Tab, value};
use crate::servers::{nobody, peer};

#[tokio::test]
async fn a_page_from_the_server_offers_that_server() -> Result<()> {
    let page = Page::start().await?;
    assert_eq!(value(&page.address_field().await?).await?, page.server().websocket("/"));
    Ok(())
}

#[tokio::test]
async fn the_page_address_fills_the_field() -> Result<()> {
    let page = Page::start().await?;
    page.goes_to(&format!("{}?url=wss%3A%2F%2Fexample.com%2Fchat", page.server().page())).await?;
    assert_eq!(value(&page.address_field().await?).await?, "wss://example.com/chat");
    Ok(())
}

#[tokio::test]
async fn quit_in_any_case_leaves_with_1000() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sends("QUIT").await?;
    page.sees_state("Disconnected").await?;
    page.sees_row("Disconnected by this page (code 1000, normal closure)").await?;
    Ok(())
}

#[tokio::test]
async fn disconnect_and_connect_again() -> Result<()> {
    let page = Page::connected("/").await?;
    page.clicks("Disconnect").await?;
    page.sees_state("Disconnected").await?;
    page.clicks("Connect").await?;
    page.sees_state("Open").await
}

#[tokio::test]
async fn a_server_that_goes_away_is_shown_with_code_and_reason() -> Result<()> {
    let mut page = Page::connected("/").await?;
    page.types_message("half a sent").await?;
    page.stops_server().await?;
    page.sees_state("Closed by server").await?;
    page.sees_row("Connection closed by server (code 1001, going away").await?;
    assert_eq!(value(&page.message_box().await?).await?, "half a sent");
    Ok(())
}

#[tokio::test]
async fn a_connection_cut_without_a_close_frame_is_lost() -> Result<()> {
    let address = peer(async |client| {
        drop(client);
        Ok(())
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_state("Connection lost").await?;
    page.sees_row("(code 1006, no close frame)").await?;
    Ok(())
}

#[tokio::test]
async fn a_countdown_to_the_next_try_can_be_stopped() -> Result<()> {
    let page = Page::start().await?;
    page.reconnects_in_an_hour().await?;
    page.connects_to(&nobody().await?).await?;
    page.waits_for("the countdown", "//p[@role='status'][starts-with(., 'Reconnecting in')]").await?;
    page.clicks("Stop").await?;
    page.sees_state("Could not connect").await?;
    assert_eq!(page.count(".status .chips:not([hidden])").await?, 0);
    Ok(())
}

#[tokio::test]
async fn a_server_that_does_not_exist_is_reported_as_such() -> Result<()> {
    let page = Page::connecting_to(&nobody().await?).await?;
    page.sees_state("Could not connect").await?;
    page.sees_row("no server there, or it refused the handshake (code 1006").await?;
    Ok(())
}

#[tokio::test]
async fn a_wrong_address_is_explained_beside_the_field() -> Result<()> {
    let page = Page::connecting_to("ftp://localhost").await?;
    let problem = page.waits_for("the problem", "//*[@role='alert'][normalize-space()]").await?;
    assert_eq!(
        problem.text().await?,
        r#""ftp://localhost" is not a WebSocket URL: it must begin with ws:// or wss://"#
    );
    Ok(())
}

#[tokio::test]
async fn the_keyboard_alone_is_enough() -> Result<()> {
    let page = Page::start().await?;
    page.tabs_to("the address field", "input[type=url]", Tab::Forward).await?;
    page.presses([Key::Enter]).await?;
    page.sees_state("Open").await?;
    page.waits_for("the message box", "//textarea").await?;
    page.focused().await?.send_keys(&format!("hello{}", char::from(Key::Enter))).await?;
    page.sees_row("Server received: hello").await?;
    page.tabs_to("the log", "[role=listbox]", Tab::Backward).await?;
    page.presses([Key::Up]).await?;
    page.sees_detail("Server received: hello").await?;
    page.presses([Key::Up]).await?;
    page.sees_detail("sent").await?;
    page.presses([Key::Escape]).await?;
    assert_eq!(page.count("aside.detail").await?, 0);
    page.tabs_to("the message box", "textarea", Tab::Forward).await?;
    page.focused().await?.send_keys(&format!("quit{}", char::from(Key::Enter))).await?;
    page.sees_state("Disconnected").await
}
