//! The view that measures: echoes verified, round trips, load, against the real server.

use std::path::Path;

use anyhow::{Context, Result};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::driver::{Scheme, Window};
use crate::page::{Page, Tab};
use crate::servers::{nobody, peer};

/// The page with its view open, at an address.
async fn opened(window: Window, path: &str) -> Result<Page> {
    let page = Page::start_in(window).await?;
    page.types_address(&page.server().websocket(path)).await?;
    opens(&page).await?;
    Ok(page)
}

async fn opens(page: &Page) -> Result<()> {
    page.clicks("Measure").await?;
    page.waits_for("the form", "//form[@aria-label='What to measure']").await.map(drop)
}

/// Measures for a second, and waits for the verdict.
async fn measures(page: &Page) -> Result<String> {
    page.fills("Seconds", "1").await?;
    page.clicks("Start").await?;
    verdict(page).await
}

async fn verdict(page: &Page) -> Result<String> {
    let done = "//p[contains(@class, 'verdict')][@aria-busy='false'][normalize-space()]";
    Ok(page.waits_for("the verdict", done).await?.text().await?)
}

/// A figure of the run, as it is shown.
async fn figure(page: &Page, name: &str) -> Result<String> {
    let script = "const found = [...document.querySelectorAll('.figures div')].find((div) => div.children[0].textContent === arguments[0]);
        return found && found.children[1].textContent";
    let value = page.script_with(script, vec![json!(name)]).await?;
    value.as_str().map(str::to_owned).with_context(|| format!("there is no figure {name:?}"))
}

/// Milliseconds of a figure.
async fn milliseconds(page: &Page, name: &str) -> Result<f64> {
    let text = figure(page, name).await?;
    let (number, unit) = text.split_once(' ').context("a time has a unit")?;
    let number: f64 = number.parse()?;
    Ok(match unit {
        "µs" => number / 1000.0,
        "ms" => number,
        _ => number * 1000.0,
    })
}

#[tokio::test]
async fn all_echoes_of_the_root_are_equal_and_timed() -> Result<()> {
    let page = opened(Window::WIDE, "/").await?;
    let found = measures(&page).await?;
    assert!(found.starts_with("✓ All ") && found.contains("none missing, none twice"), "{found}");
    assert!(milliseconds(&page, "round trip p50").await? > 0.0);
    let clock = page.waits_for("the clock's resolution", "//p[contains(., 'clock resolution')]").await?.text().await?;
    assert!(clock.contains("clock resolution 5 µs"), "the page is isolated: {clock}");
    Ok(())
}

#[tokio::test]
async fn a_known_delay_is_the_figure() -> Result<()> {
    let page = opened(Window::WIDE, "/echo?delay=40ms").await?;
    page.clicks("Measure").await?;
    let found = measures(&page).await?;
    assert!(found.starts_with('✓'), "{found}");
    let fastest = milliseconds(&page, "fastest").await?;
    assert!(fastest >= 40.0, "{fastest} ms instead of 40 and the way there and back");
    // One at a time: all but the last came back within the second, 2 ms of which are rounded.
    let received: u32 = figure(&page, "received").await?.parse()?;
    assert!(
        received > 1 && fastest * f64::from(received - 1) <= 1002.0,
        "{received} replies after {fastest} ms at the least"
    );
    Ok(())
}

#[tokio::test]
async fn faults_are_counted_and_shown_as_a_difference() -> Result<()> {
    let address = peer(async |mut client| {
        use futures_util::{SinkExt, StreamExt};
        use tokio_tungstenite::tungstenite::Message;
        let mut count = 0;
        while let Some(message) = client.next().await {
            let Message::Text(text) = message? else { continue };
            count += 1;
            match count {
                // Lost.
                2 => {}
                3 => client.send(Message::text(text.replacen(|letter: char| letter.is_alphabetic(), "*", 1))).await?,
                4 => {
                    client.send(Message::Text(text.clone())).await?;
                    client.send(Message::Text(text)).await?;
                }
                5 => client.send(Message::binary(text.as_bytes().to_vec())).await?,
                6 => {
                    client.send(Message::text("news of the server")).await?;
                    client.send(Message::Text(text)).await?;
                }
                _ => client.send(Message::Text(text)).await?,
            }
        }
        Ok(())
    })
    .await?;
    let page = Page::start().await?;
    page.types_address(&format!("{address}echo")).await?;
    opens(&page).await?;
    page.fills("Reply limit", "100").await?;
    let found = measures(&page).await?;
    for fault in ["1 missing", "1 altered", "1 of the other type", "1 twice", "1 without a message"] {
        assert!(found.contains(fault), "{fault} is not in: {found}");
    }
    page.waits_for("the difference", "//section[@class='findings']//tr[th='received']//mark[.='2a']").await?;
    Ok(())
}

