//! Is each reply the message that it answers? What went out is matched with what came back: equal bytes, same type, in
//! order, none missing, none twice.
//!
//! A message in flight takes constant memory, its hash and its size, however long it is. Loss, duplicates, reordering and
//! messages that the server sends by itself change no verdict about other messages.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher};

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

/// What the server's `/` puts before a text.
pub const PREFIX: &str = "Server received: ";

/// Hashes of messages whose verdict is known already, to recognise a second reply to them.
const REMEMBERED: usize = 4096;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Text,
    Binary,
}

/// What counts as an echo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// The message itself.
    Same,
    /// A text with [`PREFIX`] before it, as at `/`; a binary message itself.
    Prefixed,
}

/// A message that waits for its reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InFlight {
    /// Of the messages of this connection, from 0.
    pub number: u64,
    pub kind: Kind,
    /// In bytes.
    pub size: usize,
    /// When it was to be sent, in milliseconds.
    pub due: f64,
    /// When it was sent, in milliseconds.
    pub sent: f64,
    hash: u64,
}

/// About one received message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The echo of the oldest message in flight, or of one before which only lost ones were sent.
    Equal(InFlight),
    /// An echo that came after that of a later message.
    OutOfOrder(InFlight),
    /// Its bytes as a message of the other type.
    OtherType(InFlight),
    /// As long as the message that was due, and other bytes.
    Altered(InFlight),
    /// A message that has been answered before.
    Duplicate,
    /// The echo of a message that was given up.
    TooLate,
    /// It answers nothing that was sent.
    Unexpected,
}

/// The messages of one connection.
pub struct Matcher {
    expected: Expected,
    /// Those that no reply has passed yet.
    waiting: Queue,
    /// Those whose successors were answered: lost, or out of order.
    overtaken: Queue,
    judged: Judged,
}

impl Matcher {
    pub fn new(expected: Expected) -> Self {
        Self { expected, waiting: Queue::default(), overtaken: Queue::default(), judged: Judged::default() }
    }

    /// A message goes out that was due at one time and is sent at another, in milliseconds.
    pub fn sent(&mut self, number: u64, kind: Kind, bytes: &[u8], due: f64, sent: f64) {
        self.waiting.push(InFlight { number, kind, size: bytes.len(), due, sent, hash: hash(bytes) });
    }

    /// Messages without a reply.
    pub fn in_flight(&self) -> usize {
        self.waiting.messages.len() + self.overtaken.messages.len()
    }

    /// 1. The message that is due, or one behind it: those in between are overtaken.
    /// 2. One that was overtaken.
    /// 3. One whose verdict is known.
    /// 4. Whatever it is, if it has the size of the message that is due, it is that one, altered.
    pub fn received(&mut self, kind: Kind, bytes: &[u8]) -> Verdict {
        let bytes = self.content(kind, bytes);
        let hash = hash(bytes);
        if let Some(index) = self.waiting.find(hash) {
            let message = self.answered(index);
            return if message.kind == kind { Verdict::Equal(message) } else { Verdict::OtherType(message) };
        }
        if let Some(message) = self.overtaken.find(hash).and_then(|index| self.overtaken.take(index)) {
            self.judged.remember(hash, Fate::Answered);
            return if message.kind == kind { Verdict::OutOfOrder(message) } else { Verdict::OtherType(message) };
        }
        match self.judged.fates.get(&hash) {
            Some(Fate::Answered) => return Verdict::Duplicate,
            Some(Fate::GivenUp) => return Verdict::TooLate,
            None => {}
        }
        match self.waiting.messages.front() {
            Some(due) if due.size == bytes.len() && due.kind == kind => Verdict::Altered(self.answered(0)),
            _ => Verdict::Unexpected,
        }
    }

    /// The reply says by itself that it answers the message of this number, and differs from it.
    pub fn altered(&mut self, number: u64) -> Option<InFlight> {
        let position = |queue: &Queue| queue.messages.iter().position(|message| message.number == number);
        if let Some(index) = position(&self.waiting) {
            return Some(self.answered(index));
        }
        let message = position(&self.overtaken).and_then(|index| self.overtaken.take(index))?;
        self.judged.remember(message.hash, Fate::Answered);
        Some(message)
    }

    /// A message sent before that time that has no reply is given up. Call until there is none.
    pub fn give_up_one(&mut self, sent_before: f64) -> Option<InFlight> {
        let is_old = |queue: &Queue| queue.messages.front().is_some_and(|message| message.sent < sent_before);
        let queue = [&mut self.overtaken, &mut self.waiting].into_iter().find(|queue| is_old(queue))?;
        let message = queue.take(0)?;
        self.judged.remember(message.hash, Fate::GivenUp);
        Some(message)
    }

