//! Addresses, as the browser reads them.

use web_sys::Url;

/// The [serialised URL](https://developer.mozilla.org/en-US/docs/Web/API/URL/href), `None` where the text is no absolute
/// URL.
pub fn parse(text: &str) -> Option<String> {
    Url::new(text).ok().map(|url| url.href())
}
