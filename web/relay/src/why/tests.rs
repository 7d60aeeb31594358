use wire::relay::Cause;

use super::*;

fn facts(url: &str) -> Facts {
    Facts {
        attempt: Attempt { url: url.to_owned(), ..Attempt::default() },
        page_origin: "http://localhost:12345".to_owned(),
        online: true,
        ..Facts::default()
    }
}

fn failed(cause: Cause, evidence: &str) -> Event {
    Event::Failed { cause, evidence: evidence.to_owned() }
}

fn responded(status: u16, name: &str, value: &str) -> Event {
    let headers = vec![(name.to_owned(), value.to_owned())];
    Event::Responded { us: 1, status, headers, body: String::new() }
}

#[test]
fn what_the_browser_forbids_comes_before_what_the_server_says() {
    let relay = Some(vec![failed(Cause::Refused, "nobody")]);
    let with = |facts: Facts| Facts { relay: relay.clone(), ..facts }.explain().cause;
    assert_eq!(with(facts("ws://localhost:6000/")), "Browsers do not connect to port 6000");
    let secure = Facts { page_origin: "https://example.com".to_owned(), ..facts("ws://example.org/") };
    assert_eq!(with(secure.clone()), "Browsers allow a page from https:// no ws:// connections");
    for exempt in ["wss://example.org/", "ws://localhost/", "ws://127.0.0.1:81/", "ws://[::1]/", "ws://192.168.0.1/"] {
        let attempt = Attempt { url: exempt.to_owned(), ..Attempt::default() };
        assert_eq!(with(Facts { attempt, ..secure.clone() }), "Nothing listens on this port", "{exempt}");
    }
    assert_eq!(with(Facts { online: false, ..facts("ws://example.org/") }), "This machine is offline");
    assert_eq!(with(Facts { online: false, ..facts("ws://localhost/") }), "Nothing listens on this port");
    let denied = Facts { local_network: Permission::Denied, ..facts("ws://localhost/") };
    assert_eq!(with(denied), "The browser was told not to let this page into the local network");
}

#[test]
fn without_a_relay_only_what_nothing_else_looks_like_is_named() {
    type Change = fn(&mut Facts);
    let explain = |change: Change| {
        let mut facts = facts("wss://example.org/");
        change(&mut facts);
        let why = facts.explain();
        (why.cause, why.certainty)
    };
    for unsure in [
        (|_| {}) as Change,
        |facts| facts.again = Probe::Opened,
        |facts| (facts.again, facts.other_scheme) = (Probe::Failed, Probe::Failed),
        |facts| (facts.again, facts.other_scheme) = (Probe::Silent, Probe::Silent),
        |facts| facts.fetched = Fetched::Answered(404),
        |facts| facts.attempt.lasted_ms = 5000.0,
    ] {
        assert_eq!(explain(unsure).1, Certainty::Unknown);
    }
    let named: [(Change, &str); 6] = [
        (|facts| facts.other_scheme = Probe::Opened, "The port does not speak TLS"),
        (|facts| facts.without_subprotocols = Probe::Opened, "Client and server did not agree on a subprotocol"),
        (|facts| facts.attempt.lasted_ms = 127_300.0, "The server did not answer for 127 s"),
        (|facts| facts.fetched = Fetched::Answered(401), "The server asks for credentials (401)"),
        (|facts| facts.fetched = Fetched::Redirected, "The server redirects this address"),
        (
            |facts| facts.violated = Some("connect-src".to_owned()),
            "The Content-Security-Policy of this page forbids the connection",
        ),
    ];
    for (change, cause) in named {
        assert_eq!(explain(change), (cause.to_owned(), Certainty::Found));
    }
    let plain = Facts { other_scheme: Probe::Opened, ..facts("ws://example.org/") };
    assert_eq!(plain.explain().cause, "The port speaks TLS");
}

#[test]
fn the_relays_evidence_is_a_sentence_with_its_details() {
    let events = [responded(301, "Location", "/new"), failed(Cause::Redirected, "the server answered 301")];
    let why = of_relay(&events, false).unwrap();
    assert_eq!(why.cause, "The server redirects the handshake (301)");
    assert_eq!(why.evidence, ["The server answered 301.", "It leads to \"/new\"."]);
}

#[test]
fn a_port_that_is_for_tls_is_named_by_what_its_server_says() {
    let cause = |body: &str, secured: bool| {
        let tls = Event::Secured { us: 1, version: "TLSv1_3".to_owned(), cipher: "c".to_owned() };
        let answer = Event::Responded { us: 1, status: 400, headers: Vec::new(), body: body.to_owned() };
        let events = [answer, failed(Cause::Status, "the server answered 400")];
        let events: Vec<Event> = secured.then_some(tls).into_iter().chain(events).collect();
        of_relay(&events, false).map(|why| why.cause).unwrap_or_default()
    };
    for body in [
        "<center>The plain HTTP request was sent to HTTPS port</center>",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.",
        "Client sent an HTTP request to an HTTPS server.\n",
        "this port speaks TLS: use https://localhost:1/ or wss://localhost:1/",
    ] {
        assert_eq!(cause(body, false), "The port speaks TLS", "{body}");
        assert_ne!(cause(body, true), "The port speaks TLS", "{body}");
    }
    assert_ne!(cause("bad request", false), "The port speaks TLS");
}

#[test]
fn a_browser_fails_a_handshake_without_a_subprotocol_and_others_do_not() {
    let events = [Event::Opened { subprotocol: String::new(), extensions: String::new() }];
    assert_eq!(of_relay(&events, true).unwrap().cause, "Client and server did not agree on a subprotocol");
    assert_eq!(of_relay(&events, false), None);
    let opens = Facts { relay: Some(events.to_vec()), ..facts("ws://localhost/") }.explain();
    assert_eq!(opens.certainty, Certainty::Unknown, "{opens:?}");
}

#[test]
fn a_lost_connection_was_idle_or_its_server_is_gone_or_nobody_can_tell() {
    let lost = |idle_ms, relay| {
        let mut facts = facts("ws://localhost/");
        facts.attempt = Attempt { was_open: true, idle_ms, ..facts.attempt };
        Facts { relay, ..facts }.explain()
    };
    assert_eq!(lost(60_004.0, None).cause, "The connection was cut while idle, after 60 s");
    assert_eq!(lost(10.0, Some(vec![failed(Cause::Refused, "refused")])).cause, "The server is gone");
    assert_eq!(lost(10.0, None).certainty, Certainty::Unknown);
    let opens = vec![Event::Opened { subprotocol: String::new(), extensions: String::new() }];
    assert_eq!(lost(10.0, Some(opens)).certainty, Certainty::Unknown);
}

#[test]
fn a_host_is_read_out_of_any_address() {
    for (url, port) in [("ws://user:1@[::1]:6000/a:1", 6000), ("wss://[::1]/", 443), ("ws://example.org?x=:1", 80)] {
        let why = Facts { online: true, ..facts(url) }.explain();
        let is_blocked = why.cause.starts_with("Browsers do not connect");
        assert_eq!(is_blocked, port == 6000, "{url}");
    }
}
