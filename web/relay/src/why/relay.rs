//! What the relay's events say about a failure.

use model::Quoted;
use model::why::{Certainty, Why};
use wire::relay::{Cause, Event};

use super::found;

/// The cause in the relay's events. `None` where they have no end. `as_browser` judges as a browser does, which fails a
/// handshake without one of its subprotocols.
pub fn of_relay(events: &[Event], as_browser: bool) -> Option<Why> {
    let (cause, evidence) = events
        .iter()
        .find_map(|event| match event {
            Event::Failed { cause, evidence } => Some((*cause, evidence.as_str())),
            _ => None,
        })
        .or_else(|| opened_anyway(events, as_browser))?;
    let cause = if cause == Cause::Status && wants_tls(events) { Cause::TlsOnly } else { cause };
    let mut why = found(cause_of(cause, events), sentence(evidence), advice(cause));
    why.evidence.extend(events.iter().filter_map(detail));
    if matches!(cause, Cause::NotAllowed | Cause::Request) {
        why.certainty = Certainty::Unknown;
    }
    Some(why)
}

/// The relay's connection opened.
fn opened_anyway(events: &[Event], as_browser: bool) -> Option<(Cause, &'static str)> {
    let chosen = events.iter().find_map(|event| match event {
        Event::Opened { subprotocol, .. } => Some(subprotocol),
        _ => None,
    })?;
    (as_browser && chosen.is_empty())
        .then_some((Cause::Subprotocol, "the server answered with 101 and chose none of the subprotocols"))
}

/// With a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    first.into_iter().chain(letters).chain(stop.chars()).collect()
}

fn detail(event: &Event) -> Option<String> {
    match event {
        Event::Resolved { addresses, .. } => Some(format!("The name has the addresses {}.", addresses.join(", "))),
        Event::Connected { address, .. } => Some(format!("A TCP connection to {address} stands.")),
        Event::Responded { status: 300..=399, headers, .. } => Some(match header(headers, "location") {
            Some(location) => format!("It leads to {}.", Quoted(location)),
            None => "It names no place to go to.".to_owned(),
        }),
        Event::Responded { body, .. } if !body.trim().is_empty() => {
            Some(format!("The body says {}.", Quoted(&body.trim().chars().take(200).collect::<String>())))
        }
        _ => None,
    }
}

