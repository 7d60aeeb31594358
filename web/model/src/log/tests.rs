use proptest::prelude::*;

use super::*;

fn log_of(limits: Limits, texts: &[&str]) -> Log {
    let mut log = Log::new(limits, |bytes| Box::new(bytes));
    for text in texts {
        receive(&mut log, text);
    }
    log
}

fn receive(log: &mut Log, text: &str) {
    log.push_message(Time::default(), Direction::Received, Source::Person, Content::Text(text));
}

fn kept(log: &Log) -> Vec<u64> {
    log.iter_from(0).map(|entry| entry.seq).collect()
}

#[test]
fn entries_are_numbered_from_one_and_found_by_their_number() {
    let log = log_of(Limits::default(), &["a", "b"]);
    assert_eq!(kept(&log), [1, 2]);
    assert_eq!(log.entry(2).map(|entry| entry.content), Some(Content::Text("b")));
    assert_eq!(log.entry(0), None);
    assert_eq!(log.entry(3), None);
}

#[test]
fn an_entry_tells_what_it_is() {
    let mut log = Log::default();
    log.push_message(Time(1.5), Direction::Sent, Source::Automatic, Content::Binary(&[0xff]));
    log.push_note(Time(2.5), Kind::Error, Tone::Warning, "Not sent: the connection had already closed");
    let message = log.entry(1).unwrap();
    assert_eq!((message.at, message.content), (Time(1.5), Content::Binary(&[0xff])));
    assert_eq!(
        message.label,
        Label { kind: Kind::Binary, direction: Some(Direction::Sent), source: Source::Automatic, tone: Tone::Neutral }
    );
    let note = log.entry(2).unwrap();
    assert_eq!(note.content, Content::Text("Not sent: the connection had already closed"));
    assert_eq!((note.label.kind, note.label.direction, note.label.tone), (Kind::Error, None, Tone::Warning));
}

#[test]
fn the_oldest_entry_goes_when_there_are_too_many() {
    let log = log_of(Limits { entries: 2, bytes: 100 }, &["a", "b", "c"]);
    assert_eq!(kept(&log), [2, 3]);
    assert_eq!(log.dropped(), 1);
}

#[test]
fn the_oldest_entries_go_when_the_bytes_are_too_many() {
    let log = log_of(Limits { entries: 100, bytes: 5 }, &["aa", "bb", "cccc"]);
    assert_eq!(kept(&log), [3]);
    assert_eq!(log.dropped(), 2);
}

#[test]
fn the_newest_entry_is_kept_however_large() {
    let log = log_of(Limits { entries: 100, bytes: 5 }, &["a", "larger than all"]);
    assert_eq!(kept(&log), [2]);
}

#[test]
fn smaller_limits_take_effect_at_once() {
    let mut log = log_of(Limits::default(), &["a", "b", "c"]);
    log.set_limits(Limits { entries: 1, bytes: 100 });
    assert_eq!(kept(&log), [3]);
    assert_eq!(log.dropped(), 2);
}

#[test]
fn totals_stay_exact_when_entries_go() {
    let mut log = log_of(Limits { entries: 1, bytes: 100 }, &["a", "bé"]);
    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Binary(&[0; 7]));
    log.push_note(Time::default(), Kind::Error, Tone::Warning, "Not sent: the connection had already closed");
    assert_eq!(log.received(), Tally { messages: 2, bytes: 4 });
    assert_eq!(log.sent(), Tally { messages: 1, bytes: 7 });
    assert_eq!(log.dropped(), 3);
}

#[test]
fn a_cleared_log_resets_its_totals_and_numbers_continue() {
    let mut log = log_of(Limits { entries: 1, bytes: 100 }, &["a", "b"]);
    log.clear();
    assert!(log.is_empty());
    assert_eq!((log.dropped(), log.received()), (0, Tally::default()));
    assert_eq!((log.first_seq(), log.last_seq()), (3, 2));
    receive(&mut log, "c");
    assert_eq!(kept(&log), [3]);
}

#[test]
fn a_pinned_entry_outlives_the_limits_and_a_clear_until_it_is_unpinned() {
    let mut log = log_of(Limits { entries: 2, bytes: 100 }, &["a", "b"]);
    log.pin(1).unwrap();
    receive(&mut log, "c");
    assert_eq!(kept(&log), [2, 3]);
    assert_eq!(log.entry(1).map(|entry| entry.content), Some(Content::Text("a")));
    log.clear();
    assert_eq!(log.pinned().map(|entry| entry.seq).collect::<Vec<_>>(), [1]);
    assert_eq!(log.bytes(), 1);
    log.unpin(1);
    assert_eq!(log.entry(1), None);
    assert_eq!(log.bytes(), 0);
}

#[test]
fn pins_are_limited_and_count_as_bytes() {
    let mut log = log_of(Limits { entries: 1000, bytes: 10 }, &["aaaa", "bbbb"]);
    log.pin(2).unwrap();
    assert_eq!(kept(&log), [2]);
    let mut log = log_of(Limits::default(), &["x"; Log::MAX_PINNED + 1]);
    for seq in 1..=100 {
        assert_eq!(log.pin(seq), Ok(()));
    }
    assert_eq!(log.pin(101), Err(PinError));
    assert_eq!(log.pin(100), Ok(()), "it is pinned already");
    assert_eq!(PinError.to_string(), "no more than 100 entries can be pinned");
}

