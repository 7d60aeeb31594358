//! What the document and its address say about the page. It never changes either.

use leptos::prelude::{document, window};
use model::Origin;
use wasm_bindgen::JsCast;
use web_sys::{HtmlMetaElement, UrlSearchParams};

/// The address that a fresh page shows: `?url=`, else `<meta name="canyon-server">`, else the page's own origin.
pub fn initial_address() -> String {
    let location = window().location();
    // A document without an address, such as `about:blank`, has nothing to offer.
    let protocol = location.protocol().unwrap_or_default();
    let host = location.host().unwrap_or_default();
    let asked = location
        .search()
        .and_then(|search| UrlSearchParams::new_with_str(&search))
        .ok()
        .and_then(|parameters| parameters.get("url"));
    model::initial_address(asked.as_deref(), &configured_server(), Origin { protocol: &protocol, host: &host })
}

fn configured_server() -> String {
    document()
        .query_selector("meta[name=canyon-server]")
        .ok()
        .flatten()
        .and_then(|element| element.dyn_into::<HtmlMetaElement>().ok())
        .map(|meta| meta.content())
        .unwrap_or_default()
}
