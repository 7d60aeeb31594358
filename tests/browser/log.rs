//! A log longer than the screen.

use anyhow::{Context, Result};
use fantoccini::key::Key;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use crate::page::Page;
use crate::servers::peer;

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
    let page = Page::connecting_to(&talkative().await?).await?;
    page.sees_row("message 5000.").await?;
    let rows = page.count("[role=option]").await?;
    assert!((10..60).contains(&rows), "{rows} rows");
    Ok(())
}

#[tokio::test]
async fn after_scrolling_up_the_log_stays_there_and_shows_how_many_came() -> Result<()> {
    let page = Page::connecting_to(&talkative().await?).await?;
    page.sees_row("message 5000.").await?;
    page.waits_for("the list of entries", "//*[@role='listbox']")
        .await?
        .send_keys(&char::from(Key::Home).to_string())
        .await?;
    page.sees_row("message 1.").await?;
    page.waits_for("none came since", "//button[.='↓ Latest']").await?;
    page.sends("more").await?;
    // Sent messages count too.
    page.waits_for("four new entries", "//button[.='↓ 4 new']").await?;
    page.sees_row("message 1.").await?;
    page.clicks("↓ 4 new").await?;
    page.sees_row("and three").await?;
    assert_eq!(page.count(".newer:not([hidden])").await?, 0);
    Ok(())
}

#[tokio::test]
async fn while_the_filter_runs_it_shows_how_many_entries_are_left() -> Result<()> {
    let page = Page::connecting_to(&talkative().await?).await?;
    page.sees_row("message 5000.").await?;
    // It continues with each frame.
    page.script(
        "window.later = [];
         window.ask = requestAnimationFrame;
         window.requestAnimationFrame = frame => later.push(frame)",
    )
    .await?;
    page.fills("Filter", "no such message").await?;
    page.waits_for("how many", "//p[@class='filtering'][.='Filtering… 5\u{202f}002 left']").await?;
    page.waits_for("none so far", "//p[@class='empty'][.='No matches so far.']").await?;
    page.script("window.requestAnimationFrame = window.ask; later.forEach(requestAnimationFrame)").await?;
    page.fills("Filter", "message 4321.").await?;
    page.sees_hits("1 of 5\u{202f}002").await?;
    page.waits_for("nothing is left", "//p[@class='filtering'][.='']").await.map(drop)
}

/// Records layout shifts.
const WATCH_SHIFTS: &str = "window.shifts = [];
    // Movement within the log is scrolling.
    new PerformanceObserver(list => shifts.push(...list.getEntries().flatMap(({ sources }) => sources)
        .filter(({ node }) => !node?.closest?.('.list')).map(({ node }) => (node?.outerHTML ?? String(node)).slice(0, 80))))
        .observe({ type: 'layout-shift' });";

#[tokio::test]
async fn nothing_shifts_while_messages_stream() -> Result<()> {
    let address = peer(async |mut client| {
        while client.next().await.transpose()?.is_some() {
            for number in 1..=MANY {
                client.feed(Message::text(format!("message {number}."))).await?;
            }
            client.flush().await?;
        }
        Ok(())
    })
    .await?;
    let page = Page::start().await?;
    page.clicks("Settings…").await?;
    page.fills("Messages", "4000").await?;
    page.clicks("Close dialog").await?;
    page.connects_to(&address).await?;
    page.sees_state("Open").await?;
    page.fills("Filter", "message").await?;
    page.script(WATCH_SHIFTS).await?;
    page.sends("go").await?;
    page.sees_row("message 5000.").await?;
    page.sends("and again").await?;
    page.waits_for("all of them", "//p[@class='dropped'][.='6\u{202f}004 older dropped']").await?;
    assert_eq!(page.script("return shifts").await?, serde_json::json!([]));
    Ok(())
}

#[tokio::test]
async fn the_focus_returns_to_the_log_when_the_detail_is_closed() -> Result<()> {
    let page = Page::connected("/").await?;
    for close in ["click", "Escape"] {
        page.sees_row("Open after").await?.click().await?;
        page.sees_detail("Open after").await?;
        match close {
            "click" => page.clicks("Close details").await?,
            _ => {
                page.waits_for("the list", "//*[@role='listbox']").await?.send_keys("\u{e007}").await?;
                page.waits_for_script("the content has it", "return document.activeElement.matches('pre')").await?;
                page.presses([Key::Escape]).await?;
            }
        }
        page.waits_for_script("the log has it", "return document.activeElement.matches('[role=listbox]')").await?;
        assert_eq!(page.count("aside.detail").await?, 0);
    }
    Ok(())
}

