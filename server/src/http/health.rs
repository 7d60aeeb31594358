//! How the server does, for those who watch it: `/healthz` and `/readyz`.

use std::sync::atomic::Ordering;

use hyper::{
    Response, StatusCode,
    header::{CONNECTION, CONTENT_TYPE, HeaderValue},
};

use super::answer::{AnswerBody, sentence};
use crate::shared::Shared;

/// How the process does: 503 if one of its threads has failed or is stuck.
pub(super) fn health(server: &Shared) -> Response<AnswerBody> {
    let failed_workers = server.failed_workers.load(Ordering::Relaxed);
    let (code, status) = match failed_workers {
        0 => (StatusCode::OK, "ok"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
    };
    let totals = &server.totals;
    let body = format!(
        r#"{{"status":"{status}","connections":{},"opened":{},"panics":{},"failed_workers":{failed_workers},"restarts":{},"memory":{}}}"#,
        server.admission.total(),
        totals.opened.total(),
        totals.panics.total(),
        totals.restarts.total(),
        server.budget.taken()
    );
    let mut response = probe(body);
    *response.status_mut() = code;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The answer to who asks how the server is. Its connection ends, so that the next time shows whether new connections
/// are served.
pub(super) fn probe(text: String) -> Response<AnswerBody> {
    let mut response = sentence(StatusCode::OK, text);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}
