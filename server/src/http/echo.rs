//! `/http/echo`: a request's body comes back as it is read, or a description of the request.

use std::{
    pin::Pin,
    sync::{Arc, atomic::AtomicBool},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Body, Frame, Incoming, SizeHint},
    header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS},
};
use tokio::time::{Instant, Sleep, sleep, timeout};

use super::{
    answer::{AnswerBody, StreamError, uncached},
    description,
    raw_head::RawHead,
};

pub(super) const PATH: &str = "/http/echo";

/// Whether a description in JSON is asked for.
pub(super) fn wants_description(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|media_type| {
        let name = media_type.split(';').next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case("application/json")
    })
}

/// The body, streamed back; each piece of it has `time` to come.
pub(super) fn echo(request: Request<Incoming>, time: Duration, is_answering: &Arc<AtomicBool>) -> Response<AnswerBody> {
    let media_type = request.headers().get(CONTENT_TYPE).cloned();
    let body = Timed { body: request.into_body(), time, deadline: Box::pin(sleep(time)) };
    let media_type = media_type.unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let mut response = uncached(media_type, AnswerBody::stream(body, is_answering));
    // What a browser shows as a document must not be what somebody made it send here.
    let headers = response.headers_mut();
    headers.insert("content-security-policy", HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The request in JSON, when its body has come.
pub(super) async fn describe(request: Request<Incoming>, head: RawHead, time: Duration) -> Response<AnswerBody> {
    let (parts, mut body) = request.into_parts();
    let mut size = 0;
    let mut is_whole = true;
    loop {
        match timeout(time, body.frame()).await {
            Ok(Some(Ok(frame))) => size += frame.data_ref().map_or(0, Bytes::len) as u64,
            Ok(None) => break,
            Ok(Some(Err(_))) | Err(_) => {
                is_whole = false;
                break;
            }
        }
    }
    let description = description::of_request(&parts, &head, size, is_whole);
    uncached(HeaderValue::from_static("application/json"), Full::from(format!("{description}\n")))
}

/// A body each piece of which must come in time.
struct Timed {
    body: Incoming,
    time: Duration,
    deadline: Pin<Box<Sleep>>,
}

impl Body for Timed {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            let next = Instant::now() + self.time;
            self.deadline.as_mut().reset(next);
            return Poll::Ready(frame.map(|frame| frame.map_err(StreamError::from)));
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Some(Err(format!("no more of the body came in {:?}", self.time).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
