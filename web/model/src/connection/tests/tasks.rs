use crate::composing::draft::Draft;
use crate::connection::setup::Reconnect;
use crate::connection::{ConnectionMsg, Problem, SocketEvent};
use crate::data::payload::Content;
use crate::log::Source;
use crate::sending::outbox::Watermarks;
use crate::sending::repeat::{Pace, Repeat};
use crate::sending::replay::ReplayMessage;
use crate::sending::sequence::{Reply, Sequence, Step, Verdict};
use crate::stored::settings::Settings;
use crate::test_page::{TestPage, text};
use crate::workbench::Msg;

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), ..Draft::default() }
}

fn every(ms: u64, text: &str, count: Option<u64>) -> ConnectionMsg {
    ConnectionMsg::StartRepeat(Repeat { draft: draft(text), pace: Pace::every(ms).unwrap(), count })
}

fn login() -> Sequence {
    let ok = Reply::Json { path: "$.ok".to_owned(), equals: "true".to_owned() };
    let again = format!("{}{}{}", "{{", "last.$.token", "}}");
    let steps = vec![Step::Send(draft("login")), Step::Expect { reply: ok, within: 1000 }, Step::Send(draft(&again))];
    Sequence { name: "login".to_owned(), rounds: 1, steps }
}

#[test]
fn a_repetition_sends_at_its_pace_and_its_messages_are_marked() {
    let mut page = TestPage::open();
    page.dispatch(every(100, "tick {{n}}", Some(3)));
    page.wait(150.0);
    assert_eq!(page.sent, [text("tick 1"), text("tick 2")]);
    assert_eq!(page.last().label.source, Source::Automatic);
    page.wait(1000.0);
    assert_eq!((page.sent.len(), page.connection().repetition()), (3, None));
}

#[test]
fn a_repetition_stops_when_the_person_says_so_or_a_message_cannot_be_made() {
    let mut page = TestPage::open();
    page.dispatch(every(100, "x", None));
    page.dispatch(ConnectionMsg::StopRepeat);
    page.wait(1000.0);
    assert_eq!(page.sent.len(), 1);
    page.dispatch(every(100, "{{nonsense}}", None));
    assert!(matches!(page.connection().problem(), Some(Problem::Task(_))));
    assert_eq!(page.connection().repetition(), None);
}

#[test]
fn a_repetition_waits_for_the_connection_to_come_back() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::ReconnectChosen(Reconnect::WhenLost));
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.dispatch(every(1000, "x", None));
    page.closes(1006);
    page.wait(5000.0);
    page.opens();
    assert_eq!(page.sent.len(), 1);
    page.wait(1000.0);
    assert_eq!(page.sent.len(), 2);
}

#[test]
fn a_repetition_waits_while_the_network_is_slower() {
    let mut page = TestPage::open();
    page.update(Msg::Settings(Settings { watermarks: Watermarks { high: 10, low: 2 }, ..Settings::default() }));
    page.buffered = 10;
    page.dispatch(every(10, "x", None));
    page.wait(500.0);
    assert_eq!((page.sent.len(), page.connection().outbox().len()), (1, 0));
    assert_eq!(page.workbench.due(page.now), None, "the socket reports when it takes more");
    page.buffered = 0;
    page.socket(SocketEvent::Buffered(0));
    page.wait(100.0);
    assert!((5..=11).contains(&page.sent.len()), "{}", page.sent.len());
}

#[test]
fn a_sequence_answers_with_what_it_received_and_its_end_is_logged() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::StartSequence(login()));
    page.receives("not it");
    page.wait(20.0);
    page.receives(r#"{"ok":true,"token":"xyz"}"#);
    assert_eq!(page.sent, [text("login"), text("xyz")]);
    let run = page.connection().run().unwrap();
    assert_eq!((run.verdict(), run.results().len()), (Verdict::Passed, 3));
    assert!(page.lines().contains(&"Sequence login passed in 20.0 ms".to_owned()), "{:?}", page.lines());
}

#[test]
fn a_sequence_fails_when_time_is_up_or_the_connection_ends() {
    let mut late = TestPage::open();
    late.dispatch(ConnectionMsg::StartSequence(login()));
    late.wait(1000.0);
    assert_eq!(late.connection().run().map(|run| run.verdict()), Some(Verdict::Failed));
    let mut lost = TestPage::open();
    lost.dispatch(ConnectionMsg::StartSequence(login()));
    lost.closes(1006);
    let summary = "Sequence login failed at step 2 after 0.00 ms: the connection ended";
    assert_eq!(lost.last().content, Content::Text(summary));
    lost.dispatch(ConnectionMsg::StartSequence(login()));
    let problem = Problem::Task("a sequence needs an open connection".to_owned());
    assert_eq!(lost.connection().problem(), Some(&problem));
    assert!(lost.connection().run().is_none(), "no old result beside a new error");
}

#[test]
fn a_replay_keeps_the_gaps_and_ends_with_the_connection() {
    let messages = || {
        let message = |offset, message: &str| ReplayMessage { offset, payload: text(message) };
        vec![message(0.0, "a"), message(300.0, "b"), message(600.0, "c")]
    };
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::StartReplay(messages()));
    page.wait(299.0);
    assert_eq!(page.sent.len(), 1);
    page.wait(500.0);
    assert_eq!(page.sent, [text("a"), text("b"), text("c")]);
    assert_eq!(page.connection().replay(), None);
    page.dispatch(ConnectionMsg::StartReplay(messages()));
    page.closes(1006);
    assert_eq!(page.connection().replay(), None);
}
