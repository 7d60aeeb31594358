//! Exporting logs, saved messages and sequences as files, importing them, and sending an imported log again.

use anyhow::{Context, Result};
use fantoccini::key::Key;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::file::TemporaryFile;
use crate::page::{Page, value};
use crate::servers::peer;

/// Collects downloads in `window.downloads`, with name and text.
pub(crate) const CATCH_DOWNLOADS: &str = "window.downloads = [];
    const blobs = new Map();
    const make = URL.createObjectURL;
    URL.createObjectURL = blob => { const url = make.call(URL, blob); blobs.set(url, blob); return url; };
    HTMLAnchorElement.prototype.click = function () {
        blobs.get(this.href).text().then(text => window.downloads.push([this.download, text]));
    };";

#[tokio::test]
async fn a_log_is_exported_and_imported_again() -> Result<()> {
    let page = Page::connected("/echo").await?;
    page.sends("taken out").await?;
    page.waits_for("the echo", "//*[@role='option'][contains(., 'received')]").await?;
    page.script(CATCH_DOWNLOADS).await?;
    page.clicks("Export…").await?;
    for format in ["JSON Lines", "CSV", "HAR"] {
        page.clicks(format).await?;
    }
    page.waits_for_script("three files", "return window.downloads.length === 3").await?;
    let downloads = page.script("return window.downloads").await?;
    let text = |index: usize| downloads[index][1].as_str().unwrap_or_default().to_owned();
    assert_eq!(downloads[1][0], "canyon-log.csv");
    assert_eq!(text(1).lines().count(), 5);
    let har: Value = serde_json::from_str(&text(2))?;
    let messages = &har["log"]["entries"][0]["_webSocketMessages"];
    assert_eq!(messages[0]["type"], "send");
    assert_eq!(messages[1]["data"], json!("taken out"));

    let file = TemporaryFile::new("jsonl", text(0).as_bytes())?;
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.sees_row("taken out").await?;
    page.sees_state("Not connected").await
}

/// Milliseconds between the messages that are sent again.
const GAPS: [u64; 3] = [0, 250, 100];

/// A browser's HAR file, with messages sent to that address at [`GAPS`] and a reply to the first.
fn recorded(address: &str) -> String {
    let message = |kind: &str, ms: u64, data: &str| {
        let time = format!("{}.{:03}", 1_795_368_000 + ms / 1000, ms % 1000);
        json!({ "type": kind, "time": time.parse::<f64>().unwrap_or_default(), "opcode": 1, "data": data })
    };
    let mut messages = vec![message("receive", 20, "an answer, which is not sent again")];
    let mut at = 0;
    for (gap, number) in GAPS.into_iter().zip(1..) {
        at += gap;
        messages.push(message("send", at, &format!("number {number}")));
    }
    let socket = json!({ "request": { "url": address }, "_webSocketMessages": messages });
    json!({ "log": { "entries": [{ "request": { "url": "http://127.0.0.1/" } }, socket] } }).to_string()
}

#[tokio::test]
async fn a_har_file_is_imported_and_sent_again_with_its_timing() -> Result<()> {
    let (heard, mut hear) = mpsc::channel(GAPS.len());
    let address = peer(async move |mut client| {
        while let Some(message) = client.next().await {
            heard.send(message?.into_text()?.to_string()).await?;
        }
        Ok(())
    })
    .await?;
    let page = Page::start().await?;
    page.clicks("Export…").await?;
    let file = TemporaryFile::new("har", recorded(&address).as_bytes())?;
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.sees_row("an answer, which is not sent again").await?;
    assert_eq!(page.count("[role=option]").await?, 4);

    page.clicks("Connect").await?;
    page.sees_state("Open").await?;
    page.script(CATCH_DOWNLOADS).await?;
    page.clicks("Export…").await?;
    page.clicks("On this connection").await?;
    for number in 1..=GAPS.len() {
        assert_eq!(hear.recv().await.context("the page is gone")?, format!("number {number}"));
    }
    page.clicks("Export…").await?;
    page.clicks("JSON Lines").await?;
    page.waits_for_script("the file", "return window.downloads.length === 1").await?;
    let log = page.script("return window.downloads[0][1]").await?;
    let moments = moments_of_automatic(log.as_str().context("a text")?)?;
    let gaps: Vec<i64> = moments.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Not too early; how late depends on the machine.
    assert!(gaps.len() == 2 && gaps[0] >= 250 && gaps[0] + gaps[1] >= 350, "{gaps:?}");
    Ok(())
}

