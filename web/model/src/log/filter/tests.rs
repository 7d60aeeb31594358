use proptest::prelude::*;

use super::pattern::contains_ignoring_case;
use super::*;
use crate::data::payload::Content;
use crate::data::time::Time;
use crate::log::{Direction, Kind, Limits, Source, Tone};
use crate::matching::{MatchError, MatchId};
use crate::test_page::{check_regex, matches};

fn log() -> Log {
    let mut log = Log::default();
    log.push_note(Time::default(), Kind::Error, Tone::Warning, "Not sent: the connection had already closed");
    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text("Hello"));
    log.push_message(Time::default(), Direction::Received, Source::Person, Content::Text("server: hello"));
    log.push_message(Time::default(), Direction::Sent, Source::Automatic, Content::Text("ping"));
    log.push_message(Time::default(), Direction::Received, Source::Person, Content::Binary(&[0xde, 0xad, 0xbe]));
    log
}

fn plain(text: &str) -> Query {
    Query { typed: text.to_owned(), ..Query::default() }
}

fn hiding(facets: &[Facet]) -> Query {
    Query { hidden: facets.iter().fold(Facets::default(), |hidden, &facet| hidden.toggled(facet)), ..Query::default() }
}

fn shown(query: Query, log: &Log) -> Vec<u64> {
    let mut filter = Filter::new(query, check_regex);
    while filter.scan(log, 1) {
        match_batch(&mut filter, log);
    }
    seqs(filter.rows(log))
}

/// Matches the next batch, and returns how many entries it has.
fn match_batch(filter: &mut Filter, log: &Log) -> usize {
    let Some(request) = filter.next_batch(log, MatchId(1)) else { return 0 };
    assert!(filter.matched(MatchId(1), &Ok(matches(&request))));
    request.texts.len()
}

fn seqs(rows: Rows<'_>) -> Vec<u64> {
    (rows.first()..rows.end()).filter_map(|ordinal| rows.seq(ordinal)).collect()
}

#[test]
fn without_a_query_every_entry_is_a_row_and_its_number_the_ordinal() {
    let filter = Filter::default();
    let log = log();
    let rows = filter.rows(&log);
    assert_eq!((rows.first(), rows.end(), rows.len()), (1, 6, 5));
    assert_eq!((rows.seq(3), rows.seq(6), rows.ordinal(9)), (Some(3), None, 6));
}

#[test]
fn text_is_found_anywhere_in_either_case() {
    assert_eq!(shown(plain("hELLo"), &log()), [2, 3]);
    assert_eq!(shown(plain("already closed"), &log()), [1]);
}

#[test]
fn text_that_is_hex_is_found_in_binary_messages() {
    assert_eq!(shown(plain("ad be"), &log()), [5]);
    assert_eq!(shown(plain("adbf"), &log()), [0; 0]);
}

#[test]
fn a_regular_expression_sees_text_as_it_is_and_binary_as_hex() {
    assert_eq!(shown(plain("/^server/"), &log()), [3]);
    assert_eq!(shown(plain("/^de ad/"), &log()), [5]);
    assert_eq!(shown(plain("/^hello/i"), &log()), [2]);
    assert_eq!(shown(plain("/^hello"), &log()), [0; 0], "it has no end");
}

fn hint(typed: &str) -> Option<String> {
    Filter::new(plain(typed), check_regex).hint().map(str::to_owned)
}

#[test]
fn a_path_is_looked_for_as_it_stands() {
    let mut log = Log::default();
    for text in ["GET /users/list", "GET /users", "/img/s", "/v1/trades/", "s", "users"] {
        log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(text));
    }
    assert_eq!(shown(plain("/users/list"), &log), [1]);
    assert_eq!(shown(plain("/users"), &log), [1, 2]);
    assert_eq!(shown(plain("/v1/trades/"), &log), [4]);
    assert_eq!(shown(plain(r"\/img/s"), &log), [3]);
    for path in ["/users/list", "/", "//", "//x", "/users", "/v1/trades/", "/v1/trades/s", "/users/gg", r"\/img/s"] {
        assert_eq!(hint(path), None, "{path}");
    }
}

#[test]
fn a_regular_expression_is_said_to_be_one() {
    assert_eq!(hint("/^img/s").as_deref(), Some(r"regular expression; to search for the text, type \/^img/s"));
    assert_eq!(hint(r"/^a\/b[/]/").as_deref(), Some(r"regular expression; to search for the text, type \/^a\/b[/]/"));
    assert_eq!(
        hint("-/^a/").as_deref(),
        Some(r"excludes matches of a regular expression; to search for the text, type \/^a/")
    );
}

