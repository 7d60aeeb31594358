use std::time::Duration;

use crate::connection::address::WsUrl;
use crate::connection::close::{CloseCode, CloseFrame, Reason};
use crate::connection::ending::Ending;
use crate::connection::setup::Reconnect;
use crate::connection::state::ConnectionState;
use crate::connection::{ConnectionMsg, Problem, SocketEvent};
use crate::data::payload::{Content, Payload};
use crate::data::time::Time;
use crate::log::{Kind, Tally};
use crate::shared::Effect;
use crate::stored::settings::Settings;
use crate::test_page::{TestPage, URL, closed, parse_url, text};
use crate::workbench::Msg;

fn ended(ending: &Ending) -> ConnectionState {
    ConnectionState::Idle(Some(ending.clone()))
}

fn reconnecting() -> TestPage {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::ReconnectChosen(Reconnect::WhenLost));
    page.dispatch(ConnectionMsg::Connect);
    page
}

#[test]
fn connect_opens_a_socket_to_the_address_with_the_subprotocols() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::SubprotocolsTyped("chat, soap".to_owned()));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.connection().state(), &ConnectionState::Connecting);
    let url = WsUrl::parse(URL, parse_url).unwrap();
    let open = Effect::Open {
        connection: page.id,
        socket: page.newest_socket(),
        url,
        subprotocols: "chat soap".parse().unwrap(),
    };
    assert_eq!(page.effects, [open]);
    assert_eq!(page.lines(), ["Connecting to ws://localhost:12345/"]);
}

#[test]
fn a_wrong_field_is_reported_until_it_is_changed() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::AddressTyped("ftp://localhost".to_owned()));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.effects, []);
    assert_eq!(page.connection().state(), &ConnectionState::Idle(None));
    let problem =
        Problem::Address(r#""ftp://localhost" is not a WebSocket URL: it must begin with ws:// or wss://"#.to_owned());
    assert_eq!(page.connection().problem(), Some(&problem));
    page.dispatch(ConnectionMsg::AddressTyped(URL.to_owned()));
    assert_eq!(page.connection().problem(), None);
}

#[test]
fn an_address_without_the_scheme_of_a_socket_is_completed_and_the_log_says_so() {
    for (typed, url) in [("localhost:12345", "ws://localhost:12345/"), ("https://a/b", "wss://a/b")] {
        let mut page = TestPage::new();
        page.dispatch(ConnectionMsg::AddressTyped(typed.to_owned()));
        page.dispatch(ConnectionMsg::Connect);
        assert_eq!(page.connection().setup().address, url);
        assert_eq!(page.lines(), [format!("Connecting to {url}, completed from {typed:?}")]);
    }
}

#[test]
fn a_chosen_behaviour_keeps_the_server_and_changes_the_path() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::AddressTyped("wss://example.com/?delay=1s".to_owned()));
    page.dispatch(ConnectionMsg::TargetChosen("/echo".parse().unwrap()));
    assert_eq!(page.connection().setup().address, "wss://example.com/echo");
    page.dispatch(ConnectionMsg::AddressTyped("example.com:x".to_owned()));
    page.dispatch(ConnectionMsg::TargetChosen("/echo".parse().unwrap()));
    assert_eq!(page.connection().setup().address, "example.com:x");
    assert!(page.connection().problem().is_some());
}

#[test]
fn an_address_that_the_browser_rejects_is_reported_beside_it_and_the_socket_is_dropped() {
    let mut page = TestPage::connecting();
    page.socket(SocketEvent::Refused("this port is not allowed".to_owned()));
    assert_eq!(page.connection().state(), &ConnectionState::Idle(None));
    assert_eq!(page.connection().problem(), Some(&Problem::Address("this port is not allowed".to_owned())));
    assert_eq!(page.effects, [Effect::Release(page.id)]);
}

#[test]
fn missed_messages_are_counted_and_logged() {
    let mut page = TestPage::open();
    page.receives("kept");
    page.socket(SocketEvent::Missed(Tally { messages: 1200, bytes: 5000 }));
    assert_eq!(page.connection().log().received(), Tally { messages: 1201, bytes: 5004 });
    assert_eq!(page.connection().log().dropped(), 1200);
    assert_eq!(page.lines().last().unwrap(), "1\u{202f}200 messages (4.9 KiB) lost: the page could not keep up");
}

