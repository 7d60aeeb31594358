//! Several connections, the filter, saved and repeated messages, sequences, files and settings.

use anyhow::{Context, Result};
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_tungstenite::tungstenite::Message;

use crate::file::TemporaryFile;
use crate::page::{Page, value};
use crate::servers::peer;

#[tokio::test]
async fn each_connection_has_its_own_log_which_continues_while_another_is_shown() -> Result<()> {
    let page = Page::connected("/echo?delay=300ms").await?;
    page.sends("for the first").await?;
    page.clicks("New connection").await?;
    page.sees_state("Not connected").await?;
    assert_eq!(page.count("[role=option]").await?, 0);
    page.clicks("Connect").await?;
    page.sees_state("Open").await?;
    page.sends("for the second").await?;
    page.sees_row("Server received: for the second").await?;
    page.waits_for("the first tab", "//nav//button[contains(., '/echo?delay')]").await?.click().await?;
    page.waits_for("the echo", "//*[@role='option'][contains(., 'received')][contains(., 'for the first')]").await?;
    assert_eq!(page.count("[role=option]").await?, 4);
    Ok(())
}

#[tokio::test]
async fn a_filter_shows_what_matches_and_counts_it() -> Result<()> {
    let page = Page::connected("/echo").await?;
    for text in ["apple", "pear", "Apple pie"] {
        page.sends(text).await?;
        page.waits_for("the echo", &format!("//*[@role='option'][contains(., 'received')][contains(., '{text}')]"))
            .await?;
    }
    let filter = page.waits_for("the filter", "//input[@aria-label='Filter']").await?;
    filter.send_keys("apple").await?;
    page.sees_hits("4 of 8").await?;
    page.clicks("↑ sent").await?;
    page.sees_hits("2 of 8").await?;
    filter.clear().await?;
    filter.send_keys("/^p.*r$/").await?;
    page.sees_hits("1 of 8").await?;
    filter.clear().await?;
    filter.send_keys("/(/").await?;
    page.waits_for("the browser's words", "//*[@id='filter-problem'][contains(., 'Unterminated group')]").await?;
    filter.clear().await?;
    filter.send_keys("-apple").await?;
    page.waits_for("what is excluded", "//*[@id='filter-hint'][starts-with(., 'excludes \"apple\"')]").await?;
    filter.clear().await?;
    filter.send_keys("/users/list").await?;
    page.sees_hits("0 of 8").await?;
    page.waits_for("no hint", "//*[@id='filter-hint'][@hidden]").await?;
    Ok(())
}

#[tokio::test]
async fn a_lost_server_is_retried_and_queued_messages_are_sent() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (again, later) = tokio::sync::oneshot::channel::<TcpListener>();
    let peer = tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        let mut first = tokio_tungstenite::accept_async(stream).await?;
        first.next().await.context("the first message")??;
        drop(first);
        drop(listener);
        let (stream, _) = later.await?.accept().await?;
        let mut second = tokio_tungstenite::accept_async(stream).await?;
        let message = second.next().await.context("the message that waited")??;
        second.send(Message::text("found you")).await?;
        anyhow::Ok(message.into_text()?.to_string())
    });
    let page = Page::connecting_to(&format!("ws://{address}/")).await?;
    page.sees_state("Open").await?;
    page.reconnects_in_an_hour().await?;
    page.clicks("Options…").await?;
    page.ticks("Queue messages").await?;
    page.clicks("Close dialog").await?;
    page.sends("go").await?;
    page.waits_for("the countdown", "//p[@role='status'][starts-with(., 'Reconnecting in')]").await?;
    page.sends("thought better of").await?;
    page.clicks("Discard 1 queued message").await?;
    page.sends("written meanwhile").await?;
    drop(again.send(TcpListener::bind(address).await?));
    page.clicks("Reconnect now").await?;
    page.sees_row("found you").await?;
    assert_eq!(peer.await??, "written meanwhile");
    Ok(())
}

#[tokio::test]
async fn each_loss_is_retried_without_moving_the_focus() -> Result<()> {
    const TIMES: usize = 3;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (leave, mut left) = tokio::sync::mpsc::channel::<()>(1);
    tokio::spawn(async move {
        for time in 1..=TIMES {
            let (stream, _) = listener.accept().await?;
            let mut client = tokio_tungstenite::accept_async(stream).await?;
            client.send(Message::text(format!("here for the {time}. time"))).await?;
            left.recv().await;
        }
        anyhow::Ok(())
    });
    let page = Page::start().await?;
    page.clicks("Settings…").await?;
    page.fills("Initial delay (ms)", "50").await?;
    page.clicks("Close dialog").await?;
    page.clicks("Options…").await?;
    page.ticks("Reconnect automatically").await?;
    page.clicks("Close dialog").await?;
    page.connects_to(&format!("ws://{address}/")).await?;
    page.sees_row("here for the 1. time").await?.click().await?;
    page.waits_for("the list", "//*[@role='listbox']").await?.send_keys(&char::from(Key::Up).to_string()).await?;
    for time in 2..=TIMES {
        leave.send(()).await?;
        page.sees_row(&format!("here for the {time}. time")).await?;
        page.sees_state("Open").await?;
    }
    page.sees_row("here for the 1. time").await?;
    assert_eq!(page.count(".row.good").await?, TIMES);
    page.sees_row("Disconnected for").await?;
    assert_eq!(page.script("return document.activeElement.role").await?, json!("listbox"));
    Ok(())
}

