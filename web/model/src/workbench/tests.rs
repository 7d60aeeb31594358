use super::*;
use crate::composing::draft::Draft;
use crate::connection::SocketEvent;
use crate::data::payload::Content;
use crate::log::filter::Query;
use crate::log::{Direction, Label, Limits, Source};
use crate::stored::saved::SavedName;
use crate::stored::settings::{Theme, TimeFormat};
use crate::test_page::{TestPage, URL, text};

fn titles(page: &TestPage) -> Vec<String> {
    page.workbench.connections().iter().map(|connection| connection.setup().title().into_owned()).collect()
}

#[test]
fn a_fresh_page_has_one_connection_with_the_address_that_it_starts_with() {
    let page = TestPage::new();
    assert_eq!(page.workbench.connections().len(), 1);
    assert_eq!(page.workbench.shown().setup().address, URL);
}

#[test]
fn connections_have_logs_and_states_of_their_own() {
    let mut page = TestPage::open();
    let first = page.id;
    page.update(Msg::Add);
    page.id = page.workbench.shown().id();
    assert_ne!(page.id, first);
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    page.send("to the second");
    assert_eq!(page.connection().log().sent().messages, 1);
    page.id = first;
    assert_eq!(page.connection().log().sent().messages, 0);
    page.receives("while another is shown");
    assert_eq!(page.connection().log().received().messages, 1);
    page.update(Msg::Show(first));
    assert_eq!(page.workbench.shown().id(), first);
}

#[test]
fn a_removed_connection_drops_its_socket_and_its_neighbour_is_shown() {
    let mut page = TestPage::open();
    let first = page.id;
    page.update(Msg::Rename(first, "first".to_owned()));
    for name in ["second", "third"] {
        page.update(Msg::Add);
        let id = page.workbench.shown().id();
        page.update(Msg::Rename(id, name.to_owned()));
    }
    page.update(Msg::Remove(first));
    assert_eq!(page.effects, [Effect::Release(first)]);
    assert_eq!(
        (titles(&page), page.workbench.shown().setup().title()),
        (vec!["second".to_owned(), "third".to_owned()], "third".into())
    );
    let third = page.workbench.shown().id();
    page.update(Msg::Remove(third));
    assert_eq!(page.workbench.shown().setup().title(), "second");
    let second = page.workbench.shown().id();
    page.update(Msg::Remove(second));
    assert_eq!(titles(&page), ["localhost:12345/"]);
}

#[test]
fn late_events_of_a_removed_connection_change_nothing() {
    let mut page = TestPage::open();
    let socket = page.newest_socket();
    page.update(Msg::Remove(page.id));
    let late = ConnectionMsg::Socket(socket, SocketEvent::Message(text("late")));
    page.update(Msg::Connection(page.id, late));
    assert_eq!(page.effects, []);
    assert!(page.workbench.shown().log().is_empty());
}

#[test]
fn messages_of_a_connection_that_is_not_shown_are_unread_until_it_is() {
    let mut page = TestPage::open();
    page.receives("seen at once");
    assert_eq!(page.connection().unread(), 0);
    page.update(Msg::Add);
    page.receives("one");
    page.receives("two");
    assert_eq!((page.connection().unread(), page.workbench.shown().unread()), (2, 0));
    page.update(Msg::Show(page.id));
    assert_eq!(page.connection().unread(), 0);
    page.update(Msg::Add);
    page.dispatch(ConnectionMsg::ClearLog);
    assert_eq!(page.connection().unread(), 0);
    page.receives("after the log was cleared");
    assert_eq!(page.connection().unread(), 1);
}

#[test]
fn what_is_lost_with_a_connection_is_listed() {
    let mut page = TestPage::new();
    assert_eq!(page.connection().losses(), [""; 0]);
    page.dispatch(ConnectionMsg::DraftTyped("half a thought".to_owned()));
    assert_eq!(page.connection().losses(), ["the unsent text"]);
    let mut page = TestPage::open();
    page.receives("a");
    assert_eq!(page.connection().losses(), ["the open connection", "the message in its log"]);
    page.send("b");
    page.closes(1001);
    assert_eq!(page.connection().losses(), ["2 messages in its log"]);
    page.dispatch(ConnectionMsg::OfflineChosen(crate::connection::setup::Offline::Wait));
    page.send("c");
    assert_eq!(page.connection().losses(), ["2 messages in its log", "the queued message"]);
}

