use super::*;

const URL: &str = "ws://localhost:12345/";

/// A model with the clock of a test, and the effects of the last message.
struct Page {
    model: Model,
    now: Time,
    effects: Vec<Effect>,
}

impl Page {
    fn new() -> Self {
        Self { model: Model::new(URL.to_owned()), now: Time(1000.0), effects: Vec::new() }
    }

    fn open() -> Self {
        let mut page = Self::new();
        page.tell(Msg::Connect);
        page.socket(SocketEvent::Open { protocol: String::new(), extensions: String::new() });
        page
    }

    fn closing() -> Self {
        let mut page = Self::open();
        page.tell(Msg::Disconnect);
        page
    }

    fn tell(&mut self, msg: Msg) {
        self.effects = self.model.update(self.now, msg);
    }

    fn socket(&mut self, event: SocketEvent) {
        self.tell(Msg::Socket(self.model.socket, event));
    }

    fn close(&mut self, closed: Closed) {
        self.socket(SocketEvent::Close(closed));
    }

    fn send(&mut self, draft: &str) {
        self.tell(Msg::DraftTyped(draft.to_owned()));
        self.tell(Msg::Send);
    }

    fn last_body(&self) -> &Body {
        let log = self.model.log();
        &log.entry(log.last_seq()).unwrap().body
    }
}

fn text(text: &str) -> Payload {
    Payload::Text(text.to_owned())
}

fn closed(code: u16) -> Closed {
    Closed { code, reason: String::new(), was_clean: code != 1006 }
}

fn ended(ending: &Ending) -> State {
    State::Idle(Some(ending.clone()))
}

#[test]
fn connect_opens_a_socket_to_the_address_with_the_subprotocols() {
    let mut page = Page::new();
    page.tell(Msg::SubprotocolsTyped("chat, soap".to_owned()));
    page.tell(Msg::Connect);
    assert_eq!(page.model.state(), &State::Connecting { since: Time(1000.0) });
    let url: WsUrl = URL.parse().unwrap();
    assert_eq!(
        page.effects,
        [Effect::Open { id: SocketId(1), url: url.clone(), subprotocols: "chat soap".parse().unwrap() }]
    );
    assert_eq!(page.last_body(), &Body::Note(Note::Connecting(url)));
}