#[tokio::test]
async fn a_close_code_and_a_reason_can_be_chosen_and_are_checked() -> Result<()> {
    let (report, closed) = tokio::sync::oneshot::channel();
    let address = peer(async |mut client| {
        if let Some(Message::Close(frame)) = client.next().await.transpose()? {
            drop(report.send(frame));
        }
        while client.next().await.is_some() {}
        Ok(())
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_state("Open").await?;
    page.clicks("Close with…").await?;
    page.fills("Code", "1005").await?;
    page.waits_for("the problem", "//*[@id='close-problem'][contains(., '1005 cannot be sent')]").await?;
    page.fills("Code", "4001").await?;
    page.fills("Reason", "enough").await?;
    // Instead of the button.
    page.presses([Key::Enter]).await?;
    page.sees_state("Disconnected").await?;
    page.sees_row("code 4001").await?;
    let frame = closed.await?.context("a close frame with a code")?;
    assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "enough"));
    Ok(())
}

#[tokio::test]
async fn templates_are_previewed_and_hex_is_sent_as_bytes() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.types_message("number {{n}}").await?;
    page.waits_for("the preview", "//*[@id='compose-hint'][contains(., 'number 1')]").await?;
    page.sends("").await?;
    page.sees_row("number 1").await?;
    page.types_message("{{nonsense}}").await?;
    page.waits_for("the problem", "//*[@id='compose-problem'][contains(., 'nonsense')]").await?;
    let select_all = [char::from(Key::Control), 'a', char::from(Key::Null), char::from(Key::Delete)];
    page.types_message(&select_all.iter().collect::<String>()).await?;
    page.clicks("Hex").await?;
    page.sends("de ad b").await?;
    page.waits_for("the problem", "//*[@id='compose-problem'][normalize-space()]").await?;
    page.sends("e").await?;
    page.waits_for("the echo", "//*[@role='option'][contains(., 'received binary')][contains(., 'de ad be')]").await?;
    Ok(())
}

#[tokio::test]
async fn sent_messages_are_recalled_and_saved_ones_survive_a_reload() -> Result<()> {
    let page = Page::connected("/").await?;
    page.sends("first").await?;
    page.sends("second").await?;
    page.sees_row("Server received: second").await?;
    let message_box = page.message_box().await?;
    message_box.send_keys(&char::from(Key::Up).to_string()).await?;
    assert_eq!(value(&message_box).await?, "second");
    message_box.send_keys(&char::from(Key::Up).to_string()).await?;
    assert_eq!(value(&message_box).await?, "first");
    page.clicks("Save…").await?;
    page.fills("Name", "Login").await?;
    page.fills("Folder", "Chat").await?;
    page.waits_for("the button", "//dialog//footer/button[.='Save']").await?.click().await?;
    page.waits_for("the folder", "//li[@class='folder'][.='Chat']").await?;
    page.waits_for_script("it is kept", "return Boolean(localStorage.getItem('canyon.messages'))").await?;
    page.reloads().await?;
    page.waits_for("the saved message", "//button[contains(., 'Login')]").await?.click().await?;
    assert_eq!(value(&page.message_box().await?).await?, "first");
    page.clicks("Settings…").await?;
    page.clicks("Clear all data").await?;
    page.clicks("Delete everything").await?;
    page.waits_for_script("it is forgotten", "return localStorage.length === 0").await?;
    Ok(())
}

#[tokio::test]
async fn a_message_is_repeated_as_often_as_asked_and_can_be_hidden() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.types_message("tick {{n}}").await?;
    page.clicks("Repeat").await?;
    page.fills("Repeat", "20").await?;
    page.fills("Count", "5").await?;
    page.clicks("Start").await?;
    page.waits_for("the fifth", "//*[@role='option'][contains(., 'received')][contains(., 'tick 5')]").await?;
    page.sees_hits("12 of 12").await?;
    page.clicks("auto-sent").await?;
    page.sees_hits("7 of 12").await?;
    Ok(())
}

