use proptest::prelude::*;

use super::run::RunEvent;
use super::*;
use crate::composing::draft::Format;
use crate::data::time::Time;
use crate::matching::{MatchError, MatchId};
use crate::test_page::{check_regex, matches};

fn draft(text: &str) -> Draft {
    Draft { text: text.to_owned(), ..Draft::default() }
}

fn expect(text: &str) -> Step {
    Step::Expect { reply: Reply::Text(text.to_owned()), within: 1000 }
}

/// A run with what it sent.
struct Machine {
    run: Run,
    sent: Vec<String>,
}

impl Machine {
    fn new(rounds: u32, steps: Vec<Step>) -> Self {
        let sequence = Sequence { name: "login".to_owned(), rounds, steps };
        let run = Run::new(sequence, check_regex, Time(0.0)).unwrap();
        let mut machine = Self { run, sent: Vec::new() };
        machine.at(0.0, RunEvent::Tick);
        machine
    }

    /// Matches at once what is to be matched.
    fn at(&mut self, now: f64, event: RunEvent<'_>) {
        self.on(now, event);
        while let Some(request) = self.run.next_batch(MatchId(1)) {
            self.on(now, RunEvent::Matched(MatchId(1), Ok(matches(&request))));
        }
    }

    fn on(&mut self, now: f64, event: RunEvent<'_>) {
        self.run.on(Time(now), event, &mut |draft| match draft.text.as_str() {
            "broken" => Err("it is broken".to_owned()),
            text => {
                self.sent.push(text.to_owned());
                Ok(())
            }
        });
    }

    fn receives(&mut self, now: f64, text: &str) {
        self.at(now, RunEvent::Received(Content::Text(text)));
    }
}

#[test]
fn steps_go_on_as_replies_come_and_time_passes() {
    let mut machine =
        Machine::new(1, vec![Step::Send(draft("a")), expect("b"), Step::Delay(50), Step::Send(draft("c"))]);
    assert_eq!((machine.sent.len(), machine.run.due()), (1, Some(Time(1000.0))));
    machine.receives(10.0, "another one");
    machine.receives(20.0, "a b c");
    assert_eq!((machine.run.results().len(), machine.run.due()), (2, Some(Time(70.0))));
    machine.at(70.0, RunEvent::Tick);
    assert_eq!((machine.run.verdict(), machine.sent), (Verdict::Passed, vec!["a".to_owned(), "c".to_owned()]));
    assert_eq!(machine.run.summary(), "Sequence login passed in 70.0 ms");
    let took: Vec<_> = machine.run.results().iter().map(|result| result.took.as_millis()).collect();
    assert_eq!(took, [0, 20, 50, 0]);
}

#[test]
fn a_reply_that_does_not_come_in_time_fails_and_nothing_comes_after() {
    let mut machine = Machine::new(1, vec![expect("b"), Step::Send(draft("c"))]);
    machine.receives(10.0, "another one");
    machine.at(1000.0, RunEvent::Tick);
    machine.receives(1001.0, "b");
    assert_eq!((machine.run.verdict(), machine.run.due(), machine.sent.len()), (Verdict::Failed, None, 0));
    assert_eq!(
        machine.run.summary(),
        "Sequence login failed at step 1 after 1.00 s: no such reply within 1.00 s, 1 other message received"
    );
}

#[test]
fn a_reply_that_comes_too_late_is_no_reply_even_if_no_tick_came_first() {
    let mut machine = Machine::new(1, vec![expect("b")]);
    machine.receives(1500.0, "b");
    assert_eq!(machine.run.verdict(), Verdict::Failed);
}

#[test]
fn a_message_that_cannot_be_sent_fails() {
    let machine = Machine::new(1, vec![Step::Send(draft("broken"))]);
    assert_eq!(machine.run.summary(), "Sequence login failed at step 1 after 0.00 ms: it is broken");
}

#[test]
fn rounds_follow_one_another_and_leave_the_page_time() {
    let mut machine = Machine::new(3, vec![Step::Send(draft("a"))]);
    assert_eq!((machine.run.rounds(), machine.run.due()), (1, Some(Time(1.0))));
    machine.at(1.0, RunEvent::Tick);
    machine.at(2.0, RunEvent::Tick);
    assert_eq!((machine.run.verdict(), machine.sent.len()), (Verdict::Passed, 3));
    assert_eq!(machine.run.summary(), "Sequence login passed, 3 rounds in 2.0 ms");
}

#[test]
fn a_run_that_is_stopped_says_so() {
    let mut machine = Machine::new(1, vec![expect("b")]);
    machine.run.stop(Time(5.0));
    machine.receives(6.0, "b");
    assert_eq!(machine.run.summary(), "Sequence login stopped after 5.0 ms");
}