#[test]
fn a_wrong_field_is_told_until_it_is_changed() {
    let mut page = Page::new();
    page.tell(Msg::AddressTyped("localhost".to_owned()));
    page.tell(Msg::Connect);
    assert_eq!(page.effects, []);
    assert_eq!(page.model.state(), &State::Idle(None));
    assert_eq!(
        page.model.problem(),
        Some(&Problem::Address(r#""localhost" does not begin with ws:// or wss://"#.to_owned()))
    );
    page.tell(Msg::AddressTyped(URL.to_owned()));
    assert_eq!(page.model.problem(), None);
}

#[test]
fn a_chosen_behaviour_keeps_the_server_and_changes_the_path() {
    let mut page = Page::new();
    page.tell(Msg::AddressTyped("wss://example.com/chat?x=1".to_owned()));
    page.tell(Msg::BehaviourChosen("/echo".parse().unwrap()));
    assert_eq!(page.model.address(), "wss://example.com/echo");
    page.tell(Msg::AddressTyped("example.com".to_owned()));
    page.tell(Msg::BehaviourChosen("/echo".parse().unwrap()));
    assert_eq!(page.model.address(), "example.com");
    assert!(page.model.problem().is_some());
}

#[test]
fn a_refusal_of_the_browser_is_told_beside_the_address() {
    let mut page = Page::new();
    page.tell(Msg::Connect);
    page.tell(Msg::NotConnected("an insecure connection".to_owned()));
    assert_eq!(page.model.state(), &State::Idle(None));
    assert_eq!(page.model.problem(), Some(&Problem::Address("an insecure connection".to_owned())));
}

#[test]
fn an_open_connection_knows_what_was_agreed_and_how_long_it_took() {
    let mut page = Page::new();
    page.tell(Msg::Connect);
    page.now = Time(1003.1);
    page.socket(SocketEvent::Open { protocol: "chat".to_owned(), extensions: "permessage-deflate".to_owned() });
    let opened = page.model.state().opened().unwrap();
    assert_eq!(opened.to_string(), "Open after 3.1 ms, subprotocol chat, permessage-deflate");
}

#[test]
fn a_connection_that_never_opened_was_refused() {
    let mut page = Page::new();
    page.tell(Msg::Connect);
    page.close(closed(1006));
    assert_eq!(page.model.state(), &ended(&Ending::Refused(closed(1006))));
    assert_eq!(page.effects, [Effect::Release]);
}

#[test]
fn a_server_that_closes_is_told_apart_from_a_connection_that_is_lost() {
    for (closed, ending) in [(closed(1001), Ending::ByServer(closed(1001))), (closed(1006), Ending::Lost(closed(1006)))]
    {
        let mut page = Page::open();
        page.close(closed);
        assert_eq!(page.model.state(), &ended(&ending));
        assert_eq!(page.last_body(), &Body::Note(Note::Ended(ending)));
        assert_eq!(page.effects, [Effect::Release]);
    }
}

#[test]
fn disconnect_closes_with_1000_and_waits_for_the_answer() {
    let mut page = Page::closing();
    assert!(matches!(page.model.state(), State::Closing(_)));
    assert_eq!(page.effects, [Effect::Close(CloseFrame::normal())]);
    page.close(closed(1000));
    assert_eq!(page.model.state(), &ended(&Ending::ByUs(closed(1000))));
}

#[test]
fn a_close_that_is_not_answered_is_told_as_that() {
    let mut page = Page::closing();
    page.close(closed(1006));
    assert_eq!(page.model.state(), &ended(&Ending::Unanswered));
}

#[test]
fn disconnect_gives_up_on_a_connection_that_opens_or_closes() {
    let mut connecting = Page::new();
    connecting.tell(Msg::Connect);
    for (mut page, ending) in [(connecting, Ending::Cancelled), (Page::closing(), Ending::Unanswered)] {
        page.tell(Msg::Disconnect);
        assert_eq!(page.model.state(), &ended(&ending));
        assert_eq!(page.effects, [Effect::Release]);
    }
}

#[test]
fn late_events_of_a_replaced_socket_change_nothing() {
    let mut page = Page::open();
    let old = page.model.socket;
    page.tell(Msg::Disconnect);
    page.tell(Msg::Disconnect);
    page.tell(Msg::Connect);
    let entries = page.model.log().len();
    page.tell(Msg::Socket(old, SocketEvent::Message(text("late"))));
    page.tell(Msg::Socket(old, SocketEvent::Close(closed(1000))));
    assert_eq!(page.model.log().len(), entries);
    assert!(matches!(page.model.state(), State::Connecting { .. }));
}

#[test]
fn connect_does_nothing_while_there_is_a_connection() {
    let mut page = Page::open();
    page.tell(Msg::Connect);
    assert_eq!(page.effects, []);
    assert!(matches!(page.model.state(), State::Open(_)));
}

#[test]
fn sending_empties_the_box_and_logs_what_the_browser_took() {
    let mut page = Page::open();
    page.send("hello\nthere");
    assert_eq!(page.effects, [Effect::Send(text("hello\nthere"))]);
    assert_eq!(page.model.draft(), "");
    page.tell(Msg::Sent(text("hello\nthere")));
    assert_eq!(page.last_body(), &Body::Sent(text("hello\nthere")));
}

#[test]
fn an_empty_message_is_a_message() {
    let mut page = Page::open();
    page.send("");
    assert_eq!(page.effects, [Effect::Send(text(""))]);
}

#[test]
fn what_is_typed_is_kept_while_it_cannot_be_sent() {
    let mut connecting = Page::new();
    connecting.tell(Msg::Connect);
    for mut page in [Page::new(), connecting, Page::closing()] {
        page.send("hello");
        assert_eq!(page.effects, []);
        assert_eq!(page.model.draft(), "hello");
    }
}

#[test]
fn what_the_browser_did_not_take_goes_back_into_the_box() {
    let mut page = Page::open();
    page.send("hello");
    page.tell(Msg::NotSent(text("hello")));
    assert_eq!(page.model.draft(), "hello");
    assert_eq!(page.last_body(), &Body::Note(Note::NotSent));
    page.tell(Msg::NotSent(text("older")));
    assert_eq!(page.model.draft(), "hello");
}

#[test]
fn quit_leaves_in_any_case_and_is_not_sent() {
    for quit in ["quit", "QUIT", " Quit \n"] {
        let mut page = Page::open();
        page.send(quit);
        assert_eq!(page.effects, [Effect::Close(CloseFrame::normal())]);
        assert!(matches!(page.model.state(), State::Closing(_)));
        assert_eq!(page.model.draft(), "");
    }
    let mut page = Page::open();
    page.send("quit it");
    assert_eq!(page.effects, [Effect::Send(text("quit it"))]);
}

#[test]
fn messages_are_logged_with_their_time_until_the_connection_is_closed() {
    for mut page in [Page::open(), Page::closing()] {
        page.now = Time(2000.5);
        page.socket(SocketEvent::Message(Payload::Binary(vec![1, 2])));
        let log = page.model.log();
        let entry = log.entry(log.last_seq()).unwrap();
        assert_eq!((entry.at, &entry.body), (Time(2000.5), &Body::Received(Payload::Binary(vec![1, 2]))));
    }
}

#[test]
fn nothing_waits_to_be_sent_once_the_connection_has_ended() {
    let mut page = Page::open();
    page.tell(Msg::Buffered(4096));
    assert_eq!(page.model.buffered(), 4096);
    page.close(closed(1006));
    assert_eq!(page.model.buffered(), 0);
}

#[test]
fn a_clock_that_goes_back_makes_no_negative_span() {
    assert_eq!(Time(1.0).since(Time(2.0)), Duration::ZERO);
}