    /// What of a reply is the message.
    pub fn content<'a>(&self, kind: Kind, bytes: &'a [u8]) -> &'a [u8] {
        match (self.expected, kind) {
            (Expected::Prefixed, Kind::Text) => bytes.strip_prefix(PREFIX.as_bytes()).unwrap_or(bytes),
            _ => bytes,
        }
    }

    /// Takes the waiting message at that index, and marks those before it as overtaken.
    fn answered(&mut self, index: usize) -> InFlight {
        for _ in 0..index {
            if let Some(message) = self.waiting.take(0) {
                self.overtaken.push(message);
            }
        }
        let message = self.waiting.take(0).expect("the caller has found it there");
        self.judged.remember(message.hash, Fate::Answered);
        message
    }
}

/// Messages in the order in which they were sent.
#[derive(Default)]
struct Queue {
    messages: VecDeque<InFlight>,
    /// How many have each hash, so that a reply to none of them costs no search.
    hashes: HashMap<u64, u32, BuildHasherDefault<Unhashed>>,
}

impl Queue {
    fn push(&mut self, message: InFlight) {
        *self.hashes.entry(message.hash).or_default() += 1;
        self.messages.push_back(message);
    }

    fn find(&self, hash: u64) -> Option<usize> {
        self.hashes.contains_key(&hash).then(|| self.messages.iter().position(|message| message.hash == hash))?
    }

    fn take(&mut self, index: usize) -> Option<InFlight> {
        let message = self.messages.remove(index)?;
        if let Some(count) = self.hashes.get_mut(&message.hash) {
            *count -= 1;
            if *count == 0 {
                self.hashes.remove(&message.hash);
            }
        }
        Some(message)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    GivenUp,
}

/// The last messages that have a verdict.
#[derive(Default)]
struct Judged {
    fates: HashMap<u64, Fate, BuildHasherDefault<Unhashed>>,
    order: VecDeque<u64>,
}

impl Judged {
    fn remember(&mut self, hash: u64, fate: Fate) {
        if self.fates.insert(hash, fate).is_none() {
            self.order.push_back(hash);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.fates.remove(&oldest);
        }
    }
}

/// The keys are hashes already.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    hasher.write(bytes);
    // Without the size, foldhash takes a message and one with zeros behind it for the same.
    hasher.write_usize(bytes.len());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(expected: Expected, texts: &[&str]) -> Matcher {
        let mut matcher = Matcher::new(expected);
        for (number, text) in (0..).zip(texts) {
            matcher.sent(number, Kind::Text, text.as_bytes(), 0.0, number as f64);
        }
        matcher
    }

    /// The verdict's name and the number of the message.
    fn verdict(matcher: &mut Matcher, kind: Kind, reply: &str) -> (&'static str, Option<u64>) {
        match matcher.received(kind, reply.as_bytes()) {
            Verdict::Equal(of) => ("equal", Some(of.number)),
            Verdict::OutOfOrder(of) => ("out of order", Some(of.number)),
            Verdict::OtherType(of) => ("other type", Some(of.number)),
            Verdict::Altered(of) => ("altered", Some(of.number)),
            Verdict::Duplicate => ("duplicate", None),
            Verdict::TooLate => ("too late", None),
            Verdict::Unexpected => ("unexpected", None),
        }
    }

    fn verdicts(matcher: &mut Matcher, replies: &[&str]) -> Vec<(&'static str, Option<u64>)> {
        replies.iter().map(|reply| verdict(matcher, Kind::Text, reply)).collect()
    }

    #[test]
    fn echoes_in_order_are_equal() {
        let mut matcher = sent(Expected::Same, &["a", "b", ""]);
        let equal = [("equal", Some(0)), ("equal", Some(1)), ("equal", Some(2))];
        assert_eq!(verdicts(&mut matcher, &["a", "b", ""]), equal);
        assert_eq!(matcher.in_flight(), 0);
    }

    #[test]
    fn the_prefix_of_the_root_is_understood_for_texts_only() {
        let mut matcher = sent(Expected::Prefixed, &["a", "b"]);
        assert_eq!(verdict(&mut matcher, Kind::Text, "Server received: a"), ("equal", Some(0)));
        assert_eq!(verdict(&mut matcher, Kind::Binary, "Server received: b"), ("unexpected", None));
        let mut matcher = sent(Expected::Same, &["a"]);
        assert_eq!(verdict(&mut matcher, Kind::Text, "Server received: a"), ("unexpected", None));
    }

