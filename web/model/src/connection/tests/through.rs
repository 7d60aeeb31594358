use std::time::Duration;

use crate::connection::state::ConnectionState;
use crate::connection::{ConnectionMsg, SocketEvent};
use crate::data::time::Time;
use crate::shared::{Effect, SocketId};
use crate::test_page::{TestPage, URL, closed};
use crate::why::{Certainty, Told, Why};

fn through() -> TestPage {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::ConnectThrough);
    page
}

fn socket(page: &TestPage) -> SocketId {
    page.connection().socket
}

fn told(page: &mut TestPage, told: Told) {
    let socket = socket(page);
    page.dispatch(ConnectionMsg::Relayed(socket, told));
}

fn failed(evidence: &str) -> Told {
    Told::Failed { evidence: evidence.to_owned(), why: why() }
}

fn why() -> Why {
    let [cause, advice] = ["Nothing listens on this port", "Start the server."].map(str::to_owned);
    Why { cause, evidence: Vec::new(), advice, certainty: Certainty::Found }
}

#[test]
fn the_relay_gets_address_and_subprotocols() {
    let mut page = TestPage::new();
    page.dispatch(ConnectionMsg::SubprotocolsTyped("chat".to_owned()));
    page.dispatch(ConnectionMsg::ConnectThrough);
    let [Effect::OpenThrough { url, subprotocols, .. }] = page.effects.as_slice() else { panic!("{:?}", page.effects) };
    assert_eq!((url.as_str(), subprotocols.as_slice()), (URL, ["chat".to_owned()].as_slice()));
    assert_eq!(page.connection().state(), &ConnectionState::Connecting);
    assert!(page.connection().has_gone_through());
}

#[test]
fn a_connection_is_open_when_the_relay_says_so() {
    let mut page = through();
    told(&mut page, Told::Step("TCP: 127.0.0.1:1 after 0.30 ms".to_owned()));
    let (protocol, extensions) = ("chat".to_owned(), String::new());
    told(&mut page, Told::Opened { handshake_us: 500, protocol, extensions });
    let opened = page.connection().state().opened().expect("it is open");
    assert_eq!((opened.handshake, opened.protocol.as_str()), (Duration::from_micros(500), "chat"));
    assert!(page.lines().iter().any(|line| line.contains("TCP: 127.0.0.1:1")), "{:?}", page.lines());
}

#[test]
fn a_failure_of_the_relay_ends_the_connection_with_its_cause() {
    let mut page = through();
    told(&mut page, failed("127.0.0.1:1: refused"));
    assert_eq!(page.connection().state().summary(), "Could not connect");
    assert_eq!(page.connection().why(), Some(&why()));
    assert_eq!(page.asked, [], "the relay has said why");
}

#[test]
fn what_a_replaced_relay_tells_changes_nothing() {
    let mut page = through();
    let old = socket(&page);
    page.dispatch(ConnectionMsg::Disconnect);
    page.dispatch(ConnectionMsg::ConnectThrough);
    page.dispatch(ConnectionMsg::Relayed(old, failed("cut")));
    assert_eq!(page.connection().state(), &ConnectionState::Connecting);
}

#[test]
fn a_failure_is_asked_about_once_until_the_person_connects_again() {
    let mut page = TestPage::connecting();
    page.now = Time(page.now.0 + 20.0);
    page.closes(1006);
    let (socket, attempt) = page.asked.pop().expect("it is asked about");
    assert_eq!((attempt.url.as_str(), attempt.lasted_ms, attempt.was_open), (URL, 20.0, false));
    assert!(page.connection().is_asking_why());
    page.dispatch(ConnectionMsg::Diagnosed(socket, Some(Box::new(why()))));
    assert_eq!(page.connection().why(), Some(&why()));
    page.dispatch(ConnectionMsg::Connect);
    assert_eq!(page.connection().why(), None);
    page.socket(SocketEvent::Close(closed(1006)));
    assert_eq!(page.asked.len(), 1);
    page.dispatch(ConnectionMsg::Diagnosed(socket, Some(Box::new(why()))));
    assert_eq!(page.connection().why(), None, "an answer about the connection before");
}