#[tokio::test]
async fn nobody_there_is_said_and_a_wrong_field_is_named() -> Result<()> {
    let page = Page::start().await?;
    page.types_address(&nobody().await?).await?;
    opens(&page).await?;
    let found = measures(&page).await?;
    assert!(found.starts_with("Nothing was measured"), "{found}");
    page.fills("Seconds", "soon").await?;
    page.clicks("Start").await?;
    page.waits_for("the problem", "//p[@id='plan-problem'][contains(., \"The duration is 'soon'\")]").await?;
    assert_eq!(page.count("input[aria-invalid=true]").await?, 1);
    Ok(())
}

#[tokio::test]
async fn a_rate_is_kept_a_run_is_cancelled_and_runs_stand_side_by_side() -> Result<()> {
    let page = opened(Window::WIDE, "/echo").await?;
    let rate = page.waits_for("the pace", "//label[starts-with(., 'Pace')]/select/option[.='At a rate']").await?;
    rate.click().await?;
    page.fills("Messages per second", "200").await?;
    let found = measures(&page).await?;
    assert!(found.starts_with("✓ All "), "{found}");
    // On a busy machine the last ones come too late, which is said.
    let sent: u32 = figure(&page, "sent").await?.parse()?;
    let owed: u32 = figure(&page, "due and not sent").await?.parse()?;
    assert_eq!((sent + owed, sent > 0), (200, true), "{sent} sent, {owed} owed");
    page.fills("Seconds", "600").await?;
    page.clicks("Start").await?;
    page.waits_for("a reply", "//p[contains(@class, 'verdict')][contains(., 'so far')]").await?;
    page.clicks("Cancel").await?;
    verdict(&page).await?;
    page.waits_for("it says so", "//p[.='the run was cancelled']").await?;
    page.waits_for("both runs", "//section[@class='comparison']//tr[th='echoes'][count(td)=2]").await?;
    Ok(())
}

#[tokio::test]
async fn the_view_is_used_by_keyboard() -> Result<()> {
    let page = Page::start().await?;
    page.tabs_to("the tab", ".tab:not([aria-current=page])", Tab::Forward).await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("the form", "//form[@aria-label='What to measure']").await?;
    page.tabs_to("its button", ".plan button", Tab::Forward).await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("it runs", "//form//button[.='Cancel']").await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("it is cancelled", "//form//button[.='Start']").await?;
    Ok(())
}

#[tokio::test]
async fn the_view_fits_every_window() -> Result<()> {
    for (window, name) in [
        (Window::WIDE, "wide-light"),
        (Window { scheme: Scheme::Dark, ..Window::WIDE }, "wide-dark"),
        (Window::PHONE, "phone-light"),
        (Window { scheme: Scheme::Dark, ..Window::PHONE }, "phone-dark"),
    ] {
        let page = opened(window, "/").await?;
        shot(&page, &format!("measure-{name}-form")).await?;
        measures(&page).await?;
        measures(&page).await?;
        shot(&page, &format!("measure-{name}-done")).await?;
        page.script("document.querySelector('.charts').scrollIntoView()").await?;
        shot(&page, &format!("measure-{name}-charts")).await?;
        let wide = page.script("const view = document.querySelector('#measure'); return [document.documentElement.scrollWidth > document.documentElement.clientWidth, view.scrollWidth > view.clientWidth]").await?;
        assert_eq!(wide, json!([false, false]), "{name}");
        let blank = "return [...document.querySelectorAll('.charts canvas')].filter((canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size < 4).length";
        assert_eq!(page.script(blank).await?, Value::from(0), "{name}");
    }
    Ok(())
}

/// Compares HTTP and WebSocket by keyboard, and waits until all was measured.
async fn compares(page: &Page) -> Result<()> {
    page.clicks("HTTP against WebSocket").await?;
    page.fills("Exchanges", "30").await?;
    page.tabs_to("its button", "form[aria-label='What to compare'] button", Tab::Forward).await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("the sentence", "//*[@role='status'][contains(., '30 exchanges of 64 B with ws://')]").await?;
    Ok(())
}