/// Sends one message, and many more as soon as it gets one.
async fn forgetful() -> Result<String> {
    peer(async |mut client| {
        client.send(Message::text("to be kept")).await?;
        client.next().await.transpose()?;
        for number in 1..=300 {
            client.send(Message::text(format!("later {number}."))).await?;
        }
        while client.next().await.is_some() {}
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_pinned_message_stays_when_the_log_drops_it() -> Result<()> {
    let page = Page::start().await?;
    page.clicks("Settings…").await?;
    page.fills("Messages", "100").await?;
    page.clicks("Close dialog").await?;
    page.connects_to(&forgetful().await?).await?;
    page.sees_row("to be kept").await?.click().await?;
    page.clicks("Pin").await?;
    page.presses([Key::Escape]).await?;
    page.sends("more").await?;
    page.sees_row("later 300.").await?;
    page.waits_for("what had to go is counted", "//*[contains(., 'dropped')]").await?;
    page.waits_for("the list of entries", "//*[@role='listbox']")
        .await?
        .send_keys(&char::from(Key::Home).to_string())
        .await?;
    page.sees_row("later 201.").await?;
    page.waits_for("the pin", "//ul[@aria-label='Pinned']//button[contains(., 'to be kept')]").await?;
    page.clicks("Unpin").await?;
    page.waits_for("no pins", "//ul[@aria-label='Pinned'][@hidden]").await.map(drop)
}

#[tokio::test]
async fn what_a_peer_says_is_shown_in_its_own_letters_and_acts_on_nothing() -> Result<()> {
    let address = peer(async |mut client| {
        client.send(Message::text(format!("{}{}", "[".repeat(300), "]".repeat(300)))).await?;
        client.send(Message::text("photo\u{202e}gpj.exe")).await?;
        client.next().await;
        let frame = CloseFrame { code: 4001.into(), reason: "सत्र समाप्त ❤\u{fe0f}".into() };
        client.close(Some(frame)).await?;
        while client.next().await.is_some() {}
        Ok(())
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_row("[[[").await?.click().await?;
    page.clicks("JSON").await?;
    page.waits_for(
        "why",
        "//*[@id='json-problem'][.='Shown as text: line 1, column 257: nested deeper than 256 arrays and objects']",
    )
    .await?;
    page.waits_for("the text", "//aside//pre[string-length(.) = 600]").await?;
    page.sees_row("photo⟨U+202E⟩gpj.exe").await?.click().await?;
    page.clicks("Text").await?;
    page.waits_for("the sign", "//aside//pre[.='photo⟨U+202E⟩gpj.exe']").await?;
    page.sends("bye").await?;
    page.sees_row("reason \"सत्र समाप्त ❤\u{fe0f}\"").await?;
    Ok(())
}

/// Sends 20 000 short messages, and one that an expression takes forever for.
async fn slow_to_match() -> Result<String> {
    peer(async |mut client| {
        client.send(Message::text(format!("{}!", "y".repeat(40)))).await?;
        for number in 0..20_000 {
            client.feed(Message::text(format!("message {number}"))).await?;
        }
        client.send(Message::text("the last one")).await?;
        while client.next().await.is_some() {}
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_regular_expression_never_holds_up_the_page() -> Result<()> {
    let page = Page::connecting_to(&slow_to_match().await?).await?;
    page.sees_row("the last one").await?;
    page.fills("Filter", "/message 1999\\d/").await?;
    page.sees_hits("10 of 20\u{202f}004").await?;
    page.script(
        "let last = performance.now();
         window.busiest = 0;
         setInterval(() => {
           const now = performance.now();
           window.busiest = Math.max(window.busiest, now - last);
           last = now;
         }, 10);",
    )
    .await?;
    page.fills("Filter", "/(y+)+z|last/").await?;
    // The newest are matched first.
    page.sees_row("the last one").await?;
    let stopped = "//*[@id='filter-problem'][contains(., 'takes more than 500 ms for a message, and was stopped')]";
    page.waits_for("a word about it", stopped).await?;
    page.sees_hits("1 of 20\u{202f}004").await?;
    let busiest = page.script("return window.busiest").await?.as_f64().context("a time")?;
    assert!(busiest < 400.0, "the page was busy for {busiest} ms");
    page.fills("Filter", "yyy").await?;
    page.sees_hits("1 of 20\u{202f}004").await?;
    page.waits_for("no word about it any more", "//*[@id='filter-problem'][.='']").await.map(drop)
}

#[tokio::test]
async fn what_the_filter_has_found_is_marked() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.sends(r#"{"name":"Ada, ada","year":1843}"#).await?;
    page.sees_row("received").await?;
    let marked = "return [...(CSS.highlights.get('hit') ?? [])].map((range) => range.toString()).join()";
    page.fills("Filter", "ADA").await?;
    page.waits_for_script("text", &format!("return (() => {{ {marked} }})() === 'Ada,ada,Ada,ada'")).await?;
    page.fills("Filter", r"/\d+/").await?;
    page.waits_for_script("numbers", &format!("return (() => {{ {marked} }})().includes('1843,1843')")).await?;
    page.sees_row("received").await?.click().await?;
    page.clicks("JSON").await?;
    page.waits_for_script("the content", &format!("return (() => {{ {marked} }})().endsWith('1843,1843,1843')"))
        .await?;
    page.fills("Filter", "nobody has sent this").await?;
    page.waits_for_script("nothing", &format!("return (() => {{ {marked} }})() === ''")).await
}
