//! tokio-tungstenite as a client under test: reports on each URL of its standard input, as tests/clients/README.md says.

use std::{
    io::{self, Read as _},
    sync::Arc,
    time::Duration,
};

use anyhow::Result;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};
use tokio_tungstenite::{
    connect_async,
    tungstenite::{
        Message,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

const WAIT: Duration = Duration::from_secs(3);
const AT_ONCE: usize = 8;

/// What a client reports on a URL.
#[derive(Debug, Default)]
struct Report {
    opened: bool,
    messages: Vec<Value>,
    code: Option<u16>,
    reason: String,
    clean: bool,
    error: String,
    waited: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut input = String::new();
    io::stdin().read_to_string(&mut input)?;
    let free = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for url in input.lines().map(str::to_owned) {
        let free = Arc::clone(&free);
        tasks.spawn(async move {
            let _permit = free.acquire().await;
            let report = tried(&url).await;
            (url, report)
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (url, Report { opened, messages, code, reason, clean, error, waited }) = done?;
        let line = json!({
            "url": url, "opened": opened, "messages": messages, "code": code, "reason": reason, "clean": clean,
            "error": error, "waited": waited,
        });
        println!("{line}");
    }
    Ok(())
}

async fn tried(url: &str) -> Report {
    let mut report = Report::default();
    let mut socket = match timeout(WAIT, connect_async(url)).await {
        Ok(Ok((socket, _))) => socket,
        Ok(Err(error)) => return Report { error: error.to_string(), ..report },
        Err(_) => return Report { waited: true, ..report },
    };
    report.opened = true;
    let conversation = async {
        let _ = socket.send(Message::text("hello")).await;
        while let Some(message) = socket.next().await {
            match message {
                Ok(Message::Text(text)) => {
                    let start: String = text.chars().take(16).collect();
                    report.messages.push(json!({"kind": "text", "size": text.len(), "start": start}));
                    if text == "hello" {
                        let _ = socket.send(Message::text("again")).await;
                    } else if text == "again" {
                        let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
                        let _ = socket.close(Some(normal)).await;
                    }
                }
                Ok(Message::Binary(data)) => {
                    let start: String = data.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
                    report.messages.push(json!({"kind": "binary", "size": data.len(), "start": start}));
                }
                Ok(Message::Close(frame)) => {
                    report.clean = true;
                    report.code = Some(frame.as_ref().map_or(1005, |frame| frame.code.into()));
                    report.reason = frame.map(|frame| frame.reason.to_string()).unwrap_or_default();
                }
                Ok(_) => {}
                Err(error) => {
                    if !report.clean {
                        report.error = error.to_string();
                    }
                    return;
                }
            }
        }
    };
    report.waited = timeout(WAIT, conversation).await.is_err();
    report
}
