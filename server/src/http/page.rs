//! The page for browsers: what Trunk left in `dist/`, read from there by a debug build and carried inside a release
//! build. Never anything from outside that folder.

use std::borrow::Cow;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Response,
    header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS},
};
use rust_embed::RustEmbed;

use super::answer::AnswerBody;

/// In the page as Trunk builds it: the address that it offers to connect to.
const TRUNK_ADDRESS: &str = r#"<meta name="canyon-server" content="ws://localhost:12345/""#;
/// The same, for "where the page came from".
const OWN_ADDRESS: &str = r#"<meta name="canyon-server" content="""#;

/// The page's Content-Security-Policy: as in `index.html`, and nobody frames it. Scripts get it, too: a worker goes by
/// what came with its own script.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
                      connect-src 'self' http: https: ws: wss:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// The same for the page that has its style in itself.
const NOT_BUILT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

#[derive(RustEmbed)]
#[folder = "../dist/"]
#[allow_missing = true]
struct Dist;

/// A file with its media type and its Content-Security-Policy.
#[derive(Debug)]
pub(crate) struct File {
    content_type: HeaderValue,
    policy: HeaderValue,
    body: Bytes,
}

impl File {
    pub(super) fn into_response(self) -> Response<AnswerBody> {
        let mut response = Response::new(Full::from(self.body).into());
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, self.content_type);
        headers.insert(CONTENT_SECURITY_POLICY, self.policy);
        // Isolated from other origins, a page has a clock of 5 µs instead of 100 µs, see
        // https://developer.mozilla.org/en-US/docs/Web/API/Window/crossOriginIsolated
        headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
        headers.insert("cross-origin-embedder-policy", HeaderValue::from_static("require-corp"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }
}

/// The page itself, or where it has not been built, how to build it.
pub(crate) fn index() -> File {
    let (html, policy) = match Dist::get("index.html") {
        Some(file) => (String::from_utf8_lossy(&file.data).replace(TRUNK_ADDRESS, OWN_ADDRESS), POLICY),
        None => (include_str!("page/not-built.html").to_owned(), NOT_BUILT_POLICY),
    };
    File {
        content_type: HeaderValue::from_static("text/html; charset=utf-8"),
        policy: HeaderValue::from_static(policy),
        body: html.into(),
    }
}

/// A file of the page, such as its style; `path` is the URL's, with the leading slash.
pub(crate) fn file(path: &str) -> Option<File> {
    let name = path.strip_prefix('/')?;
    let file = Dist::get(name)?;
    let content_type = mime_guess::from_path(name)
        .first_raw()
        .map_or(HeaderValue::from_static("application/octet-stream"), HeaderValue::from_static);
    let body = match file.data {
        Cow::Borrowed(data) => Bytes::from_static(data),
        Cow::Owned(data) => data.into(),
    };
    Some(File { content_type, policy: HeaderValue::from_static(POLICY), body })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_what_the_page_says_and_who_may_frame_it() {
        let page = include_str!("../../../index.html");
        let of_page = POLICY.strip_suffix("; frame-ancestors 'none'").unwrap();
        assert!(page.contains(&format!(r#"http-equiv="Content-Security-Policy" content="{of_page}""#)), "{page}");
    }
}
