//! What the document and its address say about the page. It never changes either.

use gloo_utils::{document, window};
use model::{Link, Origin, Setup};
use wire::form::pairs;

/// The address that a fresh page shows: `?url=`, else `<meta name="canyon-server">`, else the page's own origin.
pub fn initial_address() -> String {
    let location = window().location();
    // A document without an address, such as `about:blank`, has nothing to offer.
    let protocol = location.protocol().unwrap_or_default();
    let host = location.host().unwrap_or_default();
    model::initial_address(
        asked_address().as_deref(),
        &configured_server(),
        Origin { protocol: &protocol, host: &host },
    )
}

/// The connection that the page's address asks for: `#url=…` as a link carries it, else `?url=`.
pub fn link() -> Option<Result<Link, String>> {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default();
    if fragment.len() > 1 {
        return Some(fragment.parse::<Link>().map_err(|error| error.to_string()));
    }
    let address = asked_address()?;
    Some(Ok(Link { setup: Setup { address, ..Setup::default() }, draft: None }))
}

/// The page's own address, without what it asks for.
pub fn page_address() -> String {
    let location = window().location();
    [location.origin().unwrap_or_default(), location.pathname().unwrap_or_default()].concat()
}

fn asked_address() -> Option<String> {
    let search = window().location().search().ok()?;
    pairs(search.trim_start_matches('?'))
        .find(|(name, _)| name == "url")
        .map(|(_, url)| url)
        .filter(|url| !url.is_empty())
}

fn configured_server() -> String {
    document()
        .query_selector("meta[name=canyon-server]")
        .ok()
        .flatten()
        .and_then(|meta| meta.get_attribute("content"))
        .unwrap_or_default()
}
