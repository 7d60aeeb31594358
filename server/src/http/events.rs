//! `/sse`: numbered server-sent events at a rate
//! ([HTML, 9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html)).

use std::{
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    task::{Context, Poll, ready},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use hyper::{
    Response,
    body::{Body, Frame},
    header::{HeaderMap, HeaderValue},
};
use tokio::time::{Instant, Sleep, sleep};

use super::answer::{AnswerBody, StreamError, uncached};
use crate::behaviour::stream::{END, FILL, beginning, message, nth_is_due};

pub(super) const PATH: &str = "/sse";

/// What fills up the events that are larger; the others are sent in one piece. HTTP/2 takes each piece of a body whole, however much of it the client lets it send, and keeps it:
/// this piece takes no memory of the client's.
static FILLING: [u8; 16 << 10] = [FILL as u8; 16 << 10];

/// The response that has the events, those behind `Last-Event-ID` if the client names one.
pub(super) fn events(rule: wire::Stream, headers: &HeaderMap, is_answering: &Arc<AtomicBool>) -> Response<AnswerBody> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).and_then(|id| id.parse().ok());
    let first = last.unwrap_or(0);
    let wait = Box::pin(sleep(Duration::ZERO));
    let events = Events { rule, first, sent: first, rest: None, start: Instant::now(), wait };
    uncached(HeaderValue::from_static("text/event-stream"), AnswerBody::stream(events, is_answering))
}

/// Events from number `first + 1` to the last; each is due at a time that is counted from the start.
struct Events {
    rule: wire::Stream,
    first: u64,
    sent: u64,
    /// How much of the last event is not sent yet, beside its end: bytes that fill it up.
    rest: Option<usize>,
    start: Instant,
    wait: Pin<Box<Sleep>>,
}

impl Body for Events {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if let Some(rest) = self.rest {
            let count = rest.min(FILLING.len());
            self.rest = (count > 0).then_some(rest - count);
            let piece = if count > 0 { Bytes::from_static(&FILLING[..count]) } else { format!("{END}\n\n").into() };
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.sent >= self.rule.count {
            return Poll::Ready(None);
        }
        let due = self.start + nth_is_due(&self.rule, self.sent - self.first);
        if due > Instant::now() {
            self.wait.as_mut().reset(due);
            ready!(self.wait.as_mut().poll(cx));
        }
        self.sent += 1;
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.rule.size <= FILLING.len() {
            let data = message(self.sent, unix, self.rule.size);
            return Poll::Ready(Some(Ok(Frame::data(format!("id: {}\ndata: {data}\n\n", self.sent).into()))));
        }
        let (beginning, fill) = beginning(self.sent, unix, self.rule.size);
        self.rest = Some(fill);
        Poll::Ready(Some(Ok(Frame::data(format!("id: {}\ndata: {beginning}", self.sent).into()))))
    }
}
