//! The language as a whole: every path with every parameter.

use std::{num::NonZeroUsize, time::Duration};

use proptest::{prelude::*, sample::select};

use crate::{
    Behaviour, Choice, ConnectionOptions, Cookie, Credential, DeflateOptions, EmbedderPolicy, Error, Fault,
    HandshakeFault, How, Kind, LegalCase, On, Parameter, Path, RedirectStatus, ReplyOptions, ResourcePolicy, SameSite,
    Status, Stream, Target,
};

fn target(text: &str) -> Target {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn error(text: &str) -> String {
    text.parse::<Target>().unwrap_err().to_string()
}

#[test]
fn every_behaviour_is_read_from_its_plain_form() {
    let texts: Vec<String> = Path::ALL.iter().map(|&path| Target::plain(path).to_string()).collect();
    assert_eq!(
        texts,
        [
            "/",
            "/echo",
            "/broadcast/lobby",
            "/stream",
            "/sink",
            "/headers",
            "/close/1000",
            "/drop",
            "/status/503",
            "/redirect?to=%2Fecho",
            "/auth/basic?user=hello&password=world",
            "/auth/bearer?token=secret",
            "/auth/protocol?token=secret",
            "/auth/cookie?token=secret",
            "/cookie?name=session",
            "/subprotocol",
            "/raw",
            "/handshake/wrong-accept",
            "/fault/masked",
            "/legal/empty-text",
            "/inspect/Uk0F3Tz9pQe7wYb2LxVdHA",
        ]
    );
    for (&path, text) in Path::ALL.iter().zip(&texts) {
        assert_eq!(target(text), Target::plain(path));
    }
}

#[test]
fn every_parameter_of_every_behaviour_is_set_printed_and_cleared() {
    for &path in Path::ALL {
        let plain = Target::plain(path);
        for parameter in path.parameters() {
            let value = parameter.example();
            let with = plain.clone().with(parameter, value).unwrap();
            assert_eq!(with.value(parameter).as_deref(), Some(value), "{path:?} {parameter}");
            assert_eq!(target(&with.to_string()), with);
            let cleared = with.with(parameter, "");
            if path.requires(parameter) {
                assert_eq!(cleared, Err(Error::Missing { path, parameter }));
            } else {
                assert_eq!(cleared, Ok(plain.clone()));
            }
        }
    }
}

/// For each parameter a value that it cannot have.
fn wrong_value(parameter: Parameter) -> (&'static str, &'static str) {
    use Parameter as P;
    const SWITCH: (&str, &str) = ("on", "must be one of yes, no");
    const LONG: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\
                        aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    match parameter {
        P::Room | P::Id => ("a/b", "must be 1 to 64 bytes of letters, digits and -._~"),
        P::Code => ("65536", "must be from 0 to 65535"),
        P::Status => ("101", "must be from 200 to 599"),
        P::HandshakeFault => ("none", "must be one of no-accept, wrong-accept, empty-accept"),
        P::Fault => ("none", "must be one of masked, rsv1, rsv2"),
        P::LegalCase => ("none", "must be one of empty-text, empty-binary"),
        P::Rate => ("0", "must be from 1 to 1000000"),
        P::Size => ("63", "must be from 64B to 16MiB"),
        P::Count => ("-1", "must be a whole number"),
        P::Kind => ("blob", "must be one of text, binary"),
        P::Burst => ("2000000", "must be from 1 to 1000000"),
        P::Read => ("0", "must be from 1B to 1GiB"),
        P::Ack | P::Secure | P::HttpOnly | P::Deflate | P::ServerTakeover | P::ClientTakeover => SWITCH,
        P::Reason => (LONG, "must be 1 to 123 bytes of any characters"),
        P::How => ("abort", "must be one of fin, rst"),
        P::On => ("never", "must be one of open, message, close"),
        P::After | P::MaxAge => ("three", "must be a whole number"),
        P::First => ("0", "must be from 1 to 1000000000"),
        P::RetryAfter => ("5s", "must be a whole number"),
        P::Body | P::Hello => ("", "bytes of any characters"),
        P::To => ("/a b", "must be 1 to 2048 bytes of visible ASCII"),
        P::RedirectStatus => ("304", "must be one of 302, 301, 303, 307, 308"),
        P::User | P::Password => ("a b", "must be 1 to 128 bytes of visible ASCII"),
        P::Token => ("a,b", "must be 1 to 1024 bytes of letters, digits and !#$%&'*+-.^_`|~"),
        P::CookieName | P::Choose | P::Subprotocol => {
            ("a b", "must be 1 to 128 bytes of letters, digits and !#$%&'*+-.^_`|~")
        }
        P::CookieToken | P::CookieValue => {
            ("a;b", "of visible ASCII without quotes, commas, semicolons and backslashes")
        }
        P::SameSite => ("Lax", "must be one of strict, lax, none"),
        P::Delay => ("soon", "must be a duration such as 500ms, 10s, 1h30m or 7d"),
        P::Jitter | P::OpenDelay | P::CloseDelay => ("25h", "must be from 0s to 1d"),
        P::Fragment => ("0", "must be from 1B to 2147483647B"),
        P::Ping => ("1ms", "must be from 100ms to 1d"),
        P::ServerWindow | P::ClientWindow => ("8", "must be from 9 to 15"),
        P::EmbedderPolicy => ("none", "must be one of require-corp, credentialless"),
        P::Inspected | P::Inspect => {
            ("0123456789abcde", "must be at least 16 random bytes in hexadecimal digits or base64url")
        }
        P::ResourcePolicy => ("none", "must be one of same-origin, same-site, cross-origin"),
    }
}

#[test]
fn a_wrong_value_of_every_parameter_is_named_with_a_right_one() {
    for &path in Path::ALL {
        for parameter in path.parameters() {
            let (value, right) = wrong_value(parameter);
            let text = match path.part() {
                Some(part) if part == parameter => format!("{}/{value}", path.fixed()),
                _ => {
                    let plain = Target::plain(path).with(parameter, "").unwrap_or_else(|_| Target::plain(path));
                    let text = plain.to_string();
                    let mut query = String::new();
                    crate::form::push_pair(&mut query, parameter.name(), value);
                    match text.split_once('?') {
                        Some((path, _)) => format!("{path}?{query}"),
                        None => format!("{text}?{query}"),
                    }
                }
            };
            let error = error(&text);
            assert!(error.starts_with(&format!("parameter {parameter}={value:?} is wrong: it ")), "{text}: {error}");
            assert!(error.contains(right), "{text}: {error}");
            assert!(error.ends_with(&format!(", as in {parameter}={}", parameter.example())), "{text}: {error}");
        }
    }
}

#[test]
fn behaviours_are_what_their_urls_say() {
    let behaviour = |text: &str| target(text).behaviour();
    for (text, expected) in [
        ("/", Behaviour::Tutorial),
        ("/ws", Behaviour::Echo),
        ("/broadcast/a-room", Behaviour::Broadcast { room: "a-room".into() }),
        (
            "/stream?rate=10&size=1KiB&count=5&kind=binary&burst=2",
            Behaviour::Stream(Stream { rate: 10, size: 1024, count: 5, kind: Kind::Binary, burst: 2 }),
        ),
        ("/stream", Behaviour::Stream(Stream { rate: 100, size: 64, count: 1000, kind: Kind::Text, burst: 1 })),
        ("/sink", Behaviour::Sink { read: None, acknowledges: false }),
        ("/sink?read=16KiB/s&ack=yes", Behaviour::Sink { read: Some(16384), acknowledges: true }),
        ("/headers", Behaviour::Headers),
        ("/close/none?after=3", Behaviour::Close { code: None, reason: String::new(), after: 3 }),
        ("/close/65535?reason=good+bye", Behaviour::Close { code: Some(65535), reason: "good bye".into(), after: 0 }),
        ("/drop", Behaviour::Drop { how: How::Fin, on: On::Open, after: 1 }),
        ("/drop?how=rst&after=3", Behaviour::Drop { how: How::Rst, on: On::Message, after: 3 }),
        ("/drop?on=close", Behaviour::Drop { how: How::Fin, on: On::Close, after: 1 }),
        (
            "/status/429?first=2&id=a&retry-after=5&body=busy",
            Behaviour::Status(Status {
                code: 429,
                first: Some(2),
                id: "a".into(),
                retry_after: Some(5),
                body: Some("busy".into()),
            }),
        ),
        ("/redirect?to=/echo", Behaviour::Redirect { to: "/echo".into(), status: RedirectStatus::S302 }),
        (
            "/auth/basic?user=a&password=b",
            Behaviour::Auth(Credential::Basic { user: "a".into(), password: "b".into() }),
        ),
        ("/auth/bearer?token=t", Behaviour::Auth(Credential::Bearer("t".into()))),
        ("/auth/protocol?token=t", Behaviour::Auth(Credential::Subprotocol("t".into()))),
        ("/auth/cookie?token=t", Behaviour::Auth(Credential::Cookie { name: "token".into(), value: "t".into() })),
        (
            "/cookie?name=a&value=b&same-site=none&secure=yes&http-only=yes&max-age=0",
            Behaviour::Cookie(Cookie {
                name: "a".into(),
                value: "b".into(),
                same_site: Some(SameSite::None),
                secure: true,
                http_only: true,
                max_age: Some(0),
            }),
        ),
        ("/subprotocol", Behaviour::Subprotocol(Choice::First)),
        ("/subprotocol?choose=none", Behaviour::Subprotocol(Choice::Absent)),
        ("/subprotocol?choose=chat", Behaviour::Subprotocol(Choice::Named("chat".into()))),
        ("/raw", Behaviour::Raw),
        ("/handshake/no-accept", Behaviour::Handshake(HandshakeFault::NoAccept)),
        ("/fault/stall?after=1", Behaviour::Fault { fault: Fault::Stall, after: 1 }),
        ("/legal/window-9", Behaviour::Legal(LegalCase::Window9)),
    ] {
        assert_eq!(behaviour(text), expected, "{text}");
    }
}

#[test]
fn every_fault_and_case_has_a_name_and_a_sentence_of_its_own() {
    let names = |all: Vec<(String, &str)>, least: usize| {
        assert!(all.len() >= least, "{}", all.len());
        for (text, sentence) in &all {
            assert_eq!(target(text).to_string(), *text);
            assert!(!sentence.is_empty() && !sentence.ends_with('.'), "{sentence}");
        }
        let mut sentences: Vec<_> = all.iter().map(|(_, sentence)| sentence).collect();
        sentences.sort_unstable();
        sentences.dedup();
        assert_eq!(sentences.len(), all.len());
    };
    names(HandshakeFault::ALL.iter().map(|it| (format!("/handshake/{}", it.name()), it.sentence())).collect(), 24);
    names(Fault::ALL.iter().map(|it| (format!("/fault/{}", it.name()), it.sentence())).collect(), 30);
    names(LegalCase::ALL.iter().map(|it| (format!("/legal/{}", it.name()), it.sentence())).collect(), 12);
}

#[test]
fn the_options_of_replies_are_read() {
    let options = target("/echo?delay=200ms&jitter=50ms&fragment=1024&ping=1s").reply_options();
    let expected = ReplyOptions {
        delay: Duration::from_millis(200),
        jitter: Duration::from_millis(50),
        fragment: NonZeroUsize::new(1024),
        ping: Some(Duration::from_secs(1)),
    };
    assert_eq!(options, expected);
    assert_eq!(target("/echo").reply_options(), ReplyOptions::default());
}

#[test]
fn the_options_of_connections_are_read() {
    let options = target(
        "/echo?open-delay=2s&close-delay=1s&hello=hi&deflate=yes&server-window=9&client-window=10&server-takeover=no\
         &client-takeover=yes&subprotocol=chat&coep=require-corp&corp=cross-origin",
    )
    .connection_options();
    let expected = ConnectionOptions {
        open_delay: Duration::from_secs(2),
        close_delay: Duration::from_secs(1),
        hello: Some("hi".into()),
        deflate: DeflateOptions {
            agree: Some(true),
            server_window: Some(9),
            client_window: Some(10),
            server_takeover: Some(false),
            client_takeover: Some(true),
        },
        subprotocol: Some("chat".into()),
        embedder_policy: Some(EmbedderPolicy::RequireCorp),
        resource_policy: Some(ResourcePolicy::CrossOrigin),
    };
    assert_eq!(options, expected);
    assert_eq!(target("/echo").connection_options(), ConnectionOptions::default());
}

#[test]
fn sizes_take_a_unit_and_escapes_are_decoded() {
    assert_eq!(target("/?fragment=16KiB").reply_options().fragment, NonZeroUsize::new(16 * 1024));
    assert_eq!(target("/?delay=1s+500ms").reply_options().delay, Duration::from_millis(1500));
    assert_eq!(target("/?delay=1s%20500ms").reply_options().delay, Duration::from_millis(1500));
    assert_eq!(target("/?delay=1d").reply_options().delay, Duration::from_hours(24));
}

#[test]
fn what_http_alone_has_is_no_behaviour_of_a_websocket() {
    assert!(error("/sse").starts_with("unknown path \"/sse\""));
    let target = Target::parse_http("/sse?rate=10&size=1KiB&count=5").unwrap();
    assert_eq!(target.stream(), Stream { rate: 10, size: 1024, count: 5, kind: Kind::Text, burst: 1 });
    let error = |text| Target::parse_http(text).unwrap_err().to_string();
    assert_eq!(error("/sse?burst=2"), "unknown parameter \"burst\"; /sse takes rate, size, count");
    assert_eq!(error("/sse?rate=0"), "parameter rate=\"0\" is wrong: it must be from 1 to 1000000, as in rate=100");
}

#[test]
fn an_empty_query_is_no_query() {
    assert_eq!(target("/echo?"), Target::plain(Path::Echo));
}

#[test]
fn ws_is_another_name_of_echo() {
    assert_eq!(target("/ws?delay=1s"), target("/echo?delay=1s"));
}

#[test]
fn an_unknown_path_is_named_with_the_known_ones() {
    for path in ["/nope", "/echo/", "", "/closed", "/auth", "//"] {
        let error = error(&format!("{path}?x=1"));
        assert!(
            error.starts_with(&format!("unknown path {path:?}; known paths: /, /echo, /broadcast/{{room}}, ")),
            "{error}"
        );
    }
}

#[test]
fn an_unknown_parameter_is_named_with_the_known_ones() {
    assert_eq!(
        error("/raw?dealy=1s"),
        "unknown parameter \"dealy\"; /raw takes open-delay, close-delay, hello, deflate, server-window, client-window, \
         server-takeover, client-takeover, subprotocol, coep, corp, inspect"
    );
    assert!(
        error("/close/1000?code=1001").starts_with("unknown parameter \"code\"; /close/{code} takes reason, after, ")
    );
    assert!(error("/raw?delay=1s").starts_with("unknown parameter \"delay\"; "));
}

#[test]
fn a_parameter_given_twice_or_not_at_all_is_refused() {
    assert_eq!(error("/?delay=1s&delay=2s"), "parameter delay is given twice");
    assert_eq!(
        error("/auth/basic?user=a"),
        "parameter password is missing: /auth/basic needs it, as in password=world"
    );
    assert_eq!(error("/close"), "parameter code=\"\" is wrong: it must be a whole number, as in code=1000");
}

/// A right value of a parameter.
fn any_value(parameter: Parameter) -> BoxedStrategy<String> {
    use crate::grammar::{Charset, Grammar};
    match *parameter.grammar() {
        Grammar::Duration(least, most) => {
            (least.as_millis() as u64..=most.as_millis() as u64).prop_map(|ms| format!("{ms}ms")).boxed()
        }
        Grammar::Size(least, most) | Grammar::Rate(least, most) => {
            (least.as_u64()..=most.as_u64()).prop_map(|bytes| bytes.to_string()).boxed()
        }
        Grammar::Count(least, most) => (least..=most).prop_map(|count| count.to_string()).boxed(),
        Grammar::CloseCode => {
            prop_oneof![Just("none".to_owned()), any::<u16>().prop_map(|code| code.to_string())].boxed()
        }
        Grammar::Choice(names) => select(names).prop_map(str::to_owned).boxed(),
        Grammar::InspectId => "[a-j]{9}[0-9_-]{5}[A-J]{9}[k-z]{0,30}"
            .prop_filter("too few different characters", |id| id.parse::<crate::InspectId>().is_ok())
            .boxed(),
        Grammar::Text(Charset::Any, _) => ".{1,20}".boxed(),
        Grammar::Text(Charset::Unreserved, _) => "[a-zA-Z0-9._~-]{1,20}".boxed(),
        Grammar::Text(Charset::Token, _) => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,20}".boxed(),
        Grammar::Text(Charset::Cookie, _) => "[a-zA-Z0-9!#$%&'()*+./:<=>?@^_`{|}~-]{1,20}".boxed(),
        Grammar::Text(Charset::Visible, _) => "[!-~]{1,20}".boxed(),
    }
}

fn any_target() -> impl Strategy<Value = Target> {
    select(Path::ALL).prop_flat_map(|path| {
        let given: Vec<_> =
            path.parameters().map(|parameter| (Just(parameter), proptest::option::of(any_value(parameter)))).collect();
        given.prop_map(move |given| {
            given.into_iter().fold(Target::plain(path), |target, (parameter, value)| match value {
                Some(value) => target.with(parameter, &value).unwrap_or_else(|error| panic!("{error}")),
                None => target,
            })
        })
    })
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back_the_same(target in any_target()) {
        let text = target.to_string();
        let read: Target = text.parse().unwrap();
        prop_assert_eq!(&read, &target, "{}", text);
        prop_assert_eq!(read.behaviour(), target.behaviour());
        prop_assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{}", text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(path in "/?(echo|close|fault|broadcast)?(/[a-z0-9]{0,5})?", query in ".{0,60}") {
        let _ = format!("{path}?{query}").parse::<Target>();
    }
}