/// A change of the log, and a model of it that keeps everything.
#[derive(Debug, Clone)]
enum Step {
    Text(String),
    Binary(usize),
    Clear,
    Limit(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        20 => ".{0,20}".prop_map(Step::Text),
        10 => (0usize..200_000).prop_map(Step::Binary),
        1 => Just(Step::Clear),
        2 => (1usize..50, 0usize..400_000).prop_map(|(entries, bytes)| Step::Limit(entries, bytes)),
    ];
    proptest::collection::vec(step, 0..80)
}

proptest! {
    #[test]
    fn the_newest_entries_that_fit_the_limits_are_kept(steps in steps()) {
        let mut limits = Limits { entries: 20, bytes: 300_000 };
        let mut log = Log::new(limits, |bytes| Box::new(bytes));
        let mut all: Vec<(u64, Vec<u8>)> = Vec::new();
        let mut seq = 0;
        for step in steps {
            match step {
                Step::Text(text) => {
                    receive(&mut log, &text);
                    seq += 1;
                    all.push((seq, text.into_bytes()));
                }
                Step::Binary(size) => {
                    let bytes = vec![seq as u8; size];
                    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Binary(&bytes));
                    seq += 1;
                    all.push((seq, bytes[..size.min((limits.bytes / 4).max(65_536))].to_vec()));
                }
                Step::Clear => {
                    log.clear();
                    all.clear();
                }
                Step::Limit(entries, bytes) => {
                    limits = Limits { entries, bytes };
                    log.set_limits(limits);
                }
            }
            let bytes = |kept: &[(u64, Vec<u8>)]| kept.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
            while all.len() > 1 && (all.len() > limits.entries || bytes(&all) > limits.bytes) {
                all.remove(0);
            }
            prop_assert_eq!(log.len(), all.len());
            prop_assert_eq!(log.bytes(), bytes(&all));
            prop_assert_eq!(log.last_seq(), seq);
            let listed: Vec<_> = log.iter_from(0).map(|entry| (entry.seq, entry.content.bytes().to_vec())).collect();
            prop_assert_eq!(&listed, &all);
            for (seq, bytes) in &all {
                let entry = log.entry(*seq).unwrap();
                prop_assert_eq!((entry.seq, entry.content.bytes()), (*seq, bytes.as_slice()));
            }
        }
    }
}

/// Counts the buffers that are kept.
#[derive(Debug)]
struct Counted {
    bytes: Vec<u8>,
    count: &'static std::sync::atomic::AtomicIsize,
}

impl KeptBytes for Counted {
    fn read(&self) -> Vec<u8> {
        self.bytes.clone()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.count.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn what_is_cleared_is_given_back_and_all_else_can_be_read() {
    use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
    static COUNT: AtomicIsize = AtomicIsize::new(0);
    let keep = |bytes| -> Box<dyn KeptBytes> {
        COUNT.fetch_add(1, Relaxed);
        Box::new(Counted { bytes, count: &COUNT })
    };
    let mut log = Log::new(Limits { entries: 1000, bytes: 10 << 20 }, keep);
    let text = |number: u32| number.to_string().repeat(10_000);
    for number in 0..100 {
        log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(&text(number)));
    }
    log.pin(7).unwrap();
    assert!(COUNT.load(Relaxed) > 10, "{COUNT:?}");
    for _ in 0..3 {
        for (entry, number) in log.iter_from(0).zip(0..) {
            assert_eq!(entry.content, Content::Text(&text(number)));
        }
        log.evict();
    }
    log.clear();
    assert_eq!(COUNT.load(Relaxed), 1, "the pinned one");
    assert_eq!(log.entry(7).map(|entry| entry.content), Some(Content::Text(&text(6))));
    assert_eq!(log.pinned_seqs().collect::<Vec<_>>(), [7]);
}

#[test]
fn a_message_takes_no_more_than_a_quarter_of_the_log() {
    let mut log = Log::new(Limits { entries: 100, bytes: 1 << 20 }, |bytes| Box::new(bytes));
    log.push_message(Time::default(), Direction::Sent, Source::Person, Content::Text(&"a".repeat(200 << 10)));
    let bomb = "€".repeat(1 << 20);
    log.push_cut_message(Time::default(), Direction::Received, Source::Person, Content::Text(&bomb), 1000);
    let cut = |log: &Log, seq| log.entry(seq).unwrap().cut;
    assert_eq!((log.len(), log.dropped(), cut(&log, 1)), (2, 0, 0));
    let kept = log.entry(2).unwrap().content.size();
    assert_eq!((kept, cut(&log, 2)), ((256 << 10) - 1, (3 << 20) + 1000 - kept as u64));
    assert_eq!(log.received().bytes, (3 << 20) + 1000, "the totals are those of the peer");
    log.pin(2).unwrap();
    log.clear();
    log.push_cut_message(Time::default(), Direction::Received, Source::Person, Content::Binary(&[1]), 7);
    assert_eq!((cut(&log, 2), cut(&log, 3)), ((3 << 20) + 1000 - kept as u64, 7));
    for _ in 0..1000 {
        log.push_cut_message(Time::default(), Direction::Received, Source::Person, Content::Binary(&[1]), 7);
    }
    assert!(log.cut.len() <= 2 * (log.len() + 1), "{}", log.cut.len());
    assert_eq!((cut(&log, 2), cut(&log, 1003)), ((3 << 20) + 1000 - kept as u64, 7));
}
