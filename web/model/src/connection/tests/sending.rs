use crate::composing::draft::{Draft, Format, Templates};
use crate::connection::close::CloseFrame;
use crate::connection::ending::Ending;
use crate::connection::setup::Offline;
use crate::connection::state::ConnectionState;
use crate::connection::{ConnectionMsg, Problem, SocketEvent};
use crate::data::payload::{Content, Payload};
use crate::log::{Direction, Kind, Source};
use crate::sending::outbox::Watermarks;
use crate::sending::repeat::{Pace, Repeat};
use crate::shared::Effect;
use crate::stored::settings::Settings;
use crate::test_page::{TestPage, text};
use crate::workbench::Msg;

fn waiting() -> TestPage {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::OfflineChosen(Offline::Wait));
    page
}

#[test]
fn sending_empties_the_box_and_logs_what_the_browser_took() {
    let mut page = TestPage::open();
    page.send("hello\nthere");
    assert_eq!(page.sent, [text("hello\nthere")]);
    assert_eq!(page.connection().draft().text, "");
    assert_eq!(page.last().content, Content::Text("hello\nthere"));
    assert_eq!((page.last().label.direction, page.last().label.source), (Some(Direction::Sent), Source::Person));
}

#[test]
fn an_empty_message_is_a_message() {
    let mut page = TestPage::open();
    page.send("");
    assert_eq!(page.sent, [text("")]);
}

#[test]
fn what_is_typed_is_kept_while_it_cannot_be_sent() {
    for mut page in [TestPage::new(), TestPage::connecting(), TestPage::closing()] {
        page.send("hello");
        assert_eq!(page.sent, []);
        assert_eq!(page.connection().draft().text, "hello");
    }
}

#[test]
fn what_the_browser_did_not_take_goes_back_into_the_box() {
    let mut page = TestPage::open();
    page.takes = false;
    page.send("hello");
    assert_eq!(page.connection().draft().text, "hello");
    assert_eq!(page.last().label.kind, Kind::Error);
    assert!(page.connection().outbox().is_empty());
}

#[test]
fn a_refusal_is_told_once_until_the_connection_has_ended() {
    let mut page = waiting();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.takes = false;
    page.send("one");
    page.send("two");
    page.socket(SocketEvent::Buffered(0));
    let refusals = page.lines().into_iter().filter(|line| line.starts_with("Not sent")).count();
    assert_eq!((refusals, page.connection().outbox().len()), (1, 2));
}

#[test]
fn what_is_typed_after_a_refusal_stays() {
    let mut page = TestPage::open();
    page.takes = false;
    page.send("one");
    assert_eq!(page.connection().draft().text, "one");
    page.dispatch(ConnectionMsg::Send);
    assert_eq!((page.connection().draft().text.as_str(), page.connection().outbox().len()), ("one", 0));
}

#[test]
fn what_the_browser_took_a_moment_too_late_goes_back_into_the_box_too() {
    let mut page = TestPage::open();
    page.send("hello");
    page.socket(SocketEvent::Unsent(text("hello")));
    assert_eq!(page.connection().draft().text, "hello");
    assert_eq!(page.last().content, Content::Text("Not sent: the connection had already closed"));
}

#[test]
fn what_the_browser_took_a_moment_too_late_waits_in_its_order_where_the_person_wants_that() {
    let mut page = waiting();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.send("one");
    page.send("two");
    page.socket(SocketEvent::Unsent(text("one")));
    page.socket(SocketEvent::Unsent(text("two")));
    assert_eq!(page.connection().outbox().len(), 2);
    page.closes(1006);
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.sent, [text("one"), text("two"), text("one"), text("two")]);
}

#[test]
fn what_comes_back_after_the_end_goes_into_the_box() {
    let mut page = TestPage::open();
    page.send("hello");
    page.closes(1006);
    page.socket(SocketEvent::Unsent(text("hello")));
    assert_eq!(page.connection().draft().text, "hello");
    assert_eq!(page.last().content, Content::Text("Not sent: the connection had already closed"));
}

#[test]
fn what_comes_back_is_sent_before_what_waited_behind_it() {
    let mut page = waiting();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.send("one");
    page.send("two");
    page.closes(1006);
    page.send("three");
    page.socket(SocketEvent::Unsent(text("one")));
    page.socket(SocketEvent::Unsent(text("two")));
    page.sent.clear();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.sent, [text("one"), text("two"), text("three")]);
}

#[test]
fn what_comes_back_when_the_next_connection_is_open_is_sent_over_it() {
    let mut page = waiting();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.send("one");
    let ended = page.newest_socket();
    page.closes(1006);
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.dispatch(ConnectionMsg::Socket(ended, SocketEvent::Unsent(text("one"))));
    assert_eq!(page.sent, [text("one"), text("one")]);
    page.send("two");
    assert_eq!(page.sent.last(), Some(&text("two")), "the new connection is not closed by it");
}