#[test]
fn an_open_connection_knows_what_was_agreed_and_how_long_it_took() {
    let mut page = TestPage::connecting();
    page.now = Time(1003.1);
    page.socket(SocketEvent::Open {
        handshake: Duration::from_micros(2100),
        protocol: "chat".to_owned(),
        extensions: "permessage-deflate".to_owned(),
    });
    let opened = page.connection().state().opened().unwrap();
    assert_eq!(opened.to_string(), "Open after 2.1 ms, subprotocol chat, permessage-deflate");
    assert_eq!(page.last().label.kind, Kind::Open);
}

#[test]
fn a_connection_that_never_opened_was_refused() {
    let mut page = TestPage::connecting();
    page.closes(1006);
    assert_eq!(page.connection().state(), &ended(&Ending::Refused(closed(1006))));
    assert_eq!(page.effects, [Effect::Release(page.id)]);
}

#[test]
fn the_reason_of_a_loss_is_shown_until_the_connection_is_open_again_or_given_up() {
    let mut page = reconnecting();
    page.opens();
    page.closes(1006);
    let why = page.connection().explanation();
    assert!(why.as_deref().is_some_and(|why| why.starts_with("1006: The connection was open")), "{why:?}");
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.connection().state(), &ConnectionState::Connecting);
    assert_eq!((page.connection().explanation(), page.connection().is_retrying()), (why, true));
    page.opens();
    assert_eq!((page.connection().explanation(), page.connection().is_retrying()), (None, false));

    page.closes(1006);
    page.dispatch(ConnectionMsg::Connect);
    page.dispatch(ConnectionMsg::Disconnect);
    assert_eq!((page.connection().explanation(), page.connection().is_retrying()), (None, false));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!((page.connection().explanation(), page.connection().is_retrying()), (None, false));
}

#[test]
fn a_server_that_closes_is_distinguished_from_a_lost_connection() {
    for (code, ending) in [(1001, Ending::ByServer(closed(1001))), (1006, Ending::Lost(closed(1006)))] {
        let mut page = TestPage::open();
        page.closes(code);
        assert_eq!(page.connection().state(), &ended(&ending));
        assert_eq!(page.last().content, Content::Text(&ending.to_string()));
        assert_eq!(page.effects, [Effect::Release(page.id)]);
    }
}

#[test]
fn disconnect_closes_with_1000_and_waits_for_the_answer() {
    let mut page = TestPage::closing();
    assert!(matches!(page.connection().state(), ConnectionState::Closing(_)));
    assert_eq!(page.effects, [Effect::Close { connection: page.id, frame: CloseFrame::normal() }]);
    page.closes(1000);
    assert_eq!(page.connection().state(), &ended(&Ending::ByPage(closed(1000))));
}

#[test]
fn a_close_carries_the_chosen_code_and_reason() {
    let mut page = TestPage::open();
    let frame =
        CloseFrame { code: CloseCode::try_from(4001).unwrap(), reason: Reason::try_from("enough".to_owned()).unwrap() };
    page.dispatch(ConnectionMsg::Close(frame.clone()));
    assert_eq!(page.effects, [Effect::Close { connection: page.id, frame }]);
}

#[test]
fn a_close_that_is_not_answered_is_reported_as_unanswered() {
    let mut page = TestPage::closing();
    page.closes(1006);
    assert_eq!(page.connection().state(), &ended(&Ending::Unanswered));
}

#[test]
fn disconnect_gives_up_on_a_connection_that_opens_or_closes() {
    for (mut page, ending) in [(TestPage::connecting(), Ending::Cancelled), (TestPage::closing(), Ending::Unanswered)] {
        page.dispatch(ConnectionMsg::Disconnect);
        assert_eq!(page.connection().state(), &ended(&ending));
        assert_eq!(page.effects, [Effect::Release(page.id)]);
    }
}

