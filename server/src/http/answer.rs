//! Responses, and their bodies: bytes that are there, or a stream of them.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response, StatusCode,
    body::{Body, Frame, SizeHint},
    header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
};

/// Why a stream ends before it is whole; the connection ends with it.
pub(super) type StreamError = Box<dyn std::error::Error + Send + Sync>;

/// What can be a response's body.
pub(crate) enum AnswerBody {
    Full(Full<Bytes>),
    Stream(Streamed),
}

/// A body that is not there at once.
pub(crate) struct Streamed {
    body: Pin<Box<dyn Body<Data = Bytes, Error = StreamError> + Send>>,
    /// What HTTP writes while this is set is an answer to a request, and no automatic one.
    is_answering: Arc<AtomicBool>,
}

impl AnswerBody {
    pub(super) fn stream(
        body: impl Body<Data = Bytes, Error = StreamError> + Send + 'static,
        is_answering: &Arc<AtomicBool>,
    ) -> Self {
        Self::Stream(Streamed { body: Box::pin(body), is_answering: Arc::clone(is_answering) })
    }
}

/// A response that no cache keeps, because the next one differs.
pub(super) fn uncached(media_type: HeaderValue, body: impl Into<AnswerBody>) -> Response<AnswerBody> {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, media_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A sentence on one line, which no cache keeps.
pub(super) fn sentence(status: StatusCode, text: String) -> Response<AnswerBody> {
    let mut response = uncached(HeaderValue::from_static("text/plain; charset=utf-8"), Full::from(text + "\n"));
    *response.status_mut() = status;
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl From<Full<Bytes>> for AnswerBody {
    fn from(body: Full<Bytes>) -> Self {
        Self::Full(body)
    }
}

impl Default for AnswerBody {
    fn default() -> Self {
        Self::Full(Full::default())
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = StreamError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, StreamError>>> {
        match self.get_mut() {
            Self::Full(full) => Pin::new(full).poll_frame(cx).map_err(|never| match never {}),
            Self::Stream(Streamed { body, is_answering }) => {
                let frame = ready!(body.as_mut().poll_frame(cx));
                is_answering.store(true, Ordering::Relaxed);
                Poll::Ready(frame)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(full) => full.is_end_stream(),
            Self::Stream(streamed) => streamed.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(full) => full.size_hint(),
            Self::Stream(streamed) => streamed.body.size_hint(),
        }
    }
}
