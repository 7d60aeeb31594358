//! Where each header of a handshake comes from, and which rules a response breaks.

use wire::event::{Request, Response};

use crate::judge::Violation;

/// Who has put a header into a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The page asked for it.
    Page,
    /// Part of each handshake (RFC 6455, 4.1), which the browser writes.
    Handshake,
    /// The browser added it.
    Browser,
    /// A proxy added it.
    Proxy,
    /// A client that is no browser, or a proxy.
    Other,
}

impl Origin {
    /// Who that is, in a word or three.
    pub fn words(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Handshake => "handshake",
            Self::Browser => "browser",
            Self::Proxy => "proxy",
            Self::Other => "client or proxy",
        }
    }
}

/// Who has put a header of that name into a request. A browser's page chooses subprotocols and nothing else.
pub fn origin(name: &str) -> Origin {
    let name = name.to_ascii_lowercase();
    match &*name {
        "sec-websocket-protocol" => Origin::Page,
        "host"
        | "upgrade"
        | "connection"
        | "sec-websocket-key"
        | "sec-websocket-version"
        | "sec-websocket-extensions" => Origin::Handshake,
        "origin" | "user-agent" | "cookie" | "pragma" | "cache-control" | "accept" | "accept-encoding"
        | "accept-language" | "authorization" | "dnt" | "priority" => Origin::Browser,
        "via" | "forwarded" | "x-real-ip" | "true-client-ip" | "x-request-id" | "traceparent" => Origin::Proxy,
        name if name.starts_with("x-forwarded-") || name.starts_with("cf-") => Origin::Proxy,
        name if name.starts_with("sec-fetch-") || name.starts_with("sec-ch-") => Origin::Browser,
        _ => Origin::Other,
    }
}

/// The values of a header, one after the other.
pub fn header<'head>(headers: &'head [(String, String)], name: &str) -> impl Iterator<Item = &'head str> {
    headers.iter().filter(move |(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// The members of a header that is a list.
fn members<'head>(headers: &'head [(String, String)], name: &str) -> impl Iterator<Item = &'head str> {
    header(headers, name).flat_map(|value| value.split(',')).map(str::trim)
}

/// Whether compression was agreed (RFC 7692).
pub fn agrees_on_deflate(response: &Response) -> bool {
    extensions(&response.headers).any(|name| name.eq_ignore_ascii_case("permessage-deflate"))
}

/// The names of extensions, without their parameters.
fn extensions(headers: &[(String, String)]) -> impl Iterator<Item = &str> {
    members(headers, "sec-websocket-extensions").map(|extension| extension.split(';').next().unwrap_or_default().trim())
}

/// What is wrong with the response that opens a WebSocket, as far as it shows without the key's hash.
pub fn violations(request: &Request, response: &Response) -> Vec<Violation> {
    if request.version != "HTTP/1.1" || response.status != Some(101) {
        return Vec::new();
    }
    let is_member =
        |name: &str, value: &str| members(&response.headers, name).any(|one| one.eq_ignore_ascii_case(value));
    let mut found = Vec::new();
    let mut check = |is_right: bool, what: String| {
        if !is_right {
            found.push(Violation::new(what, "RFC 6455, 4.1"));
        }
    };
    check(is_member("upgrade", "websocket"), "the response has no 'Upgrade: websocket'".into());
    check(is_member("connection", "upgrade"), "the response has no 'Connection: Upgrade'".into());
    let accepts = header(&response.headers, "sec-websocket-accept").count();
    check(accepts == 1, format!("the response has {accepts} headers Sec-WebSocket-Accept instead of one"));
    for chosen in header(&response.headers, "sec-websocket-protocol") {
        let is_offered = members(&request.headers, "sec-websocket-protocol").any(|offered| offered == chosen);
        check(is_offered, format!("the subprotocol '{chosen}' was not offered"));
    }
    for agreed in extensions(&response.headers) {
        let is_offered = extensions(&request.headers).any(|offered| offered.eq_ignore_ascii_case(agreed));
        check(is_offered, format!("the extension '{agreed}' was not offered"));
    }
    found
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn pairs(headers: &[(&str, &str)]) -> Vec<(String, String)> {
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    pub(crate) fn request(headers: &[(&str, &str)]) -> Request {
        Request {
            peer: "127.0.0.1:5000".into(),
            stream_of: None,
            relay_of: None,
            tls: None,
            version: "HTTP/1.1".into(),
            method: "GET".into(),
            target: "/echo".into(),
            headers: pairs(headers),
            head_bytes: None,
        }
    }

    pub(crate) fn response(headers: &[(&str, &str)]) -> Response {
        let head = [("upgrade", "websocket"), ("connection", "Upgrade"), ("sec-websocket-accept", "x")];
        Response { status: Some(101), line: None, headers: pairs(&[&head[..], headers].concat()), body: None }
    }

    #[test]
    fn who_added_a_header_is_known_by_its_name() {
        for (name, expected) in [
            ("Sec-WebSocket-Protocol", Origin::Page),
            ("Sec-WebSocket-Key", Origin::Handshake),
            ("Origin", Origin::Browser),
            ("Sec-Fetch-Mode", Origin::Browser),
            ("X-Forwarded-For", Origin::Proxy),
            ("via", Origin::Proxy),
            ("X-Api-Key", Origin::Other),
        ] {
            assert_eq!(origin(name), expected, "{name}");
        }
    }

    #[test]
    fn a_right_response_breaks_no_rule() {
        let offers = [("Sec-WebSocket-Protocol", "a, chat"), ("Sec-WebSocket-Extensions", "permessage-deflate; x")];
        let agreed =
            response(&[("sec-websocket-protocol", "chat"), ("sec-websocket-extensions", "permessage-deflate")]);
        assert_eq!(violations(&request(&offers), &agreed), []);
        assert!(agrees_on_deflate(&agreed));
        assert!(!agrees_on_deflate(&response(&[])));
        // A refusal need not be a WebSocket's.
        assert_eq!(violations(&request(&[]), &Response { status: Some(404), ..response(&[]) }), []);
    }

    #[test]
    fn a_wrong_response_is_named() {
        let whats = |response: &Response| -> Vec<String> {
            violations(&request(&[]), response).into_iter().map(|violation| violation.what).collect()
        };
        let bare = Response { headers: Vec::new(), ..response(&[]) };
        assert_eq!(whats(&bare).len(), 3);
        assert_eq!(whats(&response(&[("sec-websocket-protocol", "chat")])), ["the subprotocol 'chat' was not offered"]);
        let agreed = response(&[("sec-websocket-extensions", "permessage-deflate; server_no_context_takeover")]);
        assert_eq!(whats(&agreed), ["the extension 'permessage-deflate' was not offered"]);
    }
}
