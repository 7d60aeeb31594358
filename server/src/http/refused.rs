//! The response to a request that does not get what it asks for.

use hyper::{
    Response, StatusCode,
    header::{ALLOW, CONNECTION, HeaderMap, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_VERSION, UPGRADE},
};

use super::{
    answer::{AnswerBody, sentence},
    handshake,
    refusal::Refusal,
};
use crate::inspect::Tap;

/// The seconds after which a client that found no room may try again.
pub(super) const RETRY: &str = "1";

/// The response to a request with these headers.
pub(super) fn refused(refusal: &Refusal, headers: &HeaderMap) -> Response<AnswerBody> {
    let mut response = sentence(refusal.status(), refusal.to_string());
    let asks_for_upgrade = response.status() == StatusCode::UPGRADE_REQUIRED;
    let may_be_followed_by_frames = handshake::may_be_followed_by_frames(headers);
    let answer = response.headers_mut();
    match refusal {
        Refusal::HttpMethod(_) => drop(answer.insert(ALLOW, HeaderValue::from_static("GET, HEAD"))),
        Refusal::Method(_) => drop(answer.insert(ALLOW, HeaderValue::from_static("GET"))),
        Refusal::Draining | Refusal::NoRoom(_) => drop(answer.insert(RETRY_AFTER, HeaderValue::from_static(RETRY))),
        Refusal::Requested { header: Some(header), .. } => {
            let (name, value) = *header.clone();
            answer.insert(name, value);
        }
        _ => {}
    }
    if asks_for_upgrade {
        // Upgrade needs Connection: Upgrade beside it (RFC 9110, 7.8).
        answer.insert(UPGRADE, HeaderValue::from_static("websocket"));
        answer.append(CONNECTION, HeaderValue::from_static("Upgrade"));
    }
    if asks_for_upgrade || (may_be_followed_by_frames && !handshake::has_version(headers)) {
        answer.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static(handshake::VERSION));
    }
    // What follows a malformed request may be part of it, and what follows a handshake is frames.
    if may_be_followed_by_frames || matches!(refusal, Refusal::Malformed(_)) {
        answer.append(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

impl Tap {
    /// Tells what becomes of a request with these headers.
    pub(super) fn refusal(&self, refusal: &Refusal, headers: &HeaderMap) {
        self.response(&refused(refusal, headers), Some(refusal.to_string()));
    }
}