#[test]
fn late_events_of_a_replaced_socket_change_nothing() {
    let mut page = TestPage::open();
    let old = page.newest_socket();
    page.dispatch(ConnectionMsg::Disconnect);
    page.dispatch(ConnectionMsg::Disconnect);
    page.dispatch(ConnectionMsg::Connect);
    let entries = page.lines().len();
    page.dispatch(ConnectionMsg::Socket(old, SocketEvent::Message(text("late"))));
    page.dispatch(ConnectionMsg::Socket(old, SocketEvent::Close(closed(1000))));
    assert_eq!(page.lines().len(), entries);
    assert!(matches!(page.connection().state(), ConnectionState::Connecting));
}

#[test]
fn connect_does_nothing_while_there_is_a_connection() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.effects, []);
    assert!(matches!(page.connection().state(), ConnectionState::Open(_)));
}

#[test]
fn messages_are_logged_with_their_time_until_the_connection_is_closed() {
    let mut page = TestPage::open();
    page.now = Time(2000.5);
    page.socket(SocketEvent::Message(Payload::Binary(vec![1, 2])));
    assert_eq!((page.last().at, page.last().content), (Time(2000.5), Content::Binary(&[1, 2])));
}

#[test]
fn messages_after_the_close_are_counted_and_not_logged() {
    let mut page = TestPage::closing();
    let lines = page.lines().len();
    page.receives("ignored");
    page.receives("ignored, too");
    page.socket(SocketEvent::Missed(Tally { messages: 10, bytes: 1000 }));
    assert_eq!(page.lines().len(), lines);
    page.closes(1000);
    assert_eq!(
        page.lines()[lines..],
        [
            "12 messages (1019 B) received while closing, not logged",
            "Disconnected by this page (code 1000, normal closure)"
        ]
    );
    let log = page.connection().log();
    assert_eq!((log.received(), log.dropped()), (Tally { messages: 12, bytes: 1019 }, 12));
}

#[test]
fn a_server_that_ignores_the_close_is_cut_off_after_the_close_timeout() {
    let mut page = TestPage::open();
    page.update(Msg::Settings(Settings { close_timeout_ms: 300, ..Settings::default() }));
    page.dispatch(ConnectionMsg::Disconnect);
    page.wait(299.0);
    assert!(matches!(page.connection().state(), ConnectionState::Closing(_)));
    page.wait(1.0);
    assert_eq!(page.connection().state(), &ended(&Ending::Unanswered));
    assert_eq!(page.effects, [Effect::Release(page.id)]);
    assert_eq!(page.workbench.due(page.now), None);
}

#[test]
fn a_lost_connection_is_tried_again_until_it_opens_and_the_gap_is_logged() {
    let mut page = reconnecting();
    page.opens();
    page.closes(1006);
    let ConnectionState::Reconnecting { attempt: 1, until, .. } = *page.connection().state() else {
        panic!("it does not wait")
    };
    assert!((1250.0..=1500.0).contains(&until.0), "{until:?}");
    page.wait(500.0);
    assert!(matches!(page.connection().state(), ConnectionState::Connecting));
    page.closes(1006);
    assert!(matches!(page.connection().state(), ConnectionState::Reconnecting { attempt: 2, .. }));
    page.wait(1000.0);
    page.opens();
    assert_eq!(
        page.last().content,
        Content::Text("Disconnected for 1.50 s; messages that the server sent meanwhile were not received")
    );
}

#[test]
fn a_waiting_connection_is_tried_at_once_or_given_up_when_the_person_says_so() {
    let mut now = reconnecting();
    now.closes(1006);
    now.dispatch(ConnectionMsg::Connect);
    assert!(matches!(now.connection().state(), ConnectionState::Connecting));
    let mut stop = reconnecting();
    stop.closes(1006);
    stop.dispatch(ConnectionMsg::Disconnect);
    assert_eq!(stop.connection().state(), &ended(&Ending::Refused(closed(1006))));
    stop.wait(100_000.0);
    assert_eq!(stop.connection().state(), &ended(&Ending::Refused(closed(1006))));
}

