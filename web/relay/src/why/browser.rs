//! What can be told without asking the server in another way.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::why::Why;

use super::{Facts, Fetched, Permission, Probe, found, unknown};

/// Ports that browsers never connect to: those of other protocols
/// ([Fetch, "port blocking"](https://fetch.spec.whatwg.org/#port-blocking)).
const BLOCKED_PORTS: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Idle connections are cut by timers of whole seconds; less is no sign of one.
const IDLE_MS: f64 = 5000.0;

/// Longer than servers take to refuse a handshake: systems give a TCP connection up after 20 s or more.
const UNANSWERED_MS: f64 = 20_000.0;

const CONSOLE: &str = "The console of the developer tools (F12) may say more. Start Canyon with --relay, load the page from it, and connect again: then it asks the server itself.";

/// The parts of a WebSocket URL that matter here.
struct Place<'a> {
    is_secure: bool,
    host: &'a str,
    port: u16,
}

impl<'a> Place<'a> {
    fn of(url: &'a str) -> Self {
        let is_secure = url.starts_with("wss:");
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let host = host(authority);
        let port = authority[host.len()..].strip_prefix(':').and_then(|port| port.parse().ok());
        Self { is_secure, host, port: port.unwrap_or(if is_secure { 443 } else { 80 }) }
    }
}

/// The permission that a page of that origin needs for an address, `None` where it needs none: one of this machine needs none.
pub fn permission_name(url: &str, page_origin: &str) -> Option<&'static str> {
    let page = host(page_origin.split_once("://").map_or("", |(_, host)| host));
    if is_loopback(page) {
        return None;
    }
    match Place::of(url).host {
        host if is_loopback(host) => Some("loopback-network"),
        host if is_private(host) && !is_private(page) => Some("local-network"),
        _ => None,
    }
}