#[test]
fn an_automatic_message_that_was_accepted_too_late_is_dropped() {
    let mut page = TestPage::open();
    let draft = Draft { text: "tick".to_owned(), ..Draft::default() };
    page.dispatch(ConnectionMsg::StartRepeat(Repeat { draft, pace: Pace::every(1000).unwrap(), count: Some(1) }));
    assert_eq!(page.sent, [text("tick")]);
    page.socket(SocketEvent::Unsent(text("tick")));
    assert_eq!(page.connection().draft().text, "");
    assert!(page.connection().outbox().is_empty());
}

#[test]
fn hex_and_base64_become_binary_messages() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::FormatChosen(Format::Hex));
    page.send("de ad");
    page.dispatch(ConnectionMsg::FormatChosen(Format::Base64));
    page.send("+/8=");
    assert_eq!(page.sent, [Payload::Binary(vec![0xde, 0xad]), Payload::Binary(vec![0xfb, 0xff])]);
}

#[test]
fn a_wrong_draft_stays_in_the_box_and_the_place_of_the_mistake_is_shown_until_it_is_changed() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::FormatChosen(Format::Hex));
    page.send("de ag");
    assert_eq!(page.connection().draft().text, "de ag");
    let problem = Problem::Draft("'g' at character 5 is not a hex digit".to_owned());
    assert_eq!(page.connection().problem(), Some(&problem));
    page.dispatch(ConnectionMsg::DraftTyped("de a".to_owned()));
    assert_eq!(page.connection().problem(), None);
}

#[test]
fn quit_leaves_in_any_case_and_is_not_sent() {
    for quit in ["quit", "QUIT", "Quit"] {
        let mut page = TestPage::open();
        page.send(quit);
        assert_eq!(page.effects, [Effect::Close { connection: page.id, frame: CloseFrame::normal() }]);
        assert!(matches!(page.connection().state(), ConnectionState::Closing(_)));
        assert_eq!(page.connection().draft().text, "");
    }
    for other in ["quit it", " quit", "quit\n", "\"quit\""] {
        let mut page = TestPage::open();
        page.send(other);
        assert_eq!(page.sent, [text(other)]);
    }
}

#[test]
fn quit_gives_up_on_a_connection_to_come_and_never_waits_to_be_sent() {
    let mut page = waiting();
    page.send("quit");
    assert!(page.connection().outbox().is_empty());
    page.dispatch(ConnectionMsg::Connect);
    page.dispatch(ConnectionMsg::Send);
    assert!(matches!(page.connection().state(), ConnectionState::Idle(Some(Ending::Cancelled))));
}

#[test]
fn messages_wait_for_a_connection_where_the_person_wants_that() {
    let mut page = waiting();
    page.send("one");
    page.send("two");
    assert_eq!((page.connection().outbox().len(), page.connection().draft().text.as_str()), (2, ""));
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.sent, [text("one"), text("two")]);
    assert_eq!(page.lines()[2..], ["Sending 2 queued messages", "one", "two"]);
}

#[test]
fn messages_that_wait_can_be_dropped() {
    let mut page = waiting();
    page.send("one");
    page.dispatch(ConnectionMsg::DiscardQueued);
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.sent, []);
}

#[test]
fn what_the_browser_did_not_take_waits_in_its_order_where_the_person_wants_that() {
    let mut page = waiting();
    for message in ["one", "two", "three"] {
        page.send(message);
    }
    page.dispatch(ConnectionMsg::Connect);
    page.takes = false;
    page.opens();
    assert_eq!(page.connection().outbox().len(), 3);
    page.closes(1006);
    page.takes = true;
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.sent, [text("one"), text("two"), text("three")]);
}

#[test]
fn the_browser_gets_no_more_than_the_high_mark_and_more_from_the_low_mark_down() {
    let mut page = TestPage::open();
    page.update(Msg::Settings(Settings { watermarks: Watermarks { high: 10, low: 2 }, ..Settings::default() }));
    page.buffered = 12;
    page.send("twelve bytes");
    page.send("later");
    assert_eq!((page.sent.len(), page.connection().outbox().len()), (1, 1));
    page.socket(SocketEvent::Buffered(3));
    assert_eq!(page.sent.len(), 1);
    page.socket(SocketEvent::Buffered(2));
    assert_eq!(page.sent, [text("twelve bytes"), text("later")]);
}

#[test]
fn nothing_waits_in_the_browser_once_the_connection_has_ended() {
    let mut page = TestPage::open();
    page.socket(SocketEvent::Buffered(4096));
    assert_eq!(page.connection().outbox().buffered(), 4096);
    page.closes(1006);
    assert_eq!(page.connection().outbox().buffered(), 0);
}

#[test]
fn json_goes_as_it_was_typed_if_it_is_json() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::FormatChosen(Format::Json));
    page.send("{\"a\": 1,}");
    let problem = Problem::Draft("line 1, column 9: expected a name in quotes, found '}'".to_owned());
    assert_eq!(page.connection().problem(), Some(&problem));
    page.send("{\"a\": 9007199254740993}");
    assert_eq!(page.sent, [text("{\"a\": 9007199254740993}")]);
}