    #[test]
    fn a_loss_is_found_when_time_is_up_and_changes_no_other_verdict() {
        let mut matcher = sent(Expected::Same, &["a", "b", "c"]);
        assert_eq!(verdicts(&mut matcher, &["a", "c"]), [("equal", Some(0)), ("equal", Some(2))]);
        assert_eq!(matcher.give_up_one(1.0), None);
        assert_eq!(matcher.give_up_one(1.5).map(|lost| lost.number), Some(1));
        assert_eq!(matcher.give_up_one(9.0), None);
        assert_eq!(verdicts(&mut matcher, &["b"]), [("too late", None)]);
    }

    #[test]
    fn one_that_comes_after_a_later_one_is_out_of_order() {
        let mut matcher = sent(Expected::Same, &["a", "b", "c"]);
        let order = [("equal", Some(1)), ("out of order", Some(0)), ("equal", Some(2))];
        assert_eq!(verdicts(&mut matcher, &["b", "a", "c"]), order);
    }

    #[test]
    fn a_second_echo_is_a_duplicate_and_a_push_is_unexpected() {
        let mut matcher = sent(Expected::Same, &["a", "b"]);
        let replies = ["a", "a", "news of the server", "b"];
        let found = [("equal", Some(0)), ("duplicate", None), ("unexpected", None), ("equal", Some(1))];
        assert_eq!(verdicts(&mut matcher, &replies), found);
    }

    #[test]
    fn bytes_that_differ_and_another_type_are_named() {
        let mut matcher = sent(Expected::Same, &["abc", "def"]);
        assert_eq!(verdict(&mut matcher, Kind::Text, "abX"), ("altered", Some(0)));
        assert_eq!(verdict(&mut matcher, Kind::Binary, "def"), ("other type", Some(1)));
    }

    #[test]
    fn a_reply_that_names_its_message_is_an_alteration_of_it() {
        let mut matcher = sent(Expected::Same, &["0 abc", "1 def", "2 ghi"]);
        assert_eq!(verdict(&mut matcher, Kind::Text, "1 de"), ("unexpected", None));
        assert_eq!(matcher.altered(1).map(|of| of.number), Some(1));
        assert_eq!(matcher.altered(1), None);
        assert_eq!(verdicts(&mut matcher, &["2 ghi", "0 abc"]), [("equal", Some(2)), ("out of order", Some(0))]);
    }

    #[test]
    fn zeros_at_the_end_make_another_message() {
        let mut matcher = sent(Expected::Same, &["ab\0"]);
        assert_eq!(verdict(&mut matcher, Kind::Text, "ab"), ("unexpected", None));
    }

    proptest! {
        /// Whatever is lost, repeated, moved and pushed in between: each message has exactly one verdict, and what was not
        /// touched is equal or, where something passed it, out of order.
        #[test]
        fn every_message_gets_one_verdict(
            count in 1_usize..60,
            moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..20),
            lost in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            repeated in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            pushed in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
        ) {
            let texts: Vec<String> = (0..count).map(|number| format!("message {number}")).collect();
            let mut matcher = sent(Expected::Same, &texts.iter().map(String::as_str).collect::<Vec<_>>());
            let mut replies: Vec<String> = texts;
            for (from, to) in moves {
                let reply = replies.remove(from.index(count));
                replies.insert(to.index(count), reply);
            }
            let mut gone = 0;
            for index in lost {
                if replies.len() > 1 {
                    replies.remove(index.index(replies.len()));
                    gone += 1;
                }
            }
            let (mut twice, mut pushes) = (0, 0);
            for index in repeated {
                let reply = replies[index.index(replies.len())].clone();
                replies.push(reply);
                twice += 1;
            }
            for index in pushed {
                replies.insert(index.index(replies.len()), "pushed by the server".to_owned());
                pushes += 1;
            }
            let mut counts: HashMap<&str, usize> = HashMap::new();
            for reply in &replies {
                *counts.entry(verdict(&mut matcher, Kind::Text, reply).0).or_default() += 1;
            }
            let of = |name| counts.get(name).copied().unwrap_or_default();
            prop_assert_eq!(of("equal") + of("out of order"), count - gone);
            prop_assert_eq!(of("duplicate"), twice);
            prop_assert_eq!(of("unexpected"), pushes);
            let missing = std::iter::from_fn(|| matcher.give_up_one(f64::INFINITY)).count();
            prop_assert_eq!(missing, gone);
            prop_assert_eq!(matcher.in_flight(), 0);
        }
    }
}