impl Facts {
    fn place(&self) -> Place<'_> {
        Place::of(&self.attempt.url)
    }

    /// What the browser itself forbids, whatever the server would say.
    pub fn blocked_by_browser(&self) -> Option<Why> {
        let place = self.place();
        if !self.attempt.was_open && BLOCKED_PORTS.contains(&place.port) {
            return Some(found(
                format!("Browsers do not connect to port {}", place.port),
                "It is on the list of ports of other protocols that browsers block.",
                "Have the server listen on another port.",
            ));
        }
        if !self.attempt.was_open && self.is_mixed_content(&place) {
            return Some(found(
                "Browsers allow a page from https:// no ws:// connections",
                format!("This page comes from {}, and the address is not encrypted.", self.page_origin),
                "Use wss://, or load this page by http://.",
            ));
        }
        if let (Some(directive), false) = (&self.violated, self.attempt.was_open) {
            return Some(found(
                "The Content-Security-Policy of this page forbids the connection",
                format!("The browser reports that the directive {directive} does not allow the address."),
                "Have the server of this page send connect-src with ws: and wss:, or with this address.",
            ));
        }
        if !self.online && !is_loopback(place.host) {
            return Some(found(
                "This machine is offline",
                "The browser reports that it has no network.",
                "Connect to a network and try again.",
            ));
        }
        self.local_network_says()
    }

    fn is_mixed_content(&self, place: &Place<'_>) -> bool {
        let is_trustworthy = is_loopback(place.host);
        self.page_origin.starts_with("https:") && !place.is_secure && !is_trustworthy && !is_private(place.host)
    }

    fn local_network_says(&self) -> Option<Why> {
        if self.attempt.was_open {
            return None;
        }
        match self.local_network {
            Permission::Denied => Some(found(
                "The browser was told not to let this page into the local network",
                "The permission for local network access is denied.",
                "Allow it in the settings of this site (the symbol left of the page's address), and connect again.",
            )),
            Permission::Prompt => Some(found(
                "The browser waits for permission to connect to the local network",
                "The address is on this machine or in the local network, and the permission was neither given nor denied.",
                "Connect again and choose Allow when the browser asks. It asks only pages that come by https:// or from this machine.",
            )),
            Permission::Granted | Permission::NotNeeded => None,
        }
    }

    /// A connection that did not open, where no relay says why.
    pub(super) fn without_relay(&self) -> Why {
        let place = self.place();
        if self.again == Probe::Opened {
            return unknown(
                "The connection opens now",
                vec![
                    "The page has asked again, with the same address and subprotocols, and the server answered."
                        .to_owned(),
                ],
                "It may have been away for a moment: connect again.",
            );
        }
        if self.without_subprotocols == Probe::Opened {
            return found(
                "Client and server did not agree on a subprotocol",
                "The server opens a connection that offers no subprotocol, and none that offers these.",
                "Browsers fail a handshake unless the server chooses one of the subprotocols that were offered, letter by letter. Offer one that it knows, or none.",
            );
        }
        if self.other_scheme == Probe::Opened {
            let (cause, scheme, advice) = if place.is_secure {
                ("The port does not speak TLS", "ws", "Use ws:// for this port, or the port that has TLS.")
            } else {
                ("The port speaks TLS", "wss", "Use wss:// for this port.")
            };
            return found(cause, format!("With {scheme}:// the same address opens."), advice);
        }
        if self.attempt.lasted_ms >= UNANSWERED_MS {
            return found(
                format!("The server did not answer for {} s", (self.attempt.lasted_ms / 1000.0).round() as u64),
                "The handshake ended without an answer after that time.",
                "A firewall may drop the packets, or the server hangs. Check both.",
            );
        }
        if self.relay.is_some() {
            return unknown(
                "The server accepts the handshake from a client that is not a browser",
                vec!["Asked through Canyon with the same Origin and subprotocols, it opened a WebSocket.".to_owned()],
                "The console of the developer tools (F12) may say what the browser does not like.",
            );
        }
        match self.fetched {
            Fetched::Answered(status) => status_says(status),
            Fetched::Redirected => found(
                "The server redirects this address",
                "An ordinary request to the same address is redirected.",
                "Browsers do not follow redirects of a WebSocket: use the address that it leads to.",
            ),
            Fetched::NotTried | Fetched::Failed => self.cannot_tell(&place),
        }
    }

    fn cannot_tell(&self, place: &Place<'_>) -> Why {
        let tls = if place.is_secure { ", has a certificate that is not trusted" } else { "" };
        unknown(
            "I can't tell from inside a browser",
            vec![format!(
                "The address does not exist, nothing listens there{tls}, or the answer is no HTTP: browsers report all of them alike."
            )],
            CONSOLE,
        )
    }

    /// A connection that was open and ended without a close frame.
    pub(super) fn lost(&self) -> Why {
        if self.attempt.was_cached {
            return found(
                "The browser closed the connection when you left the page",
                "The page was kept in the back/forward cache, where browsers keep no connections.",
                "Connect again. The server saw close code 1001.",
            );
        }
        let idle = self.attempt.idle_ms;
        if idle >= IDLE_MS {
            return found(
                format!("The connection was cut while idle, after {} s", (idle / 1000.0).round() as u64),
                "No message crossed it in that time, and no close frame came.",
                "A proxy or load balancer ends idle connections. Have the server send pings more often, or raise its timeout.",
            );
        }
        let gone = self.relay.as_ref().and_then(|events| super::of_relay(events, false));
        match gone {
            Some(why) => Why {
                cause: "The server is gone".to_owned(),
                evidence: [vec!["The connection ended without a close frame.".to_owned(), format!("Asked again: {}.", why.cause)], why.evidence].concat(),
                advice: "Look into the server's log: it stopped, restarts or has crashed.".to_owned(),
                ..why
            },
            None => unknown(
                "I can't tell from inside a browser",
                vec!["The server or a proxy cut the connection without a close frame, or it broke the protocol and the browser gave it up.".to_owned()],
                "Connect through Canyon, and do the same again: it says which. The console of the developer tools (F12) may name a broken rule.",
            ),
        }
    }
}

/// What the status of an ordinary request says, where the server lets the page read it. A handshake may get another one, so
/// only statuses name the cause that servers send whatever is asked for.
fn status_says(status: u16) -> Why {
    let (cause, advice) = match status {
        401 => (
            "The server asks for credentials (401)",
            "Sign in at the server first: a browser sends cookies, and no header Authorization.",
        ),
        429 => ("The server has had too many requests (429)", "Wait, and connect less often."),
        502..=504 => ("A proxy in front of the server answers for it", "Check that the server behind the proxy runs."),
        _ => {
            return unknown(
                "A web server answers there, and the WebSocket did not open",
                vec![format!("An ordinary request to the address is answered with {status}.")],
                "Check path, origin, credentials and subprotocols. Start Canyon with --relay and load the page from it: then it shows the answer to the handshake.",
            );
        }
    };
    found(cause, format!("An ordinary request to the same address is answered with {status}."), advice)
}

/// Without a port.
pub(super) fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        _ => authority,
    }
}

/// Whether the browser takes a host for this machine
/// ([Secure Contexts](https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy)).
pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost") || address(host).is_some_and(|address| address.is_loopback())
}

/// Addresses of local networks, which the permission for local network access opens.
pub(super) fn is_private(host: &str) -> bool {
    host.ends_with(".local")
        || match address(host) {
            Some(IpAddr::V4(address)) => is_private_v4(address),
            Some(IpAddr::V6(address)) => address.is_unique_local() || address.is_unicast_link_local(),
            None => false,
        }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    address.is_private() || address.is_link_local()
}

fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(host) => host.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse().ok(),
    }
}
