//! The page for browsers: what Trunk left in `dist/`, read from there by a debug build and carried inside a release
//! build. Never anything from outside that folder.

use std::borrow::Cow;

use bytes::Bytes;
use hyper::header::HeaderValue;
use rust_embed::RustEmbed;

/// In the page as Trunk builds it: the address that it offers to connect to.
const TRUNK_ADDRESS: &str = r#"<meta name="canyon-server" content="ws://localhost:12345/""#;
/// The same, for "where the page came from".
const OWN_ADDRESS: &str = r#"<meta name="canyon-server" content="""#;

/// The page's Content-Security-Policy: as in `index.html`, and nobody frames it. Scripts get it, too: a worker goes by
/// what came with its own script.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; \
                      connect-src 'self' ws: wss:; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
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
    pub(crate) content_type: HeaderValue,
    pub(crate) policy: HeaderValue,
    pub(crate) body: Bytes,
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