#[tokio::test]
async fn a_sequence_passes_or_says_which_step_failed() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.clicks("Sequence").await?;
    page.clicks("Run").await?;
    page.waits_for("it passes", "//p[@role='status'][contains(., 'passed')]").await?;
    page.fills("Text", "something else").await?;
    page.fills("Timeout (ms)", "soon").await?;
    page.waits_for("the problem", "//*[@id='sequence-problem'][.='\"soon\" is not a whole number']").await?;
    page.fills("Timeout (ms)", "100").await?;
    page.clicks("Run").await?;
    page.waits_for("it fails", "//p[@role='status'][contains(., 'failed at step 2')]").await?;
    page.waits_for("the step is marked", "//li[@data-verdict='failed']").await?;
    Ok(())
}

#[tokio::test]
async fn a_link_carries_the_set_up_and_no_message() -> Result<()> {
    let page = Page::start().await?;
    page.types_address("wss://example.com/chat?room=1").await?;
    page.types_message("secret").await?;
    page.clicks("Share…").await?;
    let link = value(&page.waits_for("the link", "//textarea[@aria-label='Link']").await?).await?;
    assert!(link.starts_with(&format!("{}#", page.server().page())) && !link.contains("secret"), "{link}");
    let other = Page::open(&link).await?;
    assert_eq!(value(&other.address_field().await?).await?, "wss://example.com/chat?room=1");
    assert_eq!(value(&other.message_box().await?).await?, "");
    Ok(())
}

#[tokio::test]
async fn a_file_is_sent_as_it_is() -> Result<()> {
    let page = Page::connected("/echo").await?;
    let file = TemporaryFile::new("bin", &[0xca, 0xfe, 0xba, 0xbe])?;
    page.field("Send a file").await?.send_keys(&file.path()).await?;
    page.clicks("Send as binary").await?;
    page.sees_received("binary", "ca fe ba be").await
}

/// Drops a file of 3 bytes on an element, as a file manager does.
const DROP: &str = "const dropped = new DataTransfer();
    dropped.items.add(new File([new Uint8Array([0xbe, 0xef, 0x00])], 'beef.bin'));
    const drop = new DragEvent('drop', { dataTransfer: dropped, bubbles: true, cancelable: true });
    return !document.querySelector('main').dispatchEvent(drop);";

#[tokio::test]
async fn a_file_that_is_dropped_on_the_page_is_sent_as_it_is() -> Result<()> {
    let page = Page::connected("/echo").await?;
    // Otherwise the browser would leave the page for the file.
    assert_eq!(page.script(DROP).await?, json!(true));
    page.waits_for("the file is named", "//*[@class='name'][.='beef.bin, 3 B']").await?;
    page.clicks("Send as binary").await?;
    page.sees_received("binary", "be ef 00").await
}

#[tokio::test]
async fn base64_is_sent_as_bytes() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.clicks("Base64").await?;
    page.sends("3q2+").await?;
    page.sees_received("binary", "de ad be").await?;
    page.sends("3q2!").await?;
    page.waits_for("the problem", "//*[@id='compose-problem'][contains(., \"'!' at character 4\")]").await?;
    Ok(())
}

#[tokio::test]
async fn json_is_checked_while_typing_with_position_and_reason() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("JSON").await?;
    page.types_message(r#"{"a": nul"#).await?;
    let problem = "//*[@id='compose-problem'][contains(., 'line 1, column 7') and contains(., 'is not a value')]";
    page.waits_for("the problem", problem).await?;
    page.types_message("l}").await?;
    page.waits_for("no problem", "//*[@id='compose-problem'][.='']").await.map(drop)
}

#[tokio::test]
async fn json_is_formatted_with_its_numbers_unchanged() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.clicks("JSON").await?;
    page.sends(r#"{"id":9007199254740993,"price":1.10}"#).await?;
    page.waits_for("the echo", "//*[@role='option'][contains(., 'received')]").await?.click().await?;
    page.waits_for("the form", "//aside//button[.='JSON']").await?.click().await?;
    page.sees_detail("\n  \"id\": 9007199254740993,\n  \"price\": 1.10\n").await
}

#[tokio::test]
async fn the_theme_can_be_chosen_and_is_kept() -> Result<()> {
    let page = Page::start().await?;
    let background = "return getComputedStyle(document.body).backgroundColor";
    let light = page.script(background).await?;
    page.clicks("◐ Auto").await?;
    page.clicks("○ Light").await?;
    page.waits_for("dark is chosen", "//button[.='● Dark']").await?;
    assert_ne!(page.script(background).await?, light);
    page.waits_for_script("it is kept", "return Boolean(localStorage.getItem('canyon.settings'))").await?;
    page.reloads().await?;
    page.waits_for("dark is chosen", "//button[.='● Dark']").await?;
    Ok(())
}
