//! The log: what went over the connection and what became of it, in order, within limits. It never forgets silently:
//! what had to go is counted, and the totals stay exact.

use std::collections::VecDeque;
use std::fmt;

use crate::address::WsUrl;
use crate::ending::Ending;
use crate::model::Time;
use crate::payload::Payload;
use crate::state::Opened;

/// How much a log keeps. The newest entry is always kept, however large.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries at most.
    pub entries: usize,
    /// Bytes of payloads at most.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 100_000, bytes: 64 << 20 }
    }
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its number, counted from 1 since the page was opened: what tells entries apart, never the clock.
    pub seq: u64,
    /// When it happened.
    pub at: Time,
    /// What happened.
    pub body: Body,
}

/// What an entry tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// A message that the browser took for sending.
    Sent(Payload),
    /// A message that came.
    Received(Payload),
    /// Something else.
    Note(Note),
}

impl Body {
    /// The message, where it is one.
    pub fn payload(&self) -> Option<&Payload> {
        match self {
            Self::Sent(payload) | Self::Received(payload) => Some(payload),
            Self::Note(_) => None,
        }
    }

    fn size(&self) -> usize {
        self.payload().map_or(0, Payload::size)
    }
}

/// What happened besides messages; shown by its [`Display`](fmt::Display).
#[derive(Debug, Clone, PartialEq)]
pub enum Note {
    /// A handshake began.
    Connecting(WsUrl),
    /// The browser would not even begin, for the reason that it gave.
    NotConnected(String),
    /// The handshake was done.
    Opened(Opened),
    /// A message was not sent, because the connection had just gone.
    NotSent,
    /// The connection ended.
    Ended(Ending),
}

impl Note {
    /// Whether this is good news.
    pub fn tone(&self) -> Tone {
        match self {
            Self::Connecting(_) => Tone::Neutral,
            Self::Opened(_) => Tone::Good,
            Self::NotSent => Tone::Warning,
            Self::NotConnected(_) => Tone::Error,
            Self::Ended(ending) => ending.tone(),
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting(url) => write!(f, "Connecting to {url}"),
            Self::NotConnected(why) => write!(f, "Not connected: {why}"),
            Self::Opened(opened) => opened.fmt(f),
            Self::NotSent => f.write_str("Not sent: the connection had just gone"),
            Self::Ended(ending) => ending.fmt(f),
        }
    }
}

/// How news is meant; the words say it too, colour only repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Neither here nor there.
    Neutral,
    /// As wished.
    Good,
    /// Worth a look.
    Warning,
    /// It failed.
    Error,
}

/// Messages of one direction, counted since the log was cleared, those that are not kept any more included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages.
    pub messages: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
}

impl Tally {
    fn add(&mut self, payload: &Payload) {
        self.messages += 1;
        self.bytes += payload.size() as u64;
    }
}

/// The entries kept, oldest first, and the figures of all.
#[derive(Debug, Default)]
pub struct Log {
    limits: Limits,
    /// Numbered without gaps, so that an entry is found by its number without a search.
    entries: VecDeque<Entry>,
    /// Bytes of payloads in `entries`.
    bytes: usize,
    /// The number of the newest entry that there has been, 0 before the first.
    last_seq: u64,
    dropped: u64,
    sent: Tally,
    received: Tally,
}

impl Log {
    /// An empty log.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Adds an entry, and lets the oldest go where a limit asks for it.
    pub fn push(&mut self, at: Time, body: Body) {
        match &body {
            Body::Sent(payload) => self.sent.add(payload),
            Body::Received(payload) => self.received.add(payload),
            Body::Note(_) => {}
        }
        self.last_seq += 1;
        self.bytes += body.size();
        self.entries.push_back(Entry { seq: self.last_seq, at, body });
        while self.entries.len() > 1 && self.is_over_limit() {
            self.drop_oldest();
        }
    }

    /// Forgets all entries and starts the figures anew; numbers go on.
    pub fn clear(&mut self) {
        *self = Self { limits: self.limits, last_seq: self.last_seq, ..Self::default() };
    }

    /// How many entries are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of the oldest entry kept, or the one that the next will get.
    pub fn first_seq(&self) -> u64 {
        self.last_seq + 1 - self.entries.len() as u64
    }

    /// The number of the newest entry that there has been, 0 before the first.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The entry of that number, if it is still kept.
    pub fn entry(&self, seq: u64) -> Option<&Entry> {
        let index = seq.checked_sub(self.first_seq())?;
        self.entries.get(usize::try_from(index).ok()?)
    }

    /// Entries that had to go since the log was cleared.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// All messages sent.
    pub fn sent(&self) -> Tally {
        self.sent
    }

    /// All messages received.
    pub fn received(&self) -> Tally {
        self.received
    }

    fn is_over_limit(&self) -> bool {
        self.entries.len() > self.limits.entries || self.bytes > self.limits.bytes
    }

    fn drop_oldest(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        self.bytes -= entry.body.size();
        self.dropped += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Payload {
        Payload::Text(text.to_owned())
    }

    fn log_of(limits: Limits, texts: &[&str]) -> Log {
        let mut log = Log::new(limits);
        for received in texts {
            log.push(Time::default(), Body::Received(text(received)));
        }
        log
    }

    fn kept(log: &Log) -> Vec<u64> {
        (log.first_seq()..=log.last_seq()).filter(|&seq| log.entry(seq).is_some_and(|entry| entry.seq == seq)).collect()
    }

    #[test]
    fn entries_are_numbered_from_one_and_found_by_their_number() {
        let log = log_of(Limits::default(), &["a", "b"]);
        assert_eq!(kept(&log), [1, 2]);
        assert_eq!(log.entry(2).map(|entry| &entry.body), Some(&Body::Received(text("b"))));
        assert_eq!(log.entry(0), None);
        assert_eq!(log.entry(3), None);
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
    fn totals_stay_exact_when_entries_go() {
        let mut log = log_of(Limits { entries: 1, bytes: 100 }, &["a", "bé"]);
        log.push(Time::default(), Body::Sent(Payload::Binary(vec![0; 7])));
        log.push(Time::default(), Body::Note(Note::NotSent));
        assert_eq!(log.received(), Tally { messages: 2, bytes: 4 });
        assert_eq!(log.sent(), Tally { messages: 1, bytes: 7 });
        assert_eq!(log.dropped(), 3);
    }

    #[test]
    fn a_cleared_log_counts_anew_and_numbers_go_on() {
        let mut log = log_of(Limits { entries: 1, bytes: 100 }, &["a", "b"]);
        log.clear();
        assert!(log.is_empty());
        assert_eq!((log.dropped(), log.received()), (0, Tally::default()));
        assert_eq!((log.first_seq(), log.last_seq()), (3, 2));
        log.push(Time::default(), Body::Received(text("c")));
        assert_eq!(kept(&log), [3]);
    }
}
