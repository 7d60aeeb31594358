//! The server to connect to, from the page's own address and markup.

use gloo_utils::{document, window};
use model::{Link, Origin, Setup};
use wire::form::pairs;

/// The address of a first connection: `?url=`, else `<meta name="canyon-server">`, else the page's own origin.
pub fn initial_address() -> String {
    let location = window().location();
    // A document such as `about:blank` has neither; the address is then empty.
    let protocol = location.protocol().unwrap_or_default();
    let host = location.host().unwrap_or_default();
    model::initial_address(query_url().as_deref(), &configured_server(), Origin { protocol: &protocol, host: &host })
}

/// What the fragment begins with that `cargo xtask run` prints: the token of the server's relay.
const RELAY_TOKEN: &str = "#relay=";

/// The token in the page's address, empty where there is none. It is taken out of the address, so that no copied link and no
/// list of visited pages has it; the state of the history's entry, which only this tab has, keeps it over a reload.
pub(crate) fn take_relay_token() -> String {
    let location = window().location();
    let Ok(history) = window().history() else { return String::new() };
    let fragment = location.hash().unwrap_or_default();
    match fragment.strip_prefix(RELAY_TOKEN) {
        Some(token) => {
            let address = [location.pathname().unwrap_or_default(), location.search().unwrap_or_default()].concat();
            // Fails only for an address of another origin.
            let _ = history.replace_state_with_url(&token.into(), "", Some(&address));
            token.to_owned()
        }
        None => history.state().ok().and_then(|state| state.as_string()).unwrap_or_default(),
    }
}

/// The connection that the page's address describes: a shared link (`#url=…`), else `?url=`.
pub fn link() -> Option<Result<Link, String>> {
    let location = window().location();
    let fragment = location.hash().unwrap_or_default();
    if fragment.len() > 1 {
        return Some(fragment.parse::<Link>().map_err(|error| error.to_string()));
    }
    let address = query_url()?;
    Some(Ok(Link { setup: Setup { address, ..Setup::default() }, draft: None }))
}

/// The page's address without query and fragment: shared links begin with it.
pub fn page_address() -> String {
    let location = window().location();
    [location.origin().unwrap_or_default(), location.pathname().unwrap_or_default()].concat()
}

fn query_url() -> Option<String> {
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
