//! What this program knows of the page's connections: it has their secrets, which the page never sees.

use std::cell::RefCell;

use model::why::Told;
use relay::event_of;
use relay::options::RelayOptions;
use relay::through::Through;
use wire::relay::Request;

#[derive(Default)]
struct Known {
    connection: u32,
    options: RelayOptions,
    through: Option<Through>,
}

thread_local! {
    /// For as long as the page has them.
    static KNOWN: RefCell<Vec<Known>> = const { RefCell::new(Vec::new()) };
}

/// `stored` is read at the first call for a connection.
fn with<R>(connection: u32, stored: &str, run: impl FnOnce(&mut Known) -> R) -> R {
    KNOWN.with_borrow_mut(|all| {
        if let Some(known) = all.iter_mut().find(|known| known.connection == connection) {
            return run(known);
        }
        let mut known = Known { connection, options: RelayOptions::from_stored(stored), through: None };
        let result = run(&mut known);
        all.push(known);
        result
    })
}

pub(crate) fn options(connection: u32, stored: &str) -> RelayOptions {
    with(connection, stored, |known| known.options.clone())
}

pub(crate) fn choose(connection: u32, options: &RelayOptions) {
    with(connection, "", |known| known.options = options.clone());
}

/// A connection through the relay begins.
pub(crate) fn begin(connection: u32, request: Request) {
    with(connection, "", |known| known.through = Some(Through::new(request)));
}

/// What a text of the relay tells.
pub(crate) fn told(connection: u32, text: &str) -> Vec<Told> {
    let Some(event) = event_of(text) else { return Vec::new() };
    with(connection, "", |known| known.through.as_mut().map(|through| through.add(event)).unwrap_or_default())
}

pub(crate) fn through(connection: u32) -> Option<Through> {
    with(connection, "", |known| known.through.clone())
}

pub(crate) fn forget(connection: u32) {
    KNOWN.with_borrow_mut(|all| all.retain(|known| known.connection != connection));
}
