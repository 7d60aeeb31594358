//! What browsers need to let a page of another origin read an answer
//! ([Fetch, 3.3](https://fetch.spec.whatwg.org/#http-cors-protocol)). Which origins may is [`Access`](super::access::Access)'s
//! rule, as for the sockets: a request of any other has been refused before.

use hyper::{
    Method, Request, Response, StatusCode,
    header::{
        ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
        ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_REQUEST_METHOD, HeaderMap,
        HeaderValue, ORIGIN, VARY,
    },
};

use super::answer::AnswerBody;

/// Whether a request asks whether another may be made.
pub(super) fn is_preflight<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to a preflight of an origin that is served: everything that it asks for.
pub(super) fn allow_all(request: &HeaderMap) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (asked, answer) in [
        (ACCESS_CONTROL_REQUEST_METHOD, ACCESS_CONTROL_ALLOW_METHODS),
        (ACCESS_CONTROL_REQUEST_HEADERS, ACCESS_CONTROL_ALLOW_HEADERS),
    ] {
        if let Some(value) = request.get(asked) {
            response.headers_mut().insert(answer, value.clone());
        }
    }
    response
}

/// Lets the request's origin read the response with all of its headers, and its times
/// ([Resource Timing, 4.5.1](https://www.w3.org/TR/resource-timing/#sec-timing-allow-origin)).
pub(super) fn expose(request_origin: Option<&HeaderValue>, site: Site, response: &mut Response<AnswerBody>) {
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = request_origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if site == Site::Other {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
            headers.insert("timing-allow-origin", origin.clone());
        }
    }
}

/// Whose page asks. To one of the server's own, a browser shows everything: headers that allow it would only make what is
/// measured larger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Site {
    Own,
    Other,
}

impl Site {
    /// As [`Sec-Fetch-Site`](https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header) says.
    pub(super) fn of(request: &HeaderMap) -> Self {
        let is_own = request.get("sec-fetch-site").is_some_and(|site| site == "same-origin");
        if is_own { Self::Own } else { Self::Other }
    }
}
