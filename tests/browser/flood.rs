//! A server that sends as fast as it can. The figures are printed (`cargo test … flood -- --nocapture`); only what holds on any
//! machine is asserted. Meaningful figures need a release build of the page in `dist/`.

use anyhow::{Context, Result};
use fantoccini::key::Key;

use crate::devtools::DevTools;
use crate::page::Page;
use crate::servers::{Flood, TOGETHER};

const MANY: u32 = 200_000;
/// In total more messages than 100 per second make in 90 minutes.
const ROUNDS: u32 = 3;
/// Allowance for the allocator's fragmentation, in MiB.
const GAPS: u64 = 3;

/// Records how long each frame took, and the browser's own long animation frames.
const WATCH_FRAMES: &str = "window.frames_seen = []; window.long_frames = [];
    let before = performance.now();
    const frame = now => { frames_seen.push(now - before); before = now; requestAnimationFrame(frame); };
    requestAnimationFrame(frame);
    new PerformanceObserver(list => long_frames.push(...list.getEntries().map(entry => entry.duration)))
        .observe({ type: 'long-animation-frame' });";

/// Summarises the frames since the last call. A frame is on time within a 60th of a second plus the clocks' resolution.
const FRAMES: &str = "const sorted = frames_seen.splice(0).sort((a, b) => a - b);
    const at = share => Math.round(sorted[Math.floor((sorted.length - 1) * share)]);
    const on_time = Math.round(100 * sorted.filter(ms => ms < 17.5).length / sorted.length);
    const long = long_frames.splice(0);
    return `${on_time} % of ${sorted.length} frames on time; ${at(0.5)} ms at the median, ${at(0.95)} at 95 %, ` +
        `${at(1)} at most; ${long.length} long ones, ${Math.round(Math.max(0, ...long))} ms at most`;";

/// The size of the WebAssembly memory, which never shrinks.
const MEMORY: &str = "const done = arguments[arguments.length - 1];
    import(document.querySelector('script[data-glue]').dataset.glue)
        .then(glue => glue.default()).then(wasm => done(wasm.memory.buffer.byteLength));";

/// Records the milliseconds from a click, by the browser's timestamp, until the page no longer shows "Open".
const WATCH_CLICK: &str = "addEventListener('click', ({ timeStamp }) => {
        const look = () => document.querySelector('.state').innerText === 'Open'
            ? requestAnimationFrame(look)
            : window.answered = performance.now() - timeStamp;
        requestAnimationFrame(look);
    }, true);";

/// Bytes of a message.
const SIZE: usize = 100;

#[tokio::test]
async fn hundreds_of_thousands_of_messages_are_counted_in_memory_that_stays() -> Result<()> {
    let flood = Flood::start(SIZE).await?;
    let page = Page::connecting_to(&flood.address).await?;
    page.sees_state("Open").await?;
    page.script(WATCH_FRAMES).await?;
    let mut memory = Vec::new();
    for round in 1..=ROUNDS {
        let begun = std::time::Instant::now();
        flood.send(MANY).await?;
        page.waits_long_for(&format!("{} messages", round * MANY), &received(round * MANY)).await?;
        memory.push(page.script_async(MEMORY).await?.as_u64().context("a size")? >> 20);
        let (seconds, frames) = (begun.elapsed().as_secs_f64(), page.script(FRAMES).await?);
        println!("{MANY} messages of 100 bytes in {seconds:.1} s, {:?} MiB: {frames}", memory.last());
    }
    let grown = memory[ROUNDS as usize - 1] - memory[1];
    assert!(grown <= GAPS, "the log is full from the second round on, but took {grown} MiB more: {memory:?}");
    assert!(page.count("[role=option]").await? < 60);
    Ok(())
}

#[tokio::test]
async fn a_million_messages_are_kept_and_searched() -> Result<()> {
    const MILLION: u32 = 1_000_000;
    let flood = Flood::start(SIZE).await?;
    let page = Page::start().await?;
    page.clicks("Settings…").await?;
    page.fills("Messages", &MILLION.to_string()).await?;
    page.fills("Size (MiB)", "200").await?;
    page.clicks("Close dialog").await?;
    page.connects_to(&flood.address).await?;
    page.sees_state("Open").await?;
    let begun = std::time::Instant::now();
    // Two entries are about the connection.
    flood.send(MILLION - TOGETHER).await?;
    page.waits_long_for("nearly a million messages", &received(MILLION - TOGETHER)).await?;
    println!("{} messages in {:.1} s", MILLION - TOGETHER, begun.elapsed().as_secs_f64());
    page.waits_for("nothing was dropped", "//p[@class='dropped'][.='']").await?;
    page.waits_for("the list", "//*[@role='listbox']").await?.send_keys(&char::from(Key::Home).to_string()).await?;
    page.sees_row("Connecting to").await?;

    let begun = std::time::Instant::now();
    page.fills("Filter", "Connecting").await?;
    page.waits_long_for("the only one of all", "//*[@class='hits']/span[.='1 of 999\u{202f}502']").await?;
    println!("searched in {:.1} s", begun.elapsed().as_secs_f64());
    Ok(())
}

#[tokio::test]
async fn clear_gives_the_memory_of_the_log_back() -> Result<()> {
    const LARGE: usize = 10_000;
    let flood = Flood::start(LARGE).await?;
    let page = Page::start().await?;
    page.clicks("Settings…").await?;
    page.fills("Size (MiB)", "200").await?;
    page.clicks("Close dialog").await?;
    page.connects_to(&flood.address).await?;
    page.sees_state("Open").await?;
    let mut tools = DevTools::attach(&page).await?;
    let empty = tools.memory().await?;
    for round in 1..=3 {
        flood.send(5_000).await?;
        page.waits_long_for("50 MB more", &received(5_000 * round)).await?;
    }
    let full = tools.memory().await?;
    page.clicks("Clear").await?;
    page.waits_for("it is cleared", "//*[@class='hits']/span[.='0 of 0']").await?;
    let cleared = tools.memory().await?;
    println!("{empty} MiB before, {full} MiB with 143 MiB of messages, {cleared} MiB after Clear");
    assert!(full >= empty + 140 && cleared <= empty + 30, "{empty}, {full}, {cleared}");
    Ok(())
}

#[tokio::test]
async fn disconnect_answers_while_messages_pour_in() -> Result<()> {
    let flood = Flood::start(SIZE).await?;
    let page = Page::connecting_to(&flood.address).await?;
    page.sees_state("Open").await?;
    flood.send(5 * MANY).await?;
    page.waits_for("they pour in", "//*[@role='option'][contains(., 'xxxx')]").await?;
    page.script(WATCH_CLICK).await?;
    page.script(WATCH_FRAMES).await?;
    page.clicks("Disconnect").await?;
    page.waits_for_script("an answer", "return window.answered > 0").await?;
    println!("Disconnect was answered after {} ms", page.script("return Math.round(answered)").await?);
    println!("meanwhile {}", page.script(FRAMES).await?);
    Ok(())
}

/// The figure in the facts, with its narrow spaces.
fn received(messages: u32) -> String {
    let (millions, thousands, rest) = (messages / 1_000_000, messages / 1000 % 1000, messages % 1000);
    let text = match millions {
        0 => format!("{thousands}\u{202f}{rest:03} · "),
        _ => format!("{millions}\u{202f}{thousands:03}\u{202f}{rest:03} · "),
    };
    format!("//dt[.='received']/following-sibling::dd[starts-with(., '{text}')]")
}
