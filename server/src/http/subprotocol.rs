//! Which of the subprotocols that a client offers is chosen
//! ([RFC 6455, 4.2.2](https://www.rfc-editor.org/rfc/rfc6455#section-4.2.2)).

use std::collections::HashSet;

use hyper::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use wire::{Behaviour, Choice, Credential, HandshakeFault};

use crate::http::{headers::ascii, refusal::Refusal, token::Subprotocol};

/// The subprotocols that a client offers, in their order.
pub(crate) fn offered(headers: &HeaderMap) -> Result<Vec<Subprotocol>, Refusal> {
    let mut names = Vec::new();
    let mut seen = HashSet::new();
    for value in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
        for name in ascii(value, &SEC_WEBSOCKET_PROTOCOL)?.split(',') {
            // Empty elements of a list count for nothing (RFC 9110, 5.6.1.2).
            if name.trim().is_empty() {
                continue;
            }
            let name: Subprotocol = name.trim().parse()?;
            if !seen.insert(name.clone()) {
                return Err(Refusal::Malformed(format!("the subprotocol {name} is asked for more than once")));
            }
            names.push(name);
        }
    }
    if names.is_empty() && headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
        return Err(Refusal::Malformed(format!("the header {SEC_WEBSOCKET_PROTOCOL} names no subprotocol")));
    }
    Ok(names)
}

/// The one that is chosen: as the URL says, or else the first that is offered and `known`, or named by the URL's option.
pub(crate) fn choose(
    behaviour: &Behaviour,
    option: Option<&str>,
    known: &[Subprotocol],
    offered: &[Subprotocol],
) -> Option<String> {
    let names = || offered.iter().map(Subprotocol::as_str);
    match behaviour {
        Behaviour::Subprotocol(Choice::First) => names().next().map(str::to_owned),
        Behaviour::Subprotocol(Choice::Last) => names().next_back().map(str::to_owned),
        Behaviour::Subprotocol(Choice::Absent) => None,
        Behaviour::Subprotocol(Choice::Unoffered) | Behaviour::Handshake(HandshakeFault::UnofferedSubprotocol) => {
            Some(unoffered(offered))
        }
        Behaviour::Subprotocol(Choice::Named(name)) => Some(name.clone()),
        // Browsers fail a connection that answers none of their subprotocols.
        Behaviour::Auth(Credential::Subprotocol(token)) => {
            names().find(|name| name != token).or_else(|| names().next()).map(str::to_owned)
        }
        _ => offered
            .iter()
            .find(|name| known.contains(name) || option == Some(name.as_str()))
            .map(Subprotocol::to_string),
    }
}

/// A name that is not offered.
fn unoffered(offered: &[Subprotocol]) -> String {
    let mut name = "unoffered".to_owned();
    while offered.iter().any(|offered| offered.as_str() == name) {
        name.push('-');
    }
    name
}