#[test]
fn the_countdown_ticks_each_whole_second() {
    let mut page = reconnecting();
    for _ in 0..4 {
        page.closes(1006);
        page.wait(8000.0);
    }
    page.closes(1006);
    let ConnectionState::Reconnecting { until, .. } = *page.connection().state() else { panic!("it does not wait") };
    let mut left = Vec::new();
    while page.now < until {
        page.now = page.workbench.due(page.now).unwrap();
        left.push((until.0 - page.now.0) / 1000.0);
    }
    assert!(left.len() >= 4, "{left:?}");
    assert!(left.iter().rev().zip(0..).all(|(&seconds, expected)| seconds == f64::from(expected)), "{left:?}");
}

#[test]
fn attempts_end_at_their_limit() {
    let mut page = reconnecting();
    for _ in 0..20 {
        page.closes(1006);
        page.wait(30_000.0);
    }
    page.closes(1006);
    assert_eq!(page.connection().state(), &ended(&Ending::Refused(closed(1006))));
    assert_eq!(page.last().content, Content::Text("Gave up after 20 attempts"));
}

#[test]
fn an_intended_end_is_not_tried_again() {
    let mut ours = reconnecting();
    ours.opens();
    ours.dispatch(ConnectionMsg::Disconnect);
    ours.closes(1000);
    assert_eq!(ours.connection().state(), &ended(&Ending::ByPage(closed(1000))));
    let mut orderly = reconnecting();
    orderly.opens();
    orderly.closes(1000);
    assert_eq!(orderly.connection().state(), &ended(&Ending::ByServer(closed(1000))));
    let mut restart = reconnecting();
    restart.opens();
    restart.closes(1012);
    assert!(matches!(restart.connection().state(), ConnectionState::Reconnecting { .. }));
}

#[test]
fn a_server_that_drops_every_connection_at_once_is_not_tried_for_ever() {
    let mut page = reconnecting();
    for attempt in 1..=3 {
        page.opens();
        page.closes(1006);
        assert!(
            matches!(page.connection().state(), ConnectionState::Reconnecting { attempt: made, .. } if *made == attempt)
        );
        page.wait(30_000.0);
    }
    page.opens();
    page.wait(10_000.0);
    page.closes(1006);
    assert!(matches!(page.connection().state(), ConnectionState::Reconnecting { attempt: 1, .. }));
}

#[test]
fn a_behaviour_is_not_put_into_an_address_of_another_server_or_of_an_open_connection() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::AddressTyped("wss://example.com/chat?x=1".to_owned()));
    page.dispatch(ConnectionMsg::TargetChosen("/echo".parse().unwrap()));
    assert_eq!(page.connection().setup().address, "wss://example.com/chat?x=1");
    let why = r#""/chat?x=1" is not a path of Canyon's server, so it is not replaced"#;
    assert_eq!(page.connection().problem(), Some(&Problem::Address(why.to_owned())));
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::TargetChosen("/echo".parse().unwrap()));
    assert_eq!(page.connection().setup().address, URL);
}

#[test]
fn an_address_that_is_refused_does_not_stand_beside_how_an_earlier_connection_ended() {
    let mut page = TestPage::connecting();
    page.closes(1006);
    assert_eq!(page.connection().state().summary(), "Could not connect");
    page.dispatch(ConnectionMsg::AddressTyped("ws://a:70000".to_owned()));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.connection().state(), &ConnectionState::Idle(None));
    assert!(matches!(page.connection().problem(), Some(Problem::Address(_))));
}

#[test]
fn the_end_of_a_connection_is_explained_by_what_its_handshake_asked_for() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::AddressTyped("wss://a/".to_owned()));
    page.dispatch(ConnectionMsg::SubprotocolsTyped("chat".to_owned()));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.connection().explanation(), None);
    page.closes(1006);
    page.dispatch(ConnectionMsg::AddressTyped("ws://a/".to_owned()));
    let explanation = page.connection().explanation().unwrap();
    assert!(explanation.contains("certificate") && explanation.contains("subprotocols"), "{explanation}");
}