#[tokio::test]
async fn http_and_websocket_are_compared_row_by_row() -> Result<()> {
    let page = opened(Window::WIDE, "/").await?;
    compares(&page).await?;
    let script = "return [...document.querySelectorAll('.compared > .scrolls tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))";
    let ways: Vec<Vec<String>> = serde_json::from_value(page.script(script).await?)?;
    assert_eq!(ways.len(), 9, "{ways:?}");
    for way in &ways {
        // Number, name, exchanges, five times, bytes out and in. Connections follow: of a stream the browser does not tell.
        assert!(way.len() == 11 && way[..10].iter().all(|cell| cell != "–"), "{way:?}");
    }
    let bytes = |text: &str| -> Result<u64> { Ok(text.replace(['\u{202f}', 'B', ' '], "").parse()?) };
    let (fetch, socket) = (&ways[0], &ways[1]);
    // 30 messages of 64 B with headers of 6 B and a close frame of 8 B, besides the handshake's head.
    let head = bytes(&socket[8])? - 30 * 70 - 8;
    assert!((300..1000).contains(&head), "{ways:?}");
    assert!(bytes(&fetch[8])? > 30 * (64 + 200), "{ways:?}");
    let answers = "return [...document.querySelectorAll('.answers tbody tr')].map((row) => row.textContent)";
    let answers: Vec<String> = serde_json::from_value(page.script(answers).await?)?;
    assert_eq!(answers.len(), 9, "{answers:?}");
    assert!(answers.iter().all(|answer| !answer.contains('–')), "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn only_a_canyon_server_is_compared_and_a_comparison_is_cancelled() -> Result<()> {
    let page = Page::start().await?;
    page.types_address(&nobody().await?).await?;
    opens(&page).await?;
    page.clicks("HTTP against WebSocket").await?;
    page.clicks("Compare").await?;
    page.waits_for("the problem", "//p[@id='compare-problem'][contains(., 'cannot be fetched')]").await?;
    page.fills("Exchanges", "9").await?;
    page.clicks("Compare").await?;
    let wrong =
        "//p[@id='compare-problem'][.=\"The number of exchanges is '9': a whole number from 10 to 1000 is needed.\"]";
    page.waits_for("what is wrong", wrong).await?;
    let page = opened(Window::WIDE, "/").await?;
    page.clicks("HTTP against WebSocket").await?;
    page.fills("Exchanges", "1000").await?;
    page.clicks("Compare").await?;
    page.waits_for("it runs", "//form//button[.='Cancel']").await?.click().await?;
    page.waits_for("it is cancelled", "//form//button[.='Compare']").await?;
    compares(&page).await
}

#[tokio::test]
async fn the_comparison_fits_every_window() -> Result<()> {
    for (window, name) in [
        (Window::WIDE, "wide-light"),
        (Window { scheme: Scheme::Dark, ..Window::WIDE }, "wide-dark"),
        (Window::PHONE, "phone-light"),
        (Window { scheme: Scheme::Dark, ..Window::PHONE }, "phone-dark"),
        (Window { width: 320, ..Window::PHONE }, "320"),
    ] {
        let page = opened(window, "/").await?;
        compares(&page).await?;
        shot(&page, &format!("http-{name}-form")).await?;
        for part in ["compared .charts", "answers"] {
            page.script(&format!("document.querySelector('.{part}').scrollIntoView()")).await?;
            shot(&page, &format!("http-{name}-{}", part.replace(' ', ""))).await?;
        }
        let blank = "return [...document.querySelectorAll('.compared canvas')].filter((canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size < 4).length";
        assert_eq!(page.script(blank).await?, Value::from(0), "{name}");
        let wide = page.script("const view = document.querySelector('#measure'); return [document.documentElement.scrollWidth > document.documentElement.clientWidth, view.scrollWidth > view.clientWidth]").await?;
        assert_eq!(wide, json!([false, false]), "{name}");
    }
    Ok(())
}

/// Saved where `SCREENSHOTS` says.
async fn shot(page: &Page, name: &str) -> Result<()> {
    if let Some(folder) = std::env::var_os("SCREENSHOTS") {
        std::fs::create_dir_all(&folder)?;
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), page.screenshot().await?)?;
    }
    Ok(())
}
