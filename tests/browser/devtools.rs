//! What only the browser's own debugger shows, by the
//! [DevTools Protocol](https://chromedevtools.github.io/devtools-protocol/).

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::page::Page;

const LIMIT: Duration = Duration::from_secs(30);

/// A debugger at one page and at the workers that it starts from now on.
pub(crate) struct DevTools {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    sent: u64,
    /// Events that came while the test waited for another.
    events: Vec<Value>,
}

impl DevTools {
    pub(crate) async fn attach(page: &Page) -> Result<Self> {
        let (socket, _) = connect_async(page.debugger_address().await?).await?;
        let mut tools = Self { socket, sent: 0, events: Vec::new() };
        let follow = json!({ "autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true });
        tools.call(None, "Target.setAutoAttach", follow).await?;
        // Those of workers that had started before.
        tools.events.clear();
        Ok(tools)
    }

    /// Waits for a worker of that kind, such as `worker`, and lets it start with its debugger and network watched. Returns
    /// its session.
    pub(crate) async fn worker(&mut self, kind: &str) -> Result<String> {
        let attached = self
            .event("a worker", |event| {
                event["method"] == "Target.attachedToTarget" && event["params"]["targetInfo"]["type"] == kind
            })
            .await?;
        let session = attached["params"]["sessionId"].as_str().context("the worker has no session")?.to_owned();
        for method in ["Network.enable", "Debugger.enable", "Runtime.enable", "Runtime.runIfWaitingForDebugger"] {
            self.call(Some(&session), method, json!({})).await?;
        }
        Ok(session)
    }

    /// The first event of a session with that name, now or soon, and its parameters.
    pub(crate) async fn params(&mut self, session: &str, method: &str) -> Result<Value> {
        let event = self.event(method, |event| event["sessionId"] == session && event["method"] == method).await?;
        Ok(event["params"].clone())
    }

    /// Every event of a session with that name so far.
    pub(crate) fn seen(&self, session: &str, method: &str) -> Vec<&Value> {
        let is_it = |event: &&Value| event["sessionId"] == session && event["method"] == method;
        self.events.iter().filter(is_it).map(|event| &event["params"]).collect()
    }

    /// MiB of the page's memory: objects of JavaScript, and its buffers, WebAssembly's among them.
    pub(crate) async fn memory(&mut self) -> Result<u64> {
        self.call(None, "HeapProfiler.collectGarbage", json!({})).await?;
        let usage = self.call(None, "Runtime.getHeapUsage", json!({})).await?;
        let bytes = ["usedSize", "backingStorageSize"].map(|name| usage[name].as_f64().unwrap_or_default());
        Ok((bytes.iter().sum::<f64>() / f64::from(1 << 20)) as u64)
    }

    async fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Result<Value> {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        self.socket.send(Message::text(command.to_string())).await?;
        let id = self.sent;
        let answer = self.event(method, |event| event["id"] == id).await?;
        if answer["error"].is_object() {
            bail!("{method}: {}", answer["error"]);
        }
        Ok(answer["result"].clone())
    }

    async fn event(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Result<Value> {
        if let Some(event) = self.events.iter().find(|event| is_it(event)) {
            return Ok(event.clone());
        }
        loop {
            let next = timeout(LIMIT, self.socket.next()).await.with_context(|| format!("timed out: {what}"))?;
            let Message::Text(text) = next.context("the browser left")?? else { continue };
            let event: Value = serde_json::from_str(&text)?;
            self.events.push(event.clone());
            if is_it(&event) {
                return Ok(event);
            }
        }
    }
}