#[test]
fn what_is_previewed_is_what_is_sent() {
    let mut page = TestPage::open();
    page.receives(r#"{"token":"xyz"}"#);
    page.receives("not JSON");
    page.dispatch(ConnectionMsg::DraftTyped("{{n}} {{uuid}} {{random 1 1000000}} {{last.$.token}}".to_owned()));
    let preview = page.workbench.preview(page.id, page.now).unwrap();
    assert_eq!(page.workbench.preview(page.id, page.now), Ok(preview.clone()), "a preview uses nothing up");
    page.dispatch(ConnectionMsg::Send);
    page.send("{{n}} {{uuid}}");
    assert_eq!(page.sent[0], preview);
    let Payload::Text(second) = &page.sent[1] else { panic!("it is text") };
    assert!(second.starts_with("2 ") && second[2..] != preview.content().preview()[2..38], "{second}");
}

#[test]
fn a_wrong_template_is_reported_and_the_draft_stays() {
    let mut page = TestPage::open();
    page.send("{{last.$.token}}");
    let why = "{{last.$.token}} at character 1: no JSON has been received yet, or the log has dropped it";
    assert_eq!(page.connection().problem(), Some(&Problem::Draft(why.to_owned())));
    assert_eq!(page.connection().draft().text, "{{last.$.token}}");
    page.dispatch(ConnectionMsg::TemplatesChosen(Templates::Literal));
    page.dispatch(ConnectionMsg::Send);
    assert_eq!(page.sent, [text("{{last.$.token}}")]);
}

#[test]
fn what_was_sent_comes_back_from_the_history_one_by_one() {
    let mut page = TestPage::open();
    page.send("one");
    page.dispatch(ConnectionMsg::FormatChosen(Format::Hex));
    page.send("02");
    let recalled = |page: &TestPage| (page.connection().draft().format, page.connection().draft().text.clone());
    page.dispatch(ConnectionMsg::RecallOlder);
    assert_eq!(recalled(&page), (Format::Hex, "02".to_owned()));
    page.dispatch(ConnectionMsg::RecallOlder);
    page.dispatch(ConnectionMsg::RecallOlder);
    assert_eq!(recalled(&page), (Format::Text, "one".to_owned()));
    page.dispatch(ConnectionMsg::RecallNewer);
    page.dispatch(ConnectionMsg::RecallNewer);
    assert_eq!(recalled(&page).1, "");
    page.dispatch(ConnectionMsg::DraftTyped("being written".to_owned()));
    page.dispatch(ConnectionMsg::RecallOlder);
    assert_eq!(recalled(&page).1, "being written");
}

#[test]
fn the_box_gets_its_own_format_back_after_a_message_that_was_not_typed_there() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::TemplatesChosen(Templates::Literal));
    page.dispatch(ConnectionMsg::FormatChosen(Format::Hex));
    page.send("02");
    page.dispatch(ConnectionMsg::TemplatesChosen(Templates::Substituted));
    page.dispatch(ConnectionMsg::FormatChosen(Format::Text));
    let fresh = (Format::Text, Templates::Substituted);
    let format = |page: &TestPage| (page.connection().draft().format, page.connection().draft().templates);

    page.dispatch(ConnectionMsg::RecallOlder);
    assert_eq!(format(&page), (Format::Hex, Templates::Literal));
    page.dispatch(ConnectionMsg::RecallNewer);
    assert_eq!(format(&page), fresh, "recalled and put back");

    page.dispatch(ConnectionMsg::RecallOlder);
    page.dispatch(ConnectionMsg::Send);
    assert_eq!(format(&page), fresh, "recalled and sent");

    page.dispatch(ConnectionMsg::RecallOlder);
    page.dispatch(ConnectionMsg::DraftTyped("02 03".to_owned()));
    assert_eq!(format(&page), (Format::Hex, Templates::Literal), "recalled and edited");
    page.dispatch(ConnectionMsg::DraftTyped(String::new()));
    assert_eq!(format(&page), fresh, "and deleted");

    let saved = Draft { format: Format::Base64, templates: Templates::Literal, text: "AA==".to_owned() };
    page.dispatch(ConnectionMsg::DraftChosen(saved.clone()));
    page.dispatch(ConnectionMsg::Send);
    assert_eq!(format(&page), fresh, "saved and sent");
    page.send("{{n}}");
    assert_eq!(page.sent.last(), Some(&text("1")));

    page.dispatch(ConnectionMsg::DraftChosen(saved));
    page.dispatch(ConnectionMsg::FormatChosen(Format::Json));
    page.dispatch(ConnectionMsg::DraftTyped(String::new()));
    assert_eq!(format(&page), (Format::Json, Templates::Literal), "chosen by hand");
}

#[test]
fn a_file_that_cannot_be_sent_is_reported() {
    for mut page in [TestPage::new(), TestPage::connecting(), TestPage::closing()] {
        page.dispatch(ConnectionMsg::SendPayload(Payload::Binary(vec![0; 2048])));
        assert_eq!(page.sent, []);
        let problem = Problem::Draft("not sent (2.0 KiB): there is no open connection".to_owned());
        assert_eq!(page.connection().problem(), Some(&problem));
    }
}
