//! What the server sends unasked: server-sent events of `/sse`, and messages of `/stream`, which are made by the same rule.

use futures_channel::mpsc::UnboundedReceiver;
use gloo_events::EventListener;
use gloo_timers::callback::Timeout;
use measure::compare::bytes::{CLOSE_RECEIVED, CLOSE_SENT, LAST_CHUNK, Masked, event, frame};
use measure::compare::{Comparison, PUSHES_PER_SECOND, Plan, pushed_at};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{EventSource, MessageEvent};

use super::fetching::{Fetching, opened};
use super::socket::Socket;
use super::{LIMIT, Taken, queue};
use crate::browser_clock::{epoch, now};

/// Of the events, with which count, size and rate.
pub(super) fn target(plan: &Plan) -> String {
    ["/sse?", &parameters(plan)].concat()
}

fn parameters(plan: &Plan) -> String {
    format!("rate={PUSHES_PER_SECOND}&size={}&count={}", plan.size, plan.count)
}

/// What an `EventSource` has to say; `None` for an error.
type Pushed = Option<(f64, MessageEvent)>;

/// Closed when it is dropped, or the browser would ask again and again.
struct Source(EventSource);

impl Drop for Source {
    fn drop(&mut self) {
        self.0.close();
    }
}

pub(super) async fn events(fetching: &Fetching, found: &Comparison, taken: &mut Taken) -> Result<(), String> {
    let url = found.plan.http(&target(&found.plan));
    let timings = fetching.timings();
    let begun = now();
    let source = Source(EventSource::new(&url).map_err(|why| super::thrown(&why))?);
    let (received, mut pushes) = queue::<Pushed>();
    let (failed, late) = (received.clone(), received.clone());
    let _listeners = [
        EventListener::new(&source.0, "message", move |event| {
            received(Some((now(), event.unchecked_ref::<MessageEvent>().clone())));
        }),
        EventListener::new(&source.0, "error", move |_| failed(None)),
    ];
    let _limit = Timeout::new(LIMIT, move || late(None));
    let mut lateness = Lateness::default();
    let mut bytes = LAST_CHUNK;
    for _ in 0..found.plan.count {
        let (at, push) = next(&mut pushes).await?;
        let data = push.data().as_string().unwrap_or_default();
        bytes += event(&push.last_event_id(), data.len() as u64);
        lateness.add(at, &data)?;
        taken.total = at - begun;
    }
    lateness.record(taken);
    taken.sent = found.heads.events_request;
    taken.received = found.heads.events_response.map(|head| head + bytes);
    drop(source);
    taken.connections = timings.and_then(|timings| opened(&timings, &url));
    Ok(())
}

async fn next(pushes: &mut UnboundedReceiver<Pushed>) -> Result<(f64, MessageEvent), String> {
    let ended = || "the server-sent events ended early".to_owned();
    pushes.recv().await.ok().flatten().ok_or_else(ended)
}

pub(super) async fn socket(found: &Comparison, taken: &mut Taken) -> Result<(), String> {
    let target = format!("/stream?deflate=no&{}", parameters(&found.plan));
    let begun = now();
    let mut socket = Socket::open(&found.plan.socket(&target)).await?;
    taken.handshake = Some(now() - begun);
    let mut lateness = Lateness::default();
    let mut bytes = 0;
    for _ in 0..found.plan.count {
        let (at, push): (f64, JsValue) = socket.next().await?;
        let data = push.as_string().unwrap_or_default();
        bytes += frame(data.len() as u64, Masked::No);
        lateness.add(at, &data)?;
        taken.total = at - begun;
    }
    lateness.record(taken);
    let longer = target.len() as u64 - super::ECHO.len() as u64;
    taken.sent = found.heads.handshake_request.map(|head| head + longer + CLOSE_SENT);
    taken.received = found.heads.handshake_response.map(|head| head + bytes + CLOSE_RECEIVED);
    taken.connections = found.heads.handshake_request.map(|_| 1);
    Ok(())
}

/// How long pushes took by the clocks of both sides, in milliseconds, so that only differences tell anything.
#[derive(Default)]
struct Lateness(Vec<f64>);

impl Lateness {
    fn add(&mut self, at: f64, push: &str) -> Result<(), String> {
        let made = pushed_at(push).ok_or_else(|| format!("a push does not say when it was made: {push:.40}"))?;
        self.0.push(at + epoch() - made);
        Ok(())
    }

    /// Each against the fastest.
    fn record(self, taken: &mut Taken) {
        let fastest = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        self.0.iter().for_each(|took| taken.times.record(took - fastest));
    }
}
