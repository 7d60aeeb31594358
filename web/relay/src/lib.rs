//! What Canyon's page connects through its server's relay with, and why a connection failed, with or without a relay. The
//! rules are here, without a browser, so that they are tested natively: what is asked of the relay ([`options`]), what it has
//! told ([`through`]), and what follows from it ([`why`]). `main.rs` has what runs in the page.

pub mod options;
pub mod through;
pub mod why;

use wire::relay::Event;

/// The event in a text of the relay; `None` for a message, and for an event that this page does not know.
pub fn event_of(text: &str) -> Option<Event> {
    match wire::relay::from_relay(text) {
        Ok(wire::relay::FromRelay::Event(event)) => Some(event),
        _ => None,
    }
}

/// A proxy's address without user and password.
pub fn without_user(proxy: &str) -> String {
    match (proxy.split_once("://"), proxy.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => [scheme, "://", host].concat(),
        _ => proxy.to_owned(),
    }
}