fn saved_as(name: &str, text: &str) -> Saved {
    let name = SavedName { folder: String::new(), name: name.to_owned() };
    Saved { name, draft: Draft { text: text.to_owned(), ..Draft::default() } }
}

#[test]
fn a_saved_message_that_is_deleted_or_replaced_can_be_brought_back() {
    let mut page = TestPage::new();
    page.update(Msg::Save(saved_as("Ping", "1")));
    assert_eq!(page.workbench.undoable(), None, "nothing was replaced");
    page.update(Msg::Save(saved_as("Ping", "2")));
    assert_eq!(page.workbench.undoable(), Some("\"Ping\" replaced"));
    page.update(Msg::Undo);
    assert_eq!((page.workbench.saved(), page.workbench.undoable()), (&[saved_as("Ping", "1")][..], None));
    page.update(Msg::RemoveSaved(saved_as("Ping", "").name));
    assert_eq!((page.workbench.saved().len(), page.workbench.undoable()), (0, Some("\"Ping\" deleted")));
    page.update(Msg::Undo);
    assert_eq!(page.workbench.saved(), [saved_as("Ping", "1")]);
    page.update(Msg::Save(saved_as("Pong", "2")));
    page.update(Msg::ImportSaved(r#"{"messages":[{"name":"Ping","text":"x"},{"name":"Pong","text":"y"}]}"#.to_owned()));
    assert_eq!(page.workbench.undoable(), Some("2 messages replaced"));
    page.update(Msg::Undo);
    assert_eq!(page.workbench.saved(), [saved_as("Ping", "1"), saved_as("Pong", "2")]);
}

#[test]
fn a_sequence_that_is_deleted_or_replaced_can_be_brought_back() {
    let sequence = |rounds| Sequence { name: "s".to_owned(), rounds, steps: Vec::new() };
    let mut page = TestPage::new();
    page.update(Msg::SaveSequence(sequence(1)));
    page.update(Msg::SaveSequence(sequence(2)));
    assert_eq!(page.workbench.undoable(), Some("\"s\" replaced"));
    page.update(Msg::Undo);
    assert_eq!(page.workbench.sequences(), [sequence(1)]);
    page.update(Msg::RemoveSequence("s".to_owned()));
    assert_eq!((page.workbench.sequences().len(), page.workbench.undoable()), (0, Some("\"s\" deleted")));
    page.update(Msg::DismissUndo);
    page.update(Msg::Undo);
    assert_eq!(page.workbench.sequences(), []);
}

#[test]
fn a_link_beyond_the_limit_of_connections_is_refused_with_a_reason() {
    let mut page = TestPage::new();
    while !page.workbench.is_full() {
        page.update(Msg::Add);
    }
    let setup = Setup { address: "ws://one-more/".to_owned(), ..Setup::default() };
    page.update(Msg::Follow(Link { setup, draft: None }));
    assert_eq!(
        page.workbench.problem(Subject::Link),
        Some("the link is not opened: 32 connections are the limit, remove one first")
    );
}

#[test]
fn connections_are_limited() {
    let mut page = TestPage::new();
    for _ in 0..100 {
        page.update(Msg::Add);
    }
    assert_eq!(page.workbench.connections().len(), Workbench::MAX_CONNECTIONS);
}

#[test]
fn smaller_limits_take_effect_on_every_log() {
    let mut page = TestPage::open();
    let limits = Limits { entries: 1, bytes: 100 };
    page.update(Msg::Settings(Settings { limits, ..Settings::default() }));
    assert_eq!(page.connection().log().len(), 1);
    page.update(Msg::Add);
    page.id = page.workbench.shown().id();
    page.dispatch(ConnectionMsg::Connect);
    page.opens();
    assert_eq!(page.connection().log().len(), 1);
}

#[test]
fn a_changed_setup_is_saved() {
    let mut page = TestPage::new();
    let effects = page.workbench.update(page.now, Msg::Rename(page.id, "mine".to_owned()));
    assert_eq!(effects, [Effect::Persist(Document::Setups)]);
}

#[test]
fn a_filter_shows_what_it_finds_in_its_own_connection() {
    let mut page = TestPage::open();
    page.receives("needle");
    page.receives("hay");
    page.dispatch(ConnectionMsg::Filter(Query { typed: "need".to_owned(), ..Query::default() }));
    page.dispatch(ConnectionMsg::Scan { bytes: 10_000 });
    assert_eq!(page.connection().rows().len(), 1);
    page.dispatch(ConnectionMsg::Filter(Query::default()));
    assert_eq!(page.connection().rows().len(), 4);
    page.dispatch(ConnectionMsg::SendPayload(Payload::Binary(vec![1])));
    assert_eq!(page.connection().rows().len(), 5);
}

#[test]
fn stored_documents_are_restored_by_the_next_page() {
    let mut page = TestPage::open();
    page.dispatch(ConnectionMsg::AddressTyped("ws://a/".to_owned()));
    page.update(Msg::Rename(page.id, "first".to_owned()));
    page.update(Msg::Add);
    page.update(Msg::Show(page.id));
    page.update(Msg::Settings(Settings { theme: Theme::Dark, ..Settings::default() }));
    page.send("sent");
    let name = SavedName { folder: "f".to_owned(), name: "n".to_owned() };
    let draft = Draft { text: "kept".to_owned(), ..Draft::default() };
    page.update(Msg::Save(Saved { name, draft }));
    let mut next = TestPage::new();
    for document in Document::ALL {
        assert_eq!(next.workbench.restore(document, &page.workbench.document(document)), Ok(()));
    }
    assert_eq!(titles(&next), ["first", "localhost:12345/"]);
    assert_eq!(next.workbench.shown().setup(), page.connection().setup());
    assert_eq!(next.workbench.settings(), page.workbench.settings());
    assert_eq!(next.workbench.saved(), page.workbench.saved());
    assert_eq!(next.workbench.history(), page.workbench.history());
}

#[test]
fn broken_documents_leave_a_fresh_page_and_are_to_be_quarantined() {
    let mut page = TestPage::new();
    let unread = Document::ALL.into_iter().filter(|&document| {
        // Without its end.
        page.workbench.restore(document, "{\"connections\": 7").is_err()
    });
    assert_eq!(unread.collect::<Vec<_>>(), Document::ALL);
    assert_eq!(titles(&page), ["localhost:12345/"]);
    assert_eq!(page.workbench.settings(), &Settings::default());
}

#[test]
fn of_a_newer_document_everything_readable_is_restored_and_the_rest_is_reported() {
    let mut page = TestPage::new();
    let messages = r#"{"messages":[{"name":"a","format":"cbor","text":"1"},{"name":"b","text":"2"}]}"#;
    page.workbench.restore(Document::Saved, messages).unwrap_err();
    assert_eq!(
        page.workbench.problem(Subject::SavedMessages),
        Some(
            "stored data could not be read completely (message 1: \"cbor\" is not a format: use text, json, hex or \
             base64): a copy is in local storage as canyon.messages.unread"
        )
    );
    assert_eq!(page.workbench.saved().iter().map(|saved| saved.name.name.as_str()).collect::<Vec<_>>(), ["b"]);

    let sequences = r#"{"sequences":[{"name":"old","steps":[{"delay":1}]},{"name":"new","steps":[{"shout":1}]}]}"#;
    page.workbench.restore(Document::Sequences, sequences).unwrap_err();
    assert_eq!(page.workbench.sequences().iter().map(|known| known.name.as_str()).collect::<Vec<_>>(), ["old"]);
}

#[test]
fn a_document_of_another_tab_replaces_the_current_one() {
    let mut page = TestPage::new();
    page.update(Msg::ImportSaved(r#"{"messages":[{"name":"removed there","text":"1"}]}"#.to_owned()));
    page.workbench.restore(Document::Saved, r#"{"messages":[{"name":"added there","text":"2"}]}"#).unwrap();
    assert_eq!(
        page.workbench.saved().iter().map(|saved| saved.name.name.as_str()).collect::<Vec<_>>(),
        ["added there"]
    );
}

#[test]
fn a_document_that_another_tab_deleted_is_emptied_and_the_connections_stay() {
    let mut page = TestPage::open();
    page.send("secret");
    page.update(Msg::ImportSaved(r#"{"messages":[{"name":"a","text":"1"}]}"#.to_owned()));
    page.update(Msg::Settings(Settings { time_format: TimeFormat::SincePrevious, ..Settings::default() }));
    let revision = page.workbench.revision(Document::Saved);
    for document in Document::ALL {
        page.workbench.clear_document(document);
    }
    assert!(page.workbench.saved().is_empty());
    assert!(page.workbench.history().iter().next().is_none());
    assert_eq!(page.workbench.settings(), &Settings::default());
    assert_eq!(page.workbench.shown().id(), page.id);
    assert_eq!(page.workbench.revision(Document::Saved), revision + 1);
    page.workbench.clear_document(Document::Saved);
    assert_eq!(page.workbench.revision(Document::Saved), revision + 1, "it was empty already");
    page.update(Msg::Tick);
    assert_eq!(page.effects, [], "nothing of it is kept again");
}

#[test]
fn a_sequence_without_a_name_is_not_saved() {
    let mut page = TestPage::new();
    page.update(Msg::SaveSequence(Sequence::default()));
    assert_eq!(page.workbench.problem(Subject::Sequences), Some("a saved sequence needs a name"));
    assert!(page.workbench.sequences().is_empty());
}

#[test]
fn clearing_all_data_leaves_a_fresh_page() {
    let mut page = TestPage::open();
    page.send("secret");
    let old = page.id;
    page.update(Msg::Persisted(Err(StorageError::Full)));
    page.update(Msg::ClearAllData);
    assert_eq!(page.effects, [Effect::Release(old), Effect::ClearStorage]);
    assert_eq!(page.workbench.storage_error(), None);
    assert!(page.workbench.history().iter().next().is_none());
    assert_ne!(page.workbench.shown().id(), old);
    assert!(page.workbench.shown().log().is_empty());
}

#[test]
fn a_problem_with_saved_messages_is_shown_until_the_next_change() {
    let mut page = TestPage::new();
    page.update(Msg::ImportSaved("[]".to_owned()));
    assert_eq!(
        page.workbench.problem(Subject::SavedMessages),
        Some("this is not a file of saved messages: \"messages\" is missing")
    );
    page.update(Msg::ImportSaved(r#"{"messages":[{"name":"a","text":"1"}]}"#.to_owned()));
    assert_eq!((page.workbench.problem(Subject::SavedMessages), page.workbench.saved().len()), (None, 1));
}

#[test]
fn an_imported_log_can_be_looked_at_and_replayed_in_another_connection() {
    let mut page = TestPage::open();
    page.send("one");
    page.receives("answer");
    page.wait(250.0);
    page.send("two");
    let written = all_entries(&page.workbench, page.id, ExportScope::All);
    page.update(Msg::ImportLogs(logs("recorded", 1)));
    for (at, label, payload) in &written {
        page.workbench.load(0, &[Entry { seq: 0, at: *at, label: *label, content: payload.content(), cut: 0 }]);
    }
    let shown = page.workbench.shown();
    assert_eq!(shown.setup().title(), "recorded");
    assert_eq!(all_entries(&page.workbench, shown.id(), ExportScope::All), written);
    let offsets: Vec<_> = shown.sent_messages().iter().map(|message| message.offset).collect();
    assert_eq!(offsets, [0.0, 250.0]);
}

fn logs(name: &str, count: usize) -> ImportedLogs {
    ImportedLogs { name: name.to_owned(), urls: vec!["ws://a/".to_owned(); count], skipped: 0, first_skipped: None }
}

fn all_entries(workbench: &Workbench, id: ConnectionId, extent: ExportScope) -> Vec<(Time, Label, Payload)> {
    let mut entries = Vec::new();
    workbench.each_entry(id, extent, 0, &mut |entry| {
        entries.push((entry.at, entry.label, entry.content.to_payload()));
        ControlFlow::Continue(())
    });
    entries
}

#[test]
fn what_is_shown_can_be_exported_alone() {
    let mut page = TestPage::open();
    page.receives("needle 1");
    page.receives("hay");
    page.receives("needle 2");
    page.dispatch(ConnectionMsg::Filter(Query { typed: "needle".to_owned(), ..Query::default() }));
    page.dispatch(ConnectionMsg::Scan { bytes: 10_000 });
    let shown: Vec<_> =
        all_entries(&page.workbench, page.id, ExportScope::Shown).into_iter().map(|entry| entry.2).collect();
    assert_eq!(shown, [text("needle 1"), text("needle 2")]);
    let mut from_the_last = Vec::new();
    let last = page.connection().log().last_seq();
    page.workbench.each_entry(page.id, ExportScope::Shown, last, &mut |entry| {
        from_the_last.push(entry.seq);
        ControlFlow::Continue(())
    });
    assert_eq!(from_the_last, [last]);
}

#[test]
fn a_file_that_could_not_be_read_is_a_problem_until_it_is_dismissed() {
    let mut page = TestPage::open();
    page.update(Msg::FileFailed(Subject::Logs, "the file is empty".to_owned()));
    assert_eq!(page.workbench.problem(Subject::Logs), Some("the file is empty"));
    assert_eq!(page.workbench.connections().len(), 1);
    page.update(Msg::DismissProblem(Subject::Logs));
    assert_eq!(page.workbench.problem(Subject::Logs), None);
}

#[test]
fn a_link_opens_the_connection_that_it_carries_once() {
    let mut page = TestPage::new();
    let setup = Setup { address: "ws://a/".to_owned(), name: "shared".to_owned(), ..Setup::default() };
    let draft = Draft { text: "hello".to_owned(), ..Draft::default() };
    let link: Link = Link { setup, draft: Some(draft.clone()) }.to_string().parse().unwrap();
    page.update(Msg::Follow(link.clone()));
    page.update(Msg::Show(page.id));
    page.update(Msg::Follow(link));
    assert_eq!(titles(&page), ["localhost:12345/", "shared"]);
    assert_eq!(page.workbench.shown().draft(), &draft);
    assert_eq!(page.effects, [], "it connects only when the person says so");
}

#[test]
fn a_storage_error_is_shown_until_a_document_is_saved() {
    let mut page = TestPage::new();
    page.update(Msg::Persisted(Err(StorageError::Full)));
    assert_eq!(page.workbench.storage_error(), Some(StorageError::Full));
    page.update(Msg::Persisted(Ok(())));
    assert_eq!(page.workbench.storage_error(), None);
}

#[test]
fn a_file_with_more_connections_than_there_is_room_for_is_loaded_as_far_as_there_is() {
    let mut page = TestPage::new();
    page.update(Msg::ImportLogs(logs("forty.har", 40)));
    assert_eq!(page.workbench.connections().len(), 32);
    assert_eq!([1, 31].map(|index| titles(&page)[index].clone()), ["forty.har 1", "forty.har 31"]);
    assert_eq!(
        page.workbench.problem(Subject::Logs),
        Some("31 of the 40 connections in the file are loaded, because 32 connections are the limit")
    );
    let label = Label::message(Direction::Sent, Source::Person, Content::Text("x"));
    let entry = Entry { seq: 0, at: Time(0.0), label, content: Content::Text("x"), cut: 0 };
    [0, 30, 31].into_iter().for_each(|log| page.workbench.load(log, &[entry]));
    let loaded: Vec<_> = page.workbench.connections().iter().map(|connection| connection.log().len()).collect();
    assert_eq!((loaded[1], loaded[31], loaded.iter().sum()), (1, 1, 2));
    page.update(Msg::ImportLogs(logs("more.har", 40)));
    assert_eq!(
        page.workbench.problem(Subject::Logs),
        Some("no more than 32 connections can exist: close one to import a log")
    );
    page.workbench.load(0, &[entry]);
    assert_eq!(page.workbench.connections()[1].log().len(), 1, "the file before is not added to");
}

#[test]
fn entries_of_a_file_that_cannot_be_read_are_counted_and_the_first_is_explained() {
    let mut page = TestPage::new();
    let first_skipped = Some("line 2: \"time\" is missing".to_owned());
    page.update(Msg::ImportLogs(ImportedLogs { skipped: 2, first_skipped, ..logs("log", 1) }));
    assert_eq!(
        page.workbench.problem(Subject::Logs),
        Some("skipped entries: 2, the first: line 2: \"time\" is missing")
    );
}