#[test]
fn a_reply_is_known_by_text_or_json() {
    let met = |reply: Reply, content: Content<'_>| Expectation::new(&reply, check_regex).unwrap().is_met(content);
    let json = |path: &str, equals: &str| Reply::Json { path: path.to_owned(), equals: equals.to_owned() };
    assert!(met(Reply::Text("ad be".to_owned()), Content::Binary(&[0xde, 0xad, 0xbe])));
    assert!(!met(Reply::Text("OK".to_owned()), Content::Text("ok")));
    assert!(met(json("$.a[0]", r#"{"x":"A","y":1}"#), Content::Text(r#"{"a":[{"y":1,"x":"\u0041"}]}"#)));
    assert!(met(json("$.a", ""), Content::Text(r#"{"a":null}"#)));
    assert!(!met(json("$.a", "1"), Content::Text(r#"{"a":2}"#)));
    assert!(!met(json("$.a", ""), Content::Text("no JSON")));
}

fn expect_regex(expression: &str) -> Step {
    Step::Expect { reply: Reply::Regex(expression.to_owned()), within: 1000 }
}

#[test]
fn a_reply_is_known_by_a_regular_expression_that_sees_binary_as_hex() {
    let mut machine = Machine::new(1, vec![expect_regex("^de"), Step::Send(draft("c")), expect_regex("^o")]);
    machine.receives(1.0, "another one");
    machine.at(2.0, RunEvent::Received(Content::Binary(&[0xde, 0xad])));
    assert_eq!((machine.run.results().len(), machine.sent.len()), (2, 1));
    machine.receives(3.0, "ok");
    assert_eq!(machine.run.verdict(), Verdict::Passed);
}

#[test]
fn a_reply_that_came_in_time_counts_however_long_it_takes_to_be_matched() {
    let mut machine = Machine::new(1, vec![expect_regex("^b"), expect("c"), Step::Delay(10), expect("d")]);
    for (now, text) in [(900.0, "a"), (990.0, "b"), (995.0, "c"), (1001.0, "not yet"), (1006.0, "d")] {
        machine.on(now, RunEvent::Received(Content::Text(text)));
    }
    let request = machine.run.next_batch(MatchId(7)).unwrap();
    assert_eq!(machine.run.next_batch(MatchId(8)), None, "one batch at a time");
    machine.on(2000.0, RunEvent::Tick);
    machine.on(2000.0, RunEvent::Matched(MatchId(6), Ok(vec![true])));
    assert_eq!((machine.run.verdict(), machine.run.due()), (Verdict::Running, None));
    assert_eq!(request.texts[..2], ["a", "b"]);
    machine.on(3000.0, RunEvent::Matched(MatchId(7), Ok(vec![false, true, false, false, false])));
    assert_eq!(machine.run.verdict(), Verdict::Passed, "{}", machine.run.summary());
}

#[test]
fn a_reply_that_came_too_late_is_no_reply_even_if_it_matches() {
    let mut machine = Machine::new(1, vec![expect_regex("^b")]);
    machine.on(10.0, RunEvent::Received(Content::Text("a")));
    machine.on(1500.0, RunEvent::Received(Content::Text("b")));
    let request = machine.run.next_batch(MatchId(1)).unwrap();
    machine.on(1600.0, RunEvent::Matched(MatchId(1), Ok(vec![false; request.texts.len()])));
    assert_eq!(machine.run.verdict(), Verdict::Failed);
    let mut machine = Machine::new(1, vec![expect_regex("^b")]);
    machine.receives(1500.0, "b");
    assert_eq!(machine.run.verdict(), Verdict::Failed);
}

#[test]
fn a_regular_expression_that_takes_too_long_fails_its_step() {
    let mut machine = Machine::new(1, vec![expect_regex("^b")]);
    machine.on(10.0, RunEvent::Received(Content::Text("a")));
    machine.run.next_batch(MatchId(1)).unwrap();
    machine.on(20.0, RunEvent::Matched(MatchId(1), Err(MatchError::TooSlow)));
    let why = "the regular expression takes more than 500 ms for a message, and was stopped";
    assert!(machine.run.summary().ends_with(why), "{}", machine.run.summary());
    assert_eq!((machine.run.verdict(), machine.run.next_batch(MatchId(2))), (Verdict::Failed, None));
}

#[test]
fn what_waits_for_a_regular_expression_is_bounded() {
    let mut machine = Machine::new(1, vec![expect_regex("^b")]);
    let text = "a".repeat(6 << 20);
    for _ in 0..3 {
        machine.on(1.0, RunEvent::Received(Content::Text(&text)));
    }
    assert_eq!(machine.run.verdict(), Verdict::Failed);
}

#[test]
fn a_sequence_that_cannot_run_names_the_step() {
    let error = |steps| {
        let sequence = Sequence { steps, ..Sequence::default() };
        Run::new(sequence, check_regex, Time(0.0)).unwrap_err()
    };
    let reply = |reply| Step::Expect { reply, within: 1 };
    let json = |path: &str, equals: &str| Reply::Json { path: path.to_owned(), equals: equals.to_owned() };
    assert_eq!(error(vec![]), "the sequence has no steps");
    assert_eq!(error(vec![Step::Delay(1); 1001]), "1001 steps are more than the limit of 1000");
    assert_eq!(error(vec![Step::Delay(1), reply(Reply::Regex("x".to_owned()))]), "step 2: no ^ in x");
    assert_eq!(error(vec![reply(json("a", ""))]), "step 1: path \"a\" does not begin with $");
    assert_eq!(
        error(vec![reply(json("$", "tru"))]),
        "step 1: \"tru\" is not valid JSON (line 1, column 1: \"tru\" is not a value; a string needs quotes)"
    );
}

#[test]
fn a_document_written_by_hand_may_leave_out_defaults() {
    let text = r#"{"sequences":[{"name":"a","steps":[
        {"send":{"text":"hi"}},
        {"expect":{"path":"$.ok","equals":"true"}},
        {"delay":10}
    ]}]}"#;
    let ok = Reply::Json { path: "$.ok".to_owned(), equals: "true".to_owned() };
    let steps = vec![Step::Send(draft("hi")), Step::Expect { reply: ok, within: 5000 }, Step::Delay(10)];
    assert_eq!(Sequence::from_json(text), Ok(vec![Sequence { name: "a".to_owned(), rounds: 1, steps }]));
}

#[test]
fn a_wrong_document_names_the_step() {
    let error =
        |step: &str| Sequence::from_json(&format!(r#"{{"sequences":[{{"name":"a","steps":[{step}]}}]}}"#)).unwrap_err();
    let place = r#"sequence "a", step 1: "#;
    assert_eq!(error("{}"), format!(r#"{place}it is neither "send" nor "expect" nor "delay""#));
    assert_eq!(error(r#"{"delay":-1}"#), format!("{place}delay -1 is not a number of milliseconds"));
    assert_eq!(error(r#"{"expect":{}}"#), format!(r#"{place}an expected reply needs "text", "regex" or "path""#));
    assert_eq!(Sequence::from_json("[]").unwrap_err(), r#"this is not a file of sequences: "sequences" is missing"#);
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4usize, any::<String>()).prop_map(|(format, text)| Step::Send(Draft {
            format: Format::ALL[format],
            text,
            ..Draft::default()
        })),
        (any::<String>(), any::<u32>()).prop_map(|(text, within)| Step::Expect { reply: Reply::Text(text), within }),
        (any::<String>(), any::<u32>()).prop_map(|(text, within)| Step::Expect { reply: Reply::Regex(text), within }),
        (any::<String>(), any::<String>(), any::<u32>())
            .prop_map(|(path, equals, within)| Step::Expect { reply: Reply::Json { path, equals }, within }),
        any::<u32>().prop_map(Step::Delay),
    ]
}

proptest! {
    #[test]
    fn a_document_is_read_back_the_same(
        sequences in proptest::collection::vec(
            (any::<String>(), any::<u32>(), proptest::collection::vec(any_step(), 0..6)),
            0..4,
        ),
    ) {
        let sequences: Vec<_> =
            sequences.into_iter().map(|(name, rounds, steps)| Sequence { name, rounds, steps }).collect();
        prop_assert_eq!(Sequence::from_json(&Sequence::to_json(&sequences)), Ok(sequences));
    }

    #[test]
    fn a_run_always_ends_and_never_sends_after_its_end(
        steps in proptest::collection::vec(
            prop_oneof![
                Just(Step::Send(draft("a"))),
                Just(Step::Send(draft("broken"))),
                Just(expect("b")),
                (0u32..100).prop_map(Step::Delay),
            ],
            1..6,
        ),
        rounds in 0u32..4,
        replies in proptest::collection::vec((0.0f64..2000.0, prop::bool::ANY), 0..10),
    ) {
        let mut machine = Machine::new(rounds, steps);
        let mut now = 0.0;
        for (gap, met) in replies {
            now += gap;
            machine.receives(now, if met { "b" } else { "x" });
        }
        while let Some(due) = machine.run.due() {
            prop_assert!(due.0 > now);
            now = due.0;
            machine.at(now, RunEvent::Tick);
        }
        let sent = machine.sent.len();
        machine.receives(now, "b");
        prop_assert_ne!(machine.run.verdict(), Verdict::Running);
        prop_assert_eq!(machine.sent.len(), sent);
    }
}