/// Whether a server says that its port is for TLS, as nginx, Apache, Go's `net/http` and Canyon do to a request without it.
fn wants_tls(events: &[Event]) -> bool {
    let is_plain = !events.iter().any(|event| matches!(event, Event::Secured { .. }));
    is_plain
        && events.iter().any(|event| match event {
            Event::Responded { status: 400, body, .. } => {
                ["HTTPS port", "HTTPS server", "SSL-enabled server", "port speaks TLS"]
                    .iter()
                    .any(|words| body.contains(words))
            }
            _ => false,
        })
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn status(events: &[Event]) -> String {
    let status = events.iter().find_map(|event| match event {
        Event::Responded { status, .. } => Some(status.to_string()),
        _ => None,
    });
    status.unwrap_or_default()
}

fn cause_of(cause: Cause, events: &[Event]) -> String {
    let status = status(events);
    match cause {
        Cause::Request => "The relay could not use the request".to_owned(),
        Cause::NotAllowed => "The relay may not connect to this address".to_owned(),
        Cause::NameNotFound => "There is no host of this name".to_owned(),
        Cause::Refused => "Nothing listens on this port".to_owned(),
        Cause::Unreachable => "The network has no way to this host".to_owned(),
        Cause::TimedOut => "The server did not answer in time".to_owned(),
        Cause::Proxy => "The proxy does not connect".to_owned(),
        Cause::CertificateIssuer => "The certificate's issuer is not trusted".to_owned(),
        Cause::CertificateSelfSigned => "The certificate is self-signed".to_owned(),
        Cause::CertificateExpired => "The certificate has expired".to_owned(),
        Cause::CertificateNotYetValid => "The certificate is not valid yet".to_owned(),
        Cause::CertificateName => "The certificate is for another name".to_owned(),
        Cause::Tls => "The TLS handshake failed".to_owned(),
        Cause::CertificateRequired => "The server wants a certificate from the client".to_owned(),
        Cause::NoTls => "The port does not speak TLS".to_owned(),
        Cause::TlsOnly => "The port speaks TLS".to_owned(),
        Cause::NotHttp => "The server does not speak HTTP/1.1 there".to_owned(),
        Cause::Redirected => format!("The server redirects the handshake ({status})"),
        Cause::Unauthorized => format!("The server asks for credentials ({status})"),
        Cause::Forbidden => "The server forbids the handshake (403)".to_owned(),
        Cause::NotFound => format!("The server has nothing at this path ({status})"),
        Cause::UpgradeRequired => "The server did not see a WebSocket handshake that it understands (426)".to_owned(),
        Cause::TooManyRequests => "The server has had too many requests (429)".to_owned(),
        Cause::Gateway => format!("A proxy in front of the server answers for it ({status})"),
        Cause::Status => format!("The server answers the handshake as an ordinary request ({status})"),
        Cause::NoUpgrade => "The answer has 101, but is no upgrade to WebSocket".to_owned(),
        Cause::WrongAccept => "The server computed a wrong Sec-WebSocket-Accept".to_owned(),
        Cause::Subprotocol => "Client and server did not agree on a subprotocol".to_owned(),
        Cause::Extension => "The server agreed to an extension that was not offered".to_owned(),
        Cause::Cut => "The server ended the connection without a word".to_owned(),
        Cause::Protocol => "The server broke the protocol".to_owned(),
    }
}

fn advice(cause: Cause) -> &'static str {
    match cause {
        Cause::Request => "Check URL, headers and proxy.",
        Cause::NotAllowed => "Start the server of this page with --relay-to for this host, or load the page again.",
        Cause::NameNotFound => "Check the spelling, and the DNS entry of the name.",
        Cause::Refused => {
            "Start the server, or check the port. A server that listens on 127.0.0.1 alone is not reached by other addresses."
        }
        Cause::Unreachable => "Check the network, the VPN and the address.",
        Cause::TimedOut => "A firewall may drop the packets, or the server hangs. Check both.",
        Cause::Proxy => "Check the proxy's address and credentials, and whether it allows CONNECT to this port.",
        Cause::CertificateIssuer => {
            "Have the server send the certificates of its issuers, too, or install the issuer's certificate. To try it: Through Canyon, trust these issuers."
        }
        Cause::CertificateSelfSigned => {
            "Open the address with https:// in a tab and accept the certificate there, because a browser shows no warning for a WebSocket. To try it: Through Canyon, trust anyone."
        }
        Cause::CertificateExpired => "Renew the certificate on the server.",
        Cause::CertificateNotYetValid => "Check the clocks of this machine and of the server.",
        Cause::CertificateName => "Use a name that the certificate has, or get one for this name.",
        Cause::Tls => "Check which versions and ciphers the server allows, and that it accepts HTTP/1.1 (ALPN).",
        Cause::CertificateRequired => "Install a client certificate in the browser, or give one in Through Canyon.",
        Cause::NoTls => "Use ws:// for this port, or the port that has TLS.",
        Cause::TlsOnly => "Use wss:// for this port.",
        Cause::NotHttp => {
            "Check the port: something else than a web server may listen there, or one that speaks HTTP/2 alone."
        }
        Cause::Redirected => "Browsers do not follow redirects of a WebSocket: use the address that it leads to.",
        Cause::Unauthorized => {
            "A browser sends cookies, and no header Authorization. Sign in at the server first, or set the header in Through Canyon."
        }
        Cause::Forbidden => {
            "Servers often admit known origins only: allow this page's origin there, or set another Origin in Through Canyon."
        }
        Cause::NotFound => "Check the path, and its capital letters and slash at the end.",
        Cause::UpgradeRequired => {
            "A proxy may have taken the header Upgrade away: have it pass on Upgrade and Connection. Otherwise the server wants another version."
        }
        Cause::TooManyRequests => "Wait, and connect less often.",
        Cause::Gateway => "Check that the server behind the proxy runs, and that the proxy waits long enough for it.",
        Cause::Status => {
            "Check the path. A proxy without support for WebSocket answers like this as well: have it pass on Upgrade and Connection."
        }
        Cause::NoUpgrade => {
            "The server, or a proxy in between, leaves out Upgrade or Connection. Have the proxy pass them on."
        }
        Cause::WrongAccept => {
            "It is the SHA-1 of the key and a fixed text, in base64 (RFC 6455, 4.2.2). A cache that answers old handshakes looks like this, too."
        }
        Cause::Subprotocol => {
            "Browsers fail a handshake unless the server chooses one of the subprotocols that were offered, letter by letter. Offer one that it knows, or none."
        }
        Cause::Extension => {
            "The server must only agree to what the client offers (RFC 6455, 9.1). Turn the extension off on the server."
        }
        Cause::Cut => "Look into the server's log: it may have crashed, or a proxy or a limit ended the connection.",
        Cause::Protocol => "Report it to whoever writes the server: the evidence names the rule.",
    }
}
