//! A server that sends as fast as it can. The figures are printed, `cargo test … flood -- --nocapture`; only what must
//! hold on any machine is asserted. Figures that mean something need a release build of the page in `dist/`.

use anyhow::{Context, Result};
use futures_util::SinkExt;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::page::Page;
use crate::servers::{Server, peer};

const MANY: u32 = 200_000;
/// Together more than a hundred messages a second make in two hours.
const ROUNDS: u32 = 4;
/// What an allocator may lose in gaps, in MiB.
const GAPS: u64 = 3;

/// Notes how long each frame took, and the long ones that the browser itself counts.
const WATCH_FRAMES: &str = "window.frames_seen = []; window.long_frames = [];
    let before = performance.now();
    const frame = now => { frames_seen.push(now - before); before = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    new PerformanceObserver(list => long_frames.push(...list.getEntries().map(entry => entry.duration)))
        .observe({ type: 'long-animation-frame' });";

const FRAMES: &str = "const sorted = frames_seen.slice().sort((a, b) => a - b);
    const at = share => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
    return [sorted.length, at(0.5), at(0.95), at(1), long_frames.length, Math.round(Math.max(0, ...long_frames))];";

/// How large the WebAssembly memory is, which only grows.
const MEMORY: &str = "const done = arguments[arguments.length - 1];
    import(document.querySelector('script[data-glue]').dataset.glue)
        .then(glue => glue.default()).then(wasm => done(wasm.memory.buffer.byteLength));";

/// Presses Disconnect and tells how many milliseconds later the page says so.
const DISCONNECT: &str = "const done = arguments[arguments.length - 1];
    const begun = performance.now();
    [...document.querySelectorAll('button')].find(button => button.innerText === 'Disconnect').click();
    const look = () => document.querySelector('.state').innerText === 'Open'
        ? requestAnimationFrame(look)
        : done(performance.now() - begun);
    look();";

/// Sends so many messages of 100 bytes each time that it is told to.
async fn flood() -> Result<(String, mpsc::Sender<u32>)> {
    let (told, mut count) = mpsc::channel(1);
    let address = peer(async move |mut client| {
        let message = Bytes::from_static(&[b'x'; 100]);
        while let Some(count) = count.recv().await {
            for _ in 0..count {
                client.feed(Message::Text(message.clone().try_into()?)).await?;
            }
            client.flush().await?;
        }
        Ok(())
    })
    .await?;
    Ok((address, told))
}

#[tokio::test]
async fn hundreds_of_thousands_of_messages_are_counted_in_memory_that_stays() -> Result<()> {
    let server = Server::start().await?;
    let (address, more) = flood().await?;
    let page = Page::connected(&server.page(), &address).await?;
    page.sees_state("Open").await?;
    page.script(WATCH_FRAMES).await?;
    let mut memory = Vec::new();
    for round in 1..=ROUNDS {
        let begun = std::time::Instant::now();
        more.send(MANY).await.context("the peer is gone")?;
        page.waits_long_for(&format!("{} messages", round * MANY), &received(round * MANY)).await?;
        memory.push(page.script_async(MEMORY).await?.as_u64().context("a size")? >> 20);
        println!("{MANY} messages of 100 bytes in {:.1} s, {:?} MiB", begun.elapsed().as_secs_f64(), memory.last());
    }
    let frames = page.script(FRAMES).await?;
    println!("frames, ms at p50, p95, max; long ones, ms of the longest: {frames}");
    let grown = memory[ROUNDS as usize - 1] - memory[1];
    assert!(grown <= GAPS, "the log is full from the second round on, but took {grown} MiB more: {memory:?}");
    assert!(page.count("[role=option]").await? < 60);
    Ok(())
}

#[tokio::test]
async fn disconnect_answers_while_messages_pour_in() -> Result<()> {
    let server = Server::start().await?;
    let (address, more) = flood().await?;
    let page = Page::connected(&server.page(), &address).await?;
    page.sees_state("Open").await?;
    more.send(5 * MANY).await.context("the peer is gone")?;
    page.waits_for("they pour in", "//*[@role='option'][contains(., 'xxxx')]").await?;
    let answered = page.script_async(DISCONNECT).await?;
    println!("Disconnect was answered after {answered} ms");
    assert!(matches!(answered, Value::Number(_)));
    Ok(())
}

/// The figure in the facts, with its narrow spaces.
fn received(messages: u32) -> String {
    let text = format!("{}\u{202f}{:03} · ", messages / 1000, messages % 1000);
    format!("//dt[.='received']/following-sibling::dd[starts-with(., '{text}')]")
}
