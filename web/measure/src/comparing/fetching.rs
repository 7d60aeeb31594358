//! Exchanges by `fetch` with `/http/echo`, and what the browser and the server tell of them.

use js_sys::{JSON, JsString};
use measure::compare::bytes::{self, DESCRIBED};
use measure::compare::{Comparison, Plan, Way};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{
    AbortSignal, Headers, Performance, PerformanceResourceTiming, RequestCache, RequestInit, Response,
    WorkerGlobalScope,
};

use super::socket::field;
use super::{LIMIT, Taken, message, messages, queue};
use crate::browser_clock::now;

const ECHO: &str = "/http/echo";

#[derive(Clone)]
pub(super) struct Fetching {
    scope: WorkerGlobalScope,
    url: String,
}

/// A response, read to its end.
struct Reply {
    response: Response,
    text: JsValue,
    /// When its last byte was there.
    at: f64,
}

impl Fetching {
    pub(super) fn new(scope: WorkerGlobalScope, plan: &Plan) -> Self {
        Self { scope, url: plan.http(ECHO) }
    }

    /// Asks the server for the version of HTTP and the sizes of heads.
    pub(super) async fn learn(&self, found: &mut Comparison) -> Result<(), String> {
        let small = message(Way::FetchOneByOne, &found.plan, 0);
        let (version, request) = self.described(post(&small), "*/*").await?;
        found.version = version;
        found.heads.request = request.map(|head| bytes::request_head(head, ECHO, ECHO));
        let large = message(Way::FetchLarge, &found.plan, 0);
        let (_, request) = self.described(post(&large), "*/*").await?;
        found.heads.large_request = request.map(|head| bytes::request_head(head, ECHO, ECHO));
        let events = super::pushing::target(&found.plan);
        let (_, request) = self.described(get(), "text/event-stream").await?;
        found.heads.events_request = request.map(|head| bytes::request_head(head, ECHO, &events));
        if found.heads.request.is_some() {
            let reply = self.fetch(&self.url, &post(&small)).await?;
            found.heads.response = head_of(&reply.response);
            found.heads.large_response = head_of(&self.fetch(&self.url, &post(&large)).await?.response);
            let one_event = found.plan.http("/sse?count=1");
            found.heads.events_response = head_of(&self.fetch(&one_event, &get()).await?.response);
        }
        Ok(())
    }

    /// The version of HTTP, and the size of the request's head over HTTP/1.1.
    async fn described(&self, init: RequestInit, accept: &str) -> Result<(String, Option<u64>), String> {
        let headers = Headers::new().map_err(|why| super::thrown(&why))?;
        headers.set("accept", &[accept, DESCRIBED].concat()).map_err(|why| super::thrown(&why))?;
        init.set_headers(&headers);
        let text = self.fetch(&self.url, &init).await?.text.as_string().unwrap_or_default();
        let description = JSON::parse(&text).unwrap_or_default();
        let Some(version) = field(&description, "version").as_string() else {
            return Err(format!("{} does not describe requests: only a Canyon server does", self.url));
        };
        let head = field(&description, "head_bytes").as_f64().filter(|head| *head > 0.0);
        Ok((version, head.map(|head| head as u64)))
    }

    async fn fetch(&self, url: &str, init: &RequestInit) -> Result<Reply, String> {
        let failed = |why: JsValue| format!("{url} cannot be fetched: {}", super::thrown(&why));
        let response = JsFuture::from(self.scope.fetch_with_str_and_init(url, init)).await.map_err(failed)?;
        let response: Response = response.unchecked_into();
        if !response.ok() {
            return Err(format!("{url} was answered with {} {}", response.status(), response.status_text()));
        }
        let text = JsFuture::from(response.text().map_err(failed)?).await.map_err(failed)?;
        Ok(Reply { response, text, at: now() })
    }