/// When messages were sent automatically, in milliseconds of the minute.
fn moments_of_automatic(log: &str) -> Result<Vec<i64>> {
    let mut moments = Vec::new();
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line)?;
        if entry["source"] == "automatic" {
            // 2026-11-22T17:24:19.004123Z
            let time = entry["time"].as_str().context("a time")?;
            let (minutes, seconds): (i64, f64) = (time[14..16].parse()?, time[17..26].parse()?);
            moments.push(minutes * 60_000 + (seconds * 1000.0).round() as i64);
        }
    }
    Ok(moments)
}

#[tokio::test]
async fn saved_messages_and_sequences_are_exported_and_imported() -> Result<()> {
    let page = Page::start().await?;
    page.script(CATCH_DOWNLOADS).await?;
    page.types_message("héllo").await?;
    page.clicks("Save…").await?;
    page.fills("Name", "Greeting").await?;
    page.presses([Key::Enter]).await?;
    page.waits_for("the message", "//li//button[contains(., 'Greeting')]").await?;
    page.waits_for("the button", "//*[@aria-label='Saved messages']//button[.='Export']").await?.click().await?;
    page.clicks("Sequence").await?;
    page.fills("Rounds", "7").await?;
    page.waits_for("the button", "//aside//button[.='Save']").await?.click().await?;
    page.waits_for("it is saved", "//*[@aria-label='Saved sequences']/button[.='hello']").await?;
    page.waits_for("the button", "//aside[@aria-label='Sequence']//button[.='Export']").await?.click().await?;
    page.waits_for_script("two files", "return window.downloads.length === 2").await?;
    let downloads = page.script("return window.downloads").await?;
    assert_eq!((&downloads[0][0], &downloads[1][0]), (&json!("canyon-messages.json"), &json!("canyon-sequence.json")));

    page.clicks("Settings…").await?;
    page.clicks("Clear all data").await?;
    page.clicks("Delete everything").await?;
    page.waits_for("no message", "//section[@aria-label='Saved messages'][not(.//li)]").await?;
    let file = |index: usize| TemporaryFile::new("json", downloads[index][1].as_str().unwrap_or_default().as_bytes());
    let (messages, sequences) = (file(0)?, file(1)?);
    page.field("Import saved messages").await?.send_keys(&messages.path()).await?;
    page.waits_for("the message", "//li//button[contains(., 'Greeting')]").await?.click().await?;
    assert_eq!(value(&page.message_box().await?).await?, "héllo");
    page.clicks("Sequence").await?;
    page.field("Import sequences").await?.send_keys(&sequences.path()).await?;
    page.waits_for("the sequence", "//*[@aria-label='Saved sequences']/button[.='hello']").await?.click().await?;
    page.waits_for_script("its rounds", "return document.querySelectorAll('.named input')[1].value === '7'").await
}

#[tokio::test]
async fn of_a_har_file_with_too_many_connections_those_are_loaded_that_fit_and_the_rest_is_told() -> Result<()> {
    let socket = json!({
        "request": { "url": "ws://localhost:1/" },
        "_webSocketMessages": [{ "type": "error", "time": 1_795_368_001_500_u64, "opcode": -1, "data": "Invalid frame header" }],
    });
    let har = json!({ "log": { "entries": vec![socket; 40] } }).to_string();
    let file = TemporaryFile::new("har", &[b"\xef\xbb\xbf", har.as_bytes()].concat())?;
    let page = Page::start().await?;
    page.clicks("Export…").await?;
    page.field("Import a log").await?.send_keys(&file.path()).await?;
    page.waits_for("what is left out", "//*[@id='archive-problem'][contains(., '31 of the 40 connections')]").await?;
    page.sees_row("Invalid frame header").await?;
    Ok(())
}
