//! What is written is read as it was, and what cannot be read is named.

use proptest::{collection::vec, option, prelude::*};

use super::*;

fn trust() -> impl Strategy<Value = Trust> {
    prop_oneof![Just(Trust::System), Just(Trust::Anyone), ".*".prop_map(Trust::Issuers)]
}

fn request() -> impl Strategy<Value = Request> {
    let texts = (".*", ".*", vec((".*", ".*"), 0..4), vec(".*", 0..3), ".*");
    let identity = option::of((".*", ".*").prop_map(|(certificate, key)| Identity { certificate, key }));
    let rest = (trust(), identity, option::of(".*"), any::<u32>(), any::<u32>(), any::<u32>());
    (texts, rest).prop_map(|(texts, (trust, identity, proxy, open_timeout_ms, ping_interval_ms, fragment))| {
        let (token, url, headers, subprotocols, extensions) = texts;
        Request {
            token,
            url,
            headers,
            subprotocols,
            extensions,
            trust,
            identity,
            proxy,
            open_timeout_ms,
            ping_interval_ms,
            fragment,
        }
    })
}

fn event() -> impl Strategy<Value = Event> {
    let text = || ".*";
    prop_oneof![
        (any::<u64>(), vec(text(), 0..3)).prop_map(|(us, addresses)| Event::Resolved { us, addresses }),
        (any::<u64>(), text()).prop_map(|(us, address)| Event::Connected { us, address }),
        (any::<u64>(), text(), text()).prop_map(|(us, version, cipher)| Event::Secured { us, version, cipher }),
        (any::<u64>(), any::<u16>(), vec((text(), text()), 0..3), text())
            .prop_map(|(us, status, headers, body)| Event::Responded { us, status, headers, body }),
        (text(), text()).prop_map(|(subprotocol, extensions)| Event::Opened { subprotocol, extensions }),
        vec(any::<u8>(), 0..125).prop_map(Event::Ping),
        vec(any::<u8>(), 0..125).prop_map(Event::Pong),
        text().prop_map(|evidence| Event::Failed { cause: Cause::CertificateSelfSigned, evidence }),
    ]
}

proptest! {
    #[test]
    fn a_request_is_read_as_it_was_written(request in request()) {
        prop_assert_eq!(Request::from_json(&request.to_json()), Ok(request));
    }

    #[test]
    fn events_and_commands_are_read_as_they_were_written(event in event(), bytes in vec(any::<u8>(), 0..125), code: u16, reason in ".*") {
        let text = event.to_text();
        prop_assert_eq!(from_relay(&text), Ok(FromRelay::Event(event)));
        for command in [Command::Ping(bytes), Command::Close { code, reason }] {
            let text = command.to_text();
            prop_assert_eq!(from_page(&text), Ok(FromPage::Command(command)));
        }
    }

    #[test]
    fn a_text_message_is_the_text_behind_its_letter(message in ".*") {
        let text = format!("t{message}");
        prop_assert_eq!(from_page(&text), Ok(FromPage::Text(&message)));
        prop_assert_eq!(from_relay(&text), Ok(FromRelay::Text(&message)));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        let _ = (Request::from_json(&text), from_page(&text), from_relay(&text));
    }
}

#[test]
fn a_request_is_short_where_nothing_is_special() {
    let json = r#"{"token":"k","url":"ws://localhost/"}"#;
    let request = Request::from_json(json).unwrap();
    assert_eq!(request, Request::new("k", "ws://localhost/"));
    assert_eq!(
        request.to_json(),
        r#"{"token":"k","url":"ws://localhost/","extensions":"permessage-deflate; client_max_window_bits","trust":"system","open-timeout-ms":10000,"ping-interval-ms":0,"fragment":0}"#
    );
}

#[test]
fn events_are_readable() {
    let event = Event::Connected { us: 120, address: "127.0.0.1:80".to_owned() };
    assert_eq!(event.to_text(), r#"e{"connected":{"us":120,"address":"127.0.0.1:80"}}"#);
}

#[test]
fn what_is_wrong_is_named() {
    let error = |text| Request::from_json(text).unwrap_err().to_string();
    assert!(error("{}").contains("missing field `token`"), "{}", error("{}"));
    let unknown = error(r#"{"token":"","url":"","heders":[]}"#);
    assert!(unknown.contains("unknown field `heders`") && unknown.contains("column"), "{unknown}");
    assert!(error(r#"{"token":"","url":"","trust":"all"}"#).contains("unknown variant `all`"));
    let kind = from_page("hello").unwrap_err().to_string();
    assert_eq!(kind, "a text to or from the relay begins with t or c, not with Some('h')");
    assert!(from_page("").is_err() && from_relay("ü").is_err());
}

#[test]
fn no_secret_is_in_what_a_log_may_have() {
    let identity = Identity { certificate: "PEM".to_owned(), key: "secret".to_owned() };
    let request = Request { identity: Some(identity), ..Request::new("secret", "ws://user:secret@host/") };
    assert!(!format!("{request:?} {:?}", request.identity).contains("secret"));
}