    pub(super) async fn one_by_one(&self, way: Way, found: &Comparison, taken: &mut Taken) -> Result<(), String> {
        let messages = messages(way, &found.plan);
        let timings = self.timings();
        let begun = now();
        for message in &messages {
            let sent = now();
            let reply = self.fetch(&self.url, &post(message)).await?;
            taken.times.record(reply.at - sent);
            taken.total = reply.at - begun;
            taken.wrong += u32::from(reply.text != ***message);
        }
        taken.connections = timings.and_then(|timings| opened(&timings, &self.url));
        fetch_bytes(way, found, taken);
        Ok(())
    }

    pub(super) async fn at_once(&self, found: &Comparison, taken: &mut Taken) -> Result<(), String> {
        let messages = messages(Way::FetchAtOnce, &found.plan);
        let timings = self.timings();
        let (answered, mut replies) = queue();
        let begun = now();
        for message in &messages {
            let (this, answered, message) = (self.clone(), answered.clone(), message.clone());
            spawn_local(async move {
                let sent = now();
                let reply = this.fetch(&this.url, &post(&message)).await;
                answered(reply.map(|reply| (reply.at, reply.at - sent, reply.text == **message)));
            });
        }
        for _ in &messages {
            let (at, time, is_equal) = replies.recv().await.map_err(|_| "the requests have ended".to_owned())??;
            taken.times.record(time);
            taken.total = at - begun;
            taken.wrong += u32::from(!is_equal);
        }
        taken.connections = timings.and_then(|timings| opened(&timings, &self.url));
        fetch_bytes(Way::FetchAtOnce, found, taken);
        Ok(())
    }

    /// The browser's list of what it has fetched, empty.
    pub(super) fn timings(&self) -> Option<Performance> {
        let timings = self.scope.performance()?;
        timings.clear_resource_timings();
        timings.set_resource_timing_buffer_size(10_000);
        Some(timings)
    }
}

/// How many connections were opened for what was fetched from there. `None` where the browser does not tell.
pub(super) fn opened(timings: &Performance, url: &str) -> Option<u32> {
    let entries = timings.get_entries_by_name_with_entry_type(url, "resource");
    let mut count = 0;
    for entry in entries.iter() {
        let entry: PerformanceResourceTiming = entry.unchecked_into();
        // Zero for what another origin does not show.
        if entry.request_start() == 0.0 {
            return None;
        }
        count += u32::from(entry.connect_end() > entry.connect_start());
    }
    (entries.length() > 0).then_some(count)
}

fn fetch_bytes(way: Way, found: &Comparison, taken: &mut Taken) {
    let (count, size) = (u64::from(found.plan.exchanges(way)), u64::from(found.plan.bytes(way)));
    let heads = &found.heads;
    let (request, response) = match way {
        Way::FetchLarge => (heads.large_request, heads.large_response),
        _ => (heads.request, heads.response),
    };
    taken.sent = request.map(|head| count * (head + size));
    taken.received = response.map(|head| count * (head + size));
}

/// Bytes of the response's head; `None` where the browser does not show all of its headers, of which the date is one.
fn head_of(response: &Response) -> Option<u64> {
    let entries = js_sys::try_iter(&response.headers()).ok()??;
    let pairs: Vec<(String, String)> = entries
        .filter_map(|pair| {
            let pair = js_sys::Array::from(&pair.ok()?);
            Some((pair.get(0).as_string()?, pair.get(1).as_string()?))
        })
        .collect();
    let is_whole = pairs.iter().any(|(name, _)| name == "date");
    let head = bytes::response_head(&response.status_text(), pairs.iter().map(|(name, value)| (&**name, &**value)));
    is_whole.then_some(head)
}

fn post(body: &JsString) -> RequestInit {
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(body);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(LIMIT)));
    init
}

/// As an `EventSource` asks
/// ([HTML, 9.2.2](https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface)).
fn get() -> RequestInit {
    let init = RequestInit::new();
    init.set_cache(RequestCache::NoStore);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(LIMIT)));
    init
}