#[test]
fn words_with_a_minus_exclude_entries() {
    assert_eq!(shown(plain("-hello"), &log()), [1, 4, 5]);
    assert_eq!(shown(plain("e -HELLO"), &log()), [1]);
    assert_eq!(shown(plain("server: hello -ping -x"), &log()), [3]);
    assert_eq!(shown(plain("-adbe"), &log()), [1, 2, 3, 4], "binary messages as hex");
    assert_eq!(shown(plain("-/^server/"), &log()), [1, 2, 4, 5]);
    assert_eq!(hint("a -b -c").as_deref(), Some(r#"excludes "b", "c"; to search for the text, type \ before -"#));
    let mut log = Log::default();
    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text("-5 - 3"));
    assert_eq!(shown(plain(r"\-5 - 3"), &log), [1]);
    assert_eq!(shown(plain("5 - 3"), &log), [1], "a minus alone is text");
    assert_eq!(shown(plain("-"), &log), [1]);
}

#[test]
fn a_wrong_regular_expression_is_reported_and_hides_nothing() {
    let filter = Filter::new(plain("/x/"), check_regex);
    assert_eq!((filter.problem(), filter.is_on(), filter.query()), (Some("no ^ in x"), false, &plain("/x/")));
}

#[test]
fn what_was_looked_for_is_marked() {
    let marked = |typed: &str| format!("{:?}", Filter::new(plain(typed), check_regex).marked());
    assert_eq!(marked("Hello you -ping"), r#"Text("hello you")"#);
    assert_eq!(marked(r"\/img/s"), r#"Text("/img/s")"#);
    assert_eq!(marked("/^a/i"), r#"Regex(Regex { expression: "^a", flags: "i" })"#);
    for nothing in ["", "-/^a/", "-ping", "/x/"] {
        assert_eq!(marked(nothing), "Nothing");
    }
}

#[test]
fn facets_hide_entries_by_direction_kind_and_source() {
    assert_eq!(shown(hiding(&[Facet::Sent]), &log()), [1, 3, 5]);
    assert_eq!(shown(hiding(&[Facet::Automatic, Facet::Error]), &log()), [2, 3, 5]);
    assert_eq!(shown(hiding(&[Facet::Text]), &log()), [1, 5]);
    assert_eq!(shown(Query { typed: "e".to_owned(), ..hiding(&[Facet::Sent]) }, &log()), [1, 3]);
}

#[test]
fn every_facet_has_a_bit_of_its_own() {
    let all = Facet::ALL.into_iter().fold(Facets::default(), Facets::toggled);
    assert!(Facet::ALL.into_iter().all(|facet| all.contains(facet)));
    assert!(Facet::ALL.into_iter().fold(all, Facets::toggled).is_empty());
}

#[test]
fn a_scan_stops_when_its_budget_is_used_up_and_goes_on_later() {
    let log = log();
    let mut filter = Filter::new(plain("e"), check_regex);
    assert_eq!(filter.left(&log), 5);
    assert!(filter.scan(&log, 0), "one entry is looked at in any case");
    assert_eq!(filter.left(&log), 4);
    assert!(!filter.scan(&log, 10_000));
    assert_eq!((filter.left(&log), filter.rows(&log).len()), (0, 3));
}

#[test]
fn ordinals_stay_while_the_log_drops_and_adds_entries() {
    let mut log = Log::new(Limits { entries: 4, bytes: 1000 }, |bytes| Box::new(bytes));
    let mut filter = Filter::new(plain("a"), check_regex);
    let push = |log: &mut Log, text| {
        log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(text));
    };
    for text in ["a", "b", "a", "a"] {
        push(&mut log, text);
    }
    filter.scan(&log, 10_000);
    assert_eq!(filter.rows(&log).seq(1), Some(3));
    push(&mut log, "a");
    let rows = filter.rows(&log);
    assert_eq!((rows.first(), rows.end(), rows.seq(0), rows.seq(1)), (1, 3, None, Some(3)));
    filter.scan(&log, 10_000);
    let rows = filter.rows(&log);
    assert_eq!((rows.first(), rows.end(), rows.seq(1), rows.seq(3)), (1, 4, Some(3), Some(5)));
    assert_eq!((rows.ordinal(4), rows.ordinal(0), rows.ordinal(9)), (2, 1, 4));
    log.clear();
    assert!(filter.rows(&log).is_empty());
}

fn numbered(count: u32) -> Log {
    let mut log = Log::default();
    for number in 0..count {
        let text = format!("{}{number}", if number % 2 == 0 { "a" } else { "b" });
        log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(&text));
    }
    log
}

#[test]
fn a_regular_expression_is_matched_in_batches_from_the_newest_entry_on() {
    let mut log = numbered(10_000);
    let mut filter = Filter::new(plain("/^a/"), check_regex);
    let first = match_batch(&mut filter, &log);
    assert!((1000..5000).contains(&first) && filter.left(&log) == 10_000 - first as u64, "{first}");
    let rows = filter.rows(&log);
    let (newest, ordinal) = (rows.seq(rows.end() - 1), rows.ordinal(9_999));
    assert_eq!((rows.len(), newest, rows.seq(ordinal)), (first / 2, Some(9_999), Some(9_999)));
    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text("a, which is new"));
    while match_batch(&mut filter, &log) > 0 {}
    let rows = filter.rows(&log);
    assert_eq!((rows.len(), filter.left(&log)), (5001, 0));
    assert_eq!(rows.seq(ordinal), Some(9_999), "ordinals stay while older hits come");
    assert_eq!((rows.seq(rows.first()), rows.seq(rows.end() - 1)), (Some(1), Some(10_001)));
}

#[test]
fn a_regular_expression_that_takes_too_long_is_tried_on_fewer_entries_and_then_stopped() {
    let log = numbered(100);
    let mut filter = Filter::new(plain("/^a/"), check_regex);
    let mut sizes = Vec::new();
    while let Some(request) = filter.next_batch(&log, MatchId(1)) {
        assert!(filter.is_waiting() && filter.next_batch(&log, MatchId(2)).is_none(), "one batch at a time");
        assert!(!filter.matched(MatchId(2), &Ok(Vec::new())), "of another filter");
        sizes.push(request.texts.len());
        filter.matched(MatchId(1), &Err(MatchError::TooSlow));
    }
    assert_eq!(sizes, [100, 12, 1]);
    let problem = "the regular expression takes more than 500 ms for a message, and was stopped";
    assert_eq!((filter.problem(), filter.left(&log)), (Some(problem), 0));
    assert!(!filter.scan(&log, 1000));
}

#[test]
fn entries_that_are_hidden_anyway_are_not_matched() {
    let log = log();
    let mut filter = Filter::new(Query { typed: "/^/".to_owned(), ..hiding(&[Facet::Sent]) }, check_regex);
    let request = filter.next_batch(&log, MatchId(1)).unwrap();
    assert_eq!(request.texts, ["de ad be", "server: hello", "Not sent: the connection had already closed"]);
}

#[derive(Debug, Clone)]
enum Step {
    Push(String),
    Scan(usize),
    Clear,
}

proptest! {
    #[test]
    fn rows_are_always_the_matching_entries_kept_of_those_looked_at(
        steps in proptest::collection::vec(
            prop_oneof![
                6 => "[abc]{0,3}".prop_map(Step::Push),
                3 => (0usize..400).prop_map(Step::Scan),
                1 => Just(Step::Clear),
            ],
            0..100,
        ),
    ) {
        let mut log = Log::new(Limits { entries: 8, bytes: 1000 }, |bytes| Box::new(bytes));
        let mut filter = Filter::new(plain("a"), check_regex);
        for step in steps {
            match step {
                Step::Push(text) => {
                    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(&text));
                }
                Step::Scan(bytes) => {
                    filter.scan(&log, bytes);
                }
                Step::Clear => log.clear(),
            }
            let looked_at = log.last_seq() + 1 - filter.left(&log);
            let expected: Vec<_> = log
                .iter_from(0)
                .filter(|entry| entry.seq < looked_at && entry.content.preview().contains('a'))
                .map(|entry| entry.seq)
                .collect();
            let rows = filter.rows(&log);
            prop_assert_eq!(rows.len(), expected.len());
            for (ordinal, seq) in (rows.first()..).zip(expected) {
                prop_assert_eq!((rows.seq(ordinal), rows.ordinal(seq)), (Some(seq), ordinal));
            }
        }
    }

    #[test]
    fn a_needle_is_found_where_lower_case_text_contains_it(text in "[abAB]{0,12}", needle in "[ab]{0,3}") {
        prop_assert_eq!(
            contains_ignoring_case(text.as_bytes(), needle.as_bytes()),
            text.to_ascii_lowercase().contains(&needle)
        );
    }
}
