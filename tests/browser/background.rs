//! A hidden page continues what it does, although browsers throttle its timers and frames.

use anyhow::{Context, Result};
use futures_util::StreamExt;
use tokio::sync::mpsc;
use tokio::time::{Duration, timeout};

use crate::page::Page;
use crate::servers::peer;

/// Messages within [`LIMIT`]: more than a timer throttled to one per second sends.
const MANY: usize = 100;
const LIMIT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_repetition_keeps_its_pace_in_a_hidden_window() -> Result<()> {
    let (heard, mut hear) = mpsc::channel(MANY);
    let address = peer(async move |mut client| {
        while client.next().await.transpose()?.is_some() {
            heard.send(()).await?;
        }
        Ok(())
    })
    .await?;
    let page = Page::connecting_to(&address).await?;
    page.sees_state("Open").await?;
    page.types_message("tick").await?;
    page.clicks("Repeat").await?;
    page.fills("Repeat", "20").await?;
    page.clicks("Start").await?;
    page.sees_row("tick").await?;

    page.hides().await?;
    // Sent before the window was hidden.
    while hear.try_recv().is_ok() {}
    let many = async {
        for _ in 0..MANY {
            hear.recv().await.context("the page is gone")?;
        }
        Ok(())
    };
    timeout(LIMIT, many).await.context("the pace was not kept")?
}
