//! Sockets are opened by WebAssembly: the browser's debugger shows the call stack.

use std::fs;

use anyhow::{Context, Result};

use crate::devtools::DevTools;
use crate::page::Page;
use crate::servers::{self, DIST};

#[tokio::test]
async fn sockets_are_opened_by_webassembly_in_a_worker() -> Result<()> {
    let server = servers::start().await?;
    let page = Page::open(&server.page()).await?;
    let mut tools = DevTools::attach(&page).await?;
    page.reloads().await?;
    let worker = tools.worker("worker").await?;
    page.connects_to(&server.websocket("/echo")).await?;
    page.sees_state("Open").await?;

    let opened = tools.params(&worker, "Network.webSocketCreated").await?;
    assert_eq!(opened["url"], server.websocket("/echo"));
    let frames = opened["initiator"]["stack"]["callFrames"].as_array().context("there is no stack")?;
    let callers: Vec<&str> = frames.iter().filter_map(|frame| frame["url"].as_str()).collect();
    // WebAssembly calls the browser through wasm-bindgen's glue, which is the innermost frame.
    let glue = *callers.first().context("the stack is empty")?;
    assert!(is_glue(glue), "{callers:?}");
    let caller = callers.iter().find(|caller| **caller != glue);
    assert!(caller.is_some_and(|caller| caller.ends_with("_bg.wasm")), "{callers:?}");

    // Nothing else runs there but the loader.
    for script in tools.seen(&worker, "Debugger.scriptParsed") {
        let url = script["url"].as_str().context("a script without a URL")?;
        assert!(url == glue || url.ends_with("_bg.wasm") || url.ends_with("/worker.js"), "{url}");
    }
    Ok(())
}

#[test]
fn no_script_of_the_page_opens_a_socket_by_itself() -> Result<()> {
    let mut scripts = 0;
    for entry in fs::read_dir(DIST).context("run `trunk build` first")? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if (name.ends_with(".js") && !is_glue(&format!("/{name}"))) || name.ends_with(".html") {
            assert!(!fs::read_to_string(&path)?.contains("new WebSocket"), "{name}");
            scripts += 1;
        }
    }
    assert!(scripts >= 4, "start.js, worker.js, service-worker.js and the page: {scripts}");
    Ok(())
}

/// Whether a URL is that of a script that wasm-bindgen has made for a program that opens sockets.
fn is_glue(url: &str) -> bool {
    url.rsplit_once('/').is_some_and(|(_, name)| {
        name.ends_with(".js")
            && ["web-", "measure-", "inspect-", "relay-"].iter().any(|program| name.starts_with(program))
    })
}
